"""Who may see an order, and how much of it."""

from sqlalchemy import ColumnElement, and_, false, or_, select

from engine.work import Work
from handlers.repair import complaints, orders, places
from handlers.repair.orders import Order, OrderNotFound
from handlers.repair.records import Area, repair_assignment, repair_engagement, repair_order
from handlers.shared import limits
from handlers.shared.masks import mask_name, mask_phone
from handlers.shared.permissions import Permission
from handlers.shared.scopes import scopes_with


def visible(work: Work) -> ColumnElement[bool]:
    """Say in SQL which orders an actor may see.

    Residents see those of their houses since they live there, of a predecessor's only the common faults that
    are still open; staff of the desk and leads those of their communities; repair staff those they were sent
    to, until a day after the end, and those that they repair again because of a complaint.
    """
    if work.actor.kind == "resident":
        houses = places.own_houses(work)
        is_open_common = and_(repair_order.c.area == Area.COMMON, repair_order.c.closed_at.is_(None))
        return or_(
            false(),
            *(
                and_(
                    repair_order.c.house_id == house_id,
                    or_(repair_order.c.called_at >= since, is_open_common),
                )
                for house_id, since in houses.items()
            ),
        )
    scopes = scopes_with(work, Permission.CASE_READ)
    if scopes is None:
        return repair_order.c.id.is_not(None)
    return or_(repair_order.c.community_id.in_(scopes), in_own_hands(work), complaints.in_own_hands(work))


def in_own_hands(work: Work) -> ColumnElement[bool]:
    """Say in SQL which orders the actor was sent to and that are open, or closed for less than a day."""
    sent = select(repair_assignment.c.order_id).where(
        repair_assignment.c.worker_id == work.actor.id,
        or_(repair_assignment.c.ended_at.is_(None), repair_assignment.c.end_kind == "finished"),
    )
    engaged = select(repair_engagement.c.order_id).where(
        repair_engagement.c.vendor_id == work.actor.id, repair_engagement.c.ended_at.is_(None)
    )
    is_recent = or_(
        repair_order.c.closed_at.is_(None), repair_order.c.closed_at > work.now - limits.ADDRESS_SHOWN_FOR
    )
    return and_(repair_order.c.id.in_(sent.union(engaged)), is_recent)


def seen(work: Work, number: str) -> Order:
    """Return an order that the actor may see.

    Raises:
        OrderNotFound: there is none, or not for this actor.
    """
    row = work.connection.execute(
        select(repair_order).where(repair_order.c.number == number, visible(work))
    ).one_or_none()
    if row is None:
        raise OrderNotFound("order_not_found", "没有编号为 {number} 的报修单", number=number)
    return row


def sees(work: Work, order: Order) -> bool:
    """Tell whether the actor may see an order."""
    found = select(repair_order.c.id).where(repair_order.c.id == order.id, visible(work))
    return work.connection.execute(found).first() is not None


def is_sent(work: Work, order: Order) -> bool:
    """Tell whether the actor was sent to an order and still needs to know where and whom to call."""
    found = select(repair_order.c.id).where(repair_order.c.id == order.id, in_own_hands(work))
    return work.connection.execute(found).first() is not None


def contact(work: Work, order: Order) -> tuple[str, str]:
    """Return name and phone of who reported, as far as the actor may see them without asking why.

    Residents see what they gave; repair staff on the order see the surname, and the phone only through a
    reveal; everybody else sees both masked.
    """
    name, phone = orders.opened(work, order, "contact_name"), orders.opened(work, order, "contact_phone")
    if work.actor.kind == "resident" and order.reporter_account_id == work.actor.id:
        return name, phone
    return mask_name(name), mask_phone(phone)
