"""What the owner says of the repair, who asks when they say nothing, and the return visit."""

from hashlib import sha256

from sqlalchemy import select

from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.repair import crew, figures, media, notices, orders, rules
from handlers.repair.closing import close_merged
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Channel, OrderState, repair_event
from handlers.shared.answers import Answers

_SATISFIED = "satisfied"


@completion("repair.confirm")
def confirm(context: Context, answers: dict[str, Json]) -> None:
    """Take the owner's word and marks, or their rejection."""
    order = orders.of(context)
    crew_ids = crew.past_workers(context.connection, order.id)
    rules.require_other_person(context.actor.id, crew_ids)
    _judged(context.work, order, Answers(answers), "owner")


@completion("repair.rate")
def rate(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take the marks of an owner who signed on the spot, or their word that it is not repaired after all.

    Returns:
        {"signed"}: false once the owner says so; the signature stays as evidence and confirms nothing.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    rules.require_other_person(context.actor.id, crew.past_workers(context.connection, order.id))
    media.attach(work, order, given.ids("photos"))
    is_content = given.outcome == _SATISFIED
    if is_content:
        orders.tell(work, order.id, "rated")
        orders.change(work, order, **_marks(work, order, given))
    else:
        order = orders.change(work, order, outcome=None, confirmed_at=None, confirmed_by=None)
        _rejected(work, order, given, "owner")
    return {"signed": is_content}


@completion("repair.record_confirmation")
def record_confirmation(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Record by phone what the owner said (电话代录), or that nobody picked up.

    Returns:
        {"phone_outcome"}: apart from the owner's own answer, which may come at the same time.
    Raises:
        RuleRefused: somebody who worked on the order asks.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    rules.require_other_person(context.actor.id, crew.past_workers(context.connection, order.id))
    if given.outcome == "unreachable":
        orders.tell(work, order.id, "call_failed")
    else:
        order = orders.change(work, order, is_recorded_by_phone=True)
        _judged(work, order, given, "phone")
    return {"phone_outcome": given.outcome}


@completion("repair.inspect")
def inspect(context: Context, answers: dict[str, Json]) -> None:
    """Let the engineering lead accept the repair of a common area in the owners' place."""
    order = orders.of(context)
    rules.require_other_person(context.actor.id, crew.past_workers(context.connection, order.id))
    _judged(context.work, order, Answers(answers), "lead")


def _judged(work: Work, order: Order, given: Answers, confirmed_by: str) -> None:
    media.attach(work, order, given.ids("photos"))
    if given.outcome != _SATISFIED:
        _rejected(work, order, given, confirmed_by)
        return
    orders.tell(work, order.id, "confirmed", {"by": confirmed_by})
    orders.enter(
        work,
        order,
        OrderState.CONFIRMED,
        outcome="repaired",
        confirmed_at=work.now,
        confirmed_by=confirmed_by,
        **_marks(work, order, given),
    )


def _marks(work: Work, order: Order, given: Answers) -> dict[str, object]:
    return {
        "rating_speed": given.count("speed"),
        "rating_quality": given.count("quality"),
        "rating_attitude": given.count("attitude"),
        "rating_text": orders.sealed(work, order.id, "rating_text", given.text("comment")),
    }


def _rejected(work: Work, order: Order, given: Answers, by: str) -> None:
    rejections = order.rework_count + 1
    orders.note(work, order.id, "problem", given.text("problem"))
    orders.tell(work, order.id, "rejected", {"count": rejections, "by": by})
    again: dict[str, object] = {"rework_count": rejections, "window_from": None, "window_to": None}
    order = orders.enter(work, order, OrderState.REWORK, **again)
    notices.to_owner(work, order, "repair_rework")
    notices.to_post(work, order, Post.RPL, "repair_rejected", count=rejections)


@service_task("repair.settle")
def settle(context: Context) -> dict[str, Json]:
    """End the repair in the books, and say what decides on a return visit.

    Nobody's silence counts before somebody tried to reach them: without an answer and without a failed call
    the order stays unconfirmed.

    Returns:
        confirmation (owner, phone, lead, signed, auto or none), low_rating, rejections, reachable (somebody
        to call), and lot (0 to 99): the draw of the sample, the same for an order each time.
    """
    work, order = context.work, orders.of(context)
    if order.confirmed_by is None and _was_called_in_vain(work, order):
        orders.tell(work, order.id, "auto_confirmed", key=context.key)
        order = orders.enter(
            work,
            order,
            OrderState.CONFIRMED,
            outcome="repaired",
            confirmed_at=work.now,
            confirmed_by="auto",
            is_auto_confirmed=True,
        )
        notices.to_owner(work, order, "repair_auto_confirmed")
    if order.confirmed_by is not None and order.state not in OVER:
        order = orders.enter(work, order, OrderState.CLOSED, closed_at=work.now)
        close_merged(work, order, "repaired")
    marks = (order.rating_speed, order.rating_quality, order.rating_attitude)
    bad_mark = figures.of(work, order).bad_mark
    return {
        "confirmation": order.confirmed_by or "none",
        "low_rating": any(mark is not None and mark <= bad_mark for mark in marks),
        "rejections": order.rework_count,
        "lot": lot(order.number),
        "reachable": order.house_id is not None or order.channel == Channel.PHONE,
    }


def lot(number: str) -> int:
    """Draw from 0 to 99 for an order, the same every time and evenly over all orders."""
    return int.from_bytes(sha256(number.encode()).digest()[:4], "big") % 100


def _was_called_in_vain(work: Work, order: Order) -> bool:
    return (
        work.connection.execute(
            select(repair_event.c.id)
            .where(
                repair_event.c.order_id == order.id,
                repair_event.c.kind == "call_failed",
                repair_event.c.at >= order.finished_at,
            )
            .limit(1)
        ).first()
        is not None
    )


@completion("repair.record_return_visit")
def record_return_visit(context: Context, answers: dict[str, Json]) -> None:
    """Note how content the owner is some days later.

    Raises:
        RuleRefused: somebody who worked on the order asks.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    rules.require_other_person(context.actor.id, crew.past_workers(context.connection, order.id))
    orders.note(work, order.id, "return_visit", given.text("comment"))
    orders.tell(work, order.id, "return_visited", {"grade": given.outcome})
    if given.outcome != "unreachable":
        order = orders.change(
            work,
            order,
            return_visit_grade=given.outcome.upper(),
            return_visit_by=context.actor.id,
            return_visit_at=work.now,
        )
    if order.confirmed_by is None and given.outcome != "c":
        _settled_by_visit(work, order, "auto" if given.outcome == "unreachable" else "phone")


def _settled_by_visit(work: Work, order: Order, confirmed_by: str) -> None:
    """Confirm what nobody had answered before: by what was said now, or after a call in vain."""
    is_auto = confirmed_by == "auto"
    orders.tell(work, order.id, "auto_confirmed" if is_auto else "confirmed", {"by": confirmed_by})
    order = orders.enter(
        work,
        order,
        OrderState.CLOSED,
        outcome="repaired",
        confirmed_at=work.now,
        confirmed_by=confirmed_by,
        is_auto_confirmed=is_auto,
        is_recorded_by_phone=not is_auto,
        closed_at=work.now,
    )
    close_merged(work, order, "repaired")
