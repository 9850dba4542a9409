"""Brings several reports of one common fault together: one is repaired, the others end with it."""

from collections import defaultdict

from sqlalchemy import select

from engine import instances
from engine.work import Work
from handlers.errors import RecordConflict, RuleRefused
from handlers.repair import figures, orders, rules
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Area, OrderState, repair_order
from handlers.shared.permissions import Permission


def groups(work: Work, community_id: int) -> list[list[Order]]:
    """Return open common-area orders that may be one fault: same building, same kind, same time."""
    rows = work.connection.execute(
        select(repair_order)
        .where(
            repair_order.c.community_id == community_id,
            repair_order.c.area == Area.COMMON,
            repair_order.c.state.not_in((*OVER, OrderState.MERGED)),
            repair_order.c.building_id.is_not(None),
            repair_order.c.fault_code.is_not(None),
        )
        .order_by(repair_order.c.called_at)
    )
    within = figures.in_force(work).merge_within
    alike: dict[tuple[int, str], list[list[Order]]] = defaultdict(list)
    for row in rows:
        known = alike[row.building_id, row.fault_code]
        if known and rules.may_merge(row.area, row.called_at, known[-1][0].called_at, within):
            known[-1].append(row)
        else:
            known.append([row])
    return [group for known in alike.values() for group in known if len(group) > 1]


def merge(work: Work, parent_number: str, child_number: str) -> None:
    """Confirm that an order reports the same common fault as another: its own case ends, its owner is told.

    From now on it is closed together with the other.

    Raises:
        RuleRefused: they cannot be the same fault.
        RecordConflict: one of them is over, or merged already.
    """
    parent = orders.by_number(work.connection, parent_number)
    child = orders.by_number(work.connection, child_number)
    work.require(Permission.REPAIR_DISPATCH, parent.community_id)
    if any(one.state in (*OVER, OrderState.MERGED) for one in (parent, child)):
        raise RecordConflict("order_over", "其中一张报修单已结束或已合并，不能再合并")
    if not is_same_fault(work, parent, child):
        raise RuleRefused(
            "not_the_same",
            "只能合并同一栋楼、同一类型、{within}之内报修的公共故障",
            within=figures.of(work, parent).merge_within,
        )
    child = orders.change(work, child, parent_id=parent.id)
    orders.tell(work, parent.id, "merged_in", {"number": child.number})
    reason = (
        f"与 {parent.number} 为同一故障，合并处理",
        f"The same fault as {parent.number}; dealt with together",
    )
    instances.cancel(work, child.instance_id, reason)


def is_same_fault(work: Work, order: Order, other: Order) -> bool:
    """Tell whether two orders may report the same common fault."""
    return (
        order.id != other.id
        and order.building_id is not None
        and (order.building_id, order.fault_code) == (other.building_id, other.fault_code)
        and order.area == other.area
        and rules.may_merge(
            order.area, order.called_at, other.called_at, figures.of(work, order).merge_within
        )
    )
