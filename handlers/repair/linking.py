"""Links a call to a common fault that is known already: one press instead of a form."""

from datetime import datetime

from sqlalchemy import select

from engine import instances
from engine.store.tables import user_task
from engine.work import Work
from handlers.errors import RuleRefused
from handlers.repair import catalogue, intake, orders, reporting
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Area, OrderState
from handlers.shared.permissions import Permission


def link_call(work: Work, number: str, known_number: str) -> None:
    """Enter a call as one more report of an open common fault; it is closed together with that one.

    Raises:
        RuleRefused: the call was entered, the other is no open common fault of the community, or nobody
            knows whom to tell when it is repaired.
    """
    order = orders.by_number(work.connection, number)
    known = orders.by_number(work.connection, known_number)
    work.require(Permission.REPAIR_DISPATCH, order.community_id)
    if order.state != OrderState.REGISTERING:
        raise RuleRefused("call_entered", "来电 {number} 已登记", number=number)
    is_open = known.area == Area.COMMON and known.state not in (*OVER, OrderState.MERGED)
    if not is_open or known.community_id != order.community_id:
        raise RuleRefused("not_the_same", "{number} 不是本小区在办的公共故障", number=known_number)
    phone = orders.opened(work, order, "contact_phone")
    if not phone:
        raise RuleRefused("no_number", "来电没有显示号码，请先登记联系电话，修好才能通知")
    callers = intake.by_phone(work, order.community_id, phone)
    fault = catalogue.fault(work, known.fault_code)
    late = _is_late(work, order)
    order = orders.change(
        work,
        order,
        area=known.area,
        building_id=known.building_id,
        house_id=callers[0].house_id if len({one.house_id for one in callers}) == 1 else None,
        place=known.place,
        fault_code=known.fault_code,
        urgency=known.urgency,
        entered_at=work.now,
        entered_by=work.actor.id,
        is_late_entry=late,
        parent_id=known.id,
        **reporting.described(work, order.id, fault.name if fault else known.place, "", phone),
    )
    orders.tell(work, order.id, "call_entered", {"late": late, "backdated": False})
    orders.tell(work, known.id, "merged_in", {"number": order.number})
    instances.describe(work, order.instance_id, reporting.subject_of(order, fault))
    reason = (
        f"与 {known.number} 为同一故障，合并处理",
        f"The same fault as {known.number}; dealt with together",
    )
    instances.cancel(work, order.instance_id, reason)


def _is_late(work: Work, order: Order) -> bool:
    """Tell whether the limit of entering the call has passed (policy E1)."""
    due_at: datetime | None = work.connection.execute(
        select(user_task.c.original_due_at).where(
            user_task.c.instance_id == order.instance_id, user_task.c.form_key == "repair_call"
        )
    ).scalar_one_or_none()
    return due_at is not None and work.now > due_at
