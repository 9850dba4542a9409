"""Keeps the photos and videos of an order: of the report, of each visit, and of the complaint about it."""

from collections.abc import Iterable

from sqlalchemy import select

from engine.work import Work
from handlers.repair import complaints, orders, signing
from handlers.repair.orders import Order
from handlers.repair.records import repair_assignment, repair_order
from handlers.repair.visibility import visible
from handlers.shared import attachments
from handlers.shared.attachments import Attachment

_REPORT = "repair_order"
_VISIT = "repair_assignment"
_COMPLAINT = "repair_complaint"


def attach(work: Work, order: Order, ids: Iterable[int]) -> None:
    """Attach what the actor uploaded: to the visit or complaint that goes on, or else to the report."""
    if complaints.goes_on(work, order):
        attachments.attach(work, ids, _COMPLAINT, order.id, house_id=order.house_id)
        return
    visit_id = None
    if work.actor.kind != "resident":
        visit_id = work.connection.execute(
            select(repair_assignment.c.id).where(
                repair_assignment.c.order_id == order.id, repair_assignment.c.ended_at.is_(None)
            )
        ).scalar_one_or_none()
    owner = (_REPORT, order.id) if visit_id is None else (_VISIT, visit_id)
    attachments.attach(work, ids, *owner, house_id=order.house_id)


def of_order(work: Work, order: Order) -> list[Attachment]:
    """List what was photographed for an order, the report's first; the caller has asked who may see it.

    What was photographed for a complaint is only for those who may read what was written of it.
    """
    visits = work.connection.execute(
        select(repair_assignment.c.id)
        .where(repair_assignment.c.order_id == order.id)
        .order_by(repair_assignment.c.id)
    ).scalars()
    found = attachments.attachments_of(work, _REPORT, order.id)
    for visit_id in visits:
        found += attachments.attachments_of(work, _VISIT, visit_id)
    if complaints.may_read(work, order):
        found += attachments.attachments_of(work, _COMPLAINT, order.id)
    return found + signing.of_order(work, order)


def _may_see_order(work: Work, order_id: int) -> bool:
    return (
        work.connection.execute(
            select(repair_order.c.id).where(repair_order.c.id == order_id, visible(work))
        ).first()
        is not None
    )


def _may_see_visit(work: Work, visit_id: int) -> bool:
    order_id = work.connection.execute(
        select(repair_assignment.c.order_id).where(repair_assignment.c.id == visit_id)
    ).scalar_one_or_none()
    return order_id is not None and _may_see_order(work, order_id)


def _may_see_complaint(work: Work, order_id: int) -> bool:
    return _may_see_order(work, order_id) and complaints.may_read(
        work, orders.by_id(work.connection, order_id)
    )


# Who may see the photos of each kind of record; given to the store of attachments.
READERS = {
    _REPORT: _may_see_order,
    _VISIT: _may_see_visit,
    _COMPLAINT: _may_see_complaint,
    signing.KIND: signing.may_see,
}
