"""Ends orders: closing with a reason, cancelling, and what was merged into one that ends."""

from sqlalchemy import select

from engine.service_tasks import Context, service_task
from engine.work import Work
from handlers.errors import ActionNotAllowed, RuleRefused
from handlers.repair import calls, catalogue, crew, notices, orders
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Area, OrderState, repair_order
from handlers.shared.permissions import Permission


def close(work: Work, order: Order, outcome: str, template: str) -> Order:
    """Close an order without a repair, and tell the owner why; closing again changes nothing."""
    if order.state in OVER:
        return order
    crew.end(work, order.id, "closed")
    calls.stop(work, order)
    orders.tell(work, order.id, "closed", {"outcome": outcome})
    order = orders.enter(work, order, OrderState.CLOSED, outcome=outcome, closed_at=work.now)
    notices.to_owner(work, order, template)
    close_merged(work, order, outcome)
    return order


def close_merged(work: Work, order: Order, outcome: str) -> None:
    """Close what was merged into an order that ends, and tell everybody who reported it."""
    for child in merged_into(work, order):
        orders.tell(work, child.id, "closed_with", {"number": order.number, "outcome": outcome})
        closed = orders.enter(work, child, OrderState.CLOSED, outcome=outcome, closed_at=work.now)
        notices.to_owner(work, closed, "repair_merged_closed")


def merged_into(work: Work, order: Order) -> list[Order]:
    """Return the open orders that were merged into another."""
    return list(
        work.connection.execute(
            select(repair_order)
            .where(repair_order.c.parent_id == order.id, repair_order.c.state == OrderState.MERGED)
            .order_by(repair_order.c.id)
        )
    )


@service_task("repair.cancel")
def cancel(context: Context, reason: str) -> None:
    """Cancel an order together with its case, or let it go on under the one it was merged into.

    Raises:
        ActionNotAllowed: urgent faults, common areas, complaints, and whatever somebody came for are
            cancelled by the lead of customer service only.
        RuleRefused: an urgent or common fault that nobody verified, or that others were merged into.
    """
    work, order = context.work, orders.of(context)
    if order.state in OVER and order.outcome == "complaint":
        _withdraw_complaint(work, order, reason)
        return
    if order.state in (*OVER, OrderState.MERGED):
        return
    if order.parent_id is not None:
        merged(work, order)
        return
    _require_may_cancel(work, order)
    worker_id = order.worker_id
    crew.end(work, order.id, "cancelled")
    calls.stop(work, order)
    orders.note(work, order.id, "cancelled", reason)
    order = orders.enter(
        work, order, OrderState.CANCELLED, outcome="cancelled", closed_at=work.now, worker_id=None
    )
    notices.to_owner(work, order, "repair_cancelled")
    if worker_id is not None:
        notices.to_accounts(work, order, [worker_id], "repair_called_back")


def _withdraw_complaint(work: Work, order: Order, reason: str) -> None:
    if not work.may(Permission.REPAIR_CANCEL, order.community_id):
        raise ActionNotAllowed("lead_cancels_complaint", "投诉只能由客服主管撤销")
    orders.note(work, order.id, "cancelled", reason)
    orders.tell(work, order.id, "complaint_withdrawn")
    if order.area == Area.PRIVATE:
        notices.to_owner(work, order, "repair_complaint_withdrawn")


def merged(work: Work, order: Order) -> Order:
    """Let an order wait for the one that it was merged into."""
    crew.end(work, order.id, "merged")
    calls.stop(work, order)
    parent = orders.by_id(work.connection, order.parent_id)
    orders.tell(work, order.id, "merged", {"of": parent.number})
    order = orders.enter(work, order, OrderState.MERGED)
    notices.to_worker(work, order, "repair_called_back")
    notices.to_owner(work, order, "repair_merged")
    return order


def _require_may_cancel(work: Work, order: Order) -> None:
    if merged_into(work, order):
        raise RuleRefused("others_merged", "已有报修合并到此单，不能取消")
    if order.fault_code is None:  # a call that was hung up before anything was entered
        return
    is_lead = work.may(Permission.REPAIR_CANCEL, order.community_id)
    is_urgent = catalogue.is_urgent(work, order.instance_id, order.urgency)
    if is_urgent or order.area == Area.COMMON:
        if not is_lead:
            raise ActionNotAllowed("lead_cancels", "紧急和公共部位的报修只能由客服主管取消")
        if order.verified_at is None:
            raise RuleRefused("not_verified", "紧急和公共部位的报修须先核实才能取消")
    elif order.arrived_at is not None and not is_lead:
        raise ActionNotAllowed("lead_cancels_after_arrival", "维修人员到场后，取消须由客服主管办理")
