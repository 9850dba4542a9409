"""Moves a visit that was agreed on: to a time the repairer has free, before anybody sets out."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine import deadlines, idempotency
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts.records import account_shift
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.repair import booked, catalogue, figures, notices, orders, rules, visibility
from handlers.repair.orders import Order
from handlers.repair.records import OrderState
from handlers.repair.rules import Span
from handlers.shared.permissions import Permission

_ARRIVE = "repair_arrive"  # form of the step whose limit follows the appointment


@dataclass(frozen=True, slots=True)
class Window:
    """A time to which a visit can be moved, with the hours that the owner is told."""

    at: datetime
    begin: datetime
    end: datetime


def windows(work: Work, number: str) -> list[Window]:
    """Return the times to which a visit can be moved; none where it cannot.

    Raises:
        OrderNotFound: there is no such order, or not for this actor.
    """
    order = visibility.seen(work, number)
    if not _is_movable(work, order) or not _may_move(work, order):
        return []
    either_side = figures.of(work, order).visit_window
    return [Window(at, at - either_side, at + either_side) for at in _times(work, order)]


def move(
    work: Work, number: str, visit_at: datetime, note: str = "", *, idempotency_key: str | None = None
) -> None:
    """Move a visit; the repairer is told, the limit of arriving follows.

    Raises:
        RuleRefused: somebody is on the way, the fault is urgent, or no visit was agreed on.
        FieldsInvalid: the time is not, or no longer, free.
    """
    order = visibility.seen(work, number)
    digest = idempotency.fingerprint(number, visit_at.isoformat(), note)
    if idempotency.recall(work, idempotency_key, "repair.move_visit", digest) is not None:
        return
    if not _may_move(work, order):
        work.require(Permission.REPAIR_DISPATCH, order.community_id)
    if not _is_movable(work, order):
        raise RuleRefused("visit_fixed", "现在不能改约，请打前台电话")
    booked.lock(work, order.worker_id)
    if visit_at not in _times(work, order):
        raise FieldsInvalid({"visit_at": ("这个时间已约满，请另选", {})})
    either_side = figures.of(work, order).visit_window
    window = visit_at - either_side, visit_at + either_side
    deadlines.agree(work, _arrive_task(work, order), window[1], "业主改约")
    orders.note(work, order.id, "rebooking", note)
    orders.tell(work, order.id, "visit_moved", {"visit_at": visit_at.isoformat()})
    order = orders.change(work, order, window_from=window[0], window_to=window[1], proposed_at=None)
    notices.to_worker(work, order, "repair_visit_moved", visit_at=visit_at.isoformat())
    notices.to_owner(
        work,
        order,
        "repair_appointed",
        worker_id=str(order.worker_id),
        window_from=window[0].isoformat(),
        window_to=window[1].isoformat(),
    )
    idempotency.remember(work, idempotency_key, {"number": number})


def _may_move(work: Work, order: Order) -> bool:
    if work.actor.kind == "resident":
        return order.house_id is not None and work.may(Permission.REPAIR_SUBMIT, order.house_id)
    return work.may(Permission.REPAIR_DISPATCH, order.community_id)


def _is_movable(work: Work, order: Order) -> bool:
    """Tell whether a visit was agreed on that is neither urgent nor about to begin."""
    return (
        order.state == OrderState.APPOINTED
        and order.worker_id is not None
        and order.window_from is not None
        and not catalogue.is_urgent(work, order.instance_id, order.urgency)
        and order.window_from - work.now >= figures.booking(work).move_before
    )


def _times(work: Work, order: Order) -> list[datetime]:
    booking = figures.booking(work)
    within = work.now + booking.after, work.now + booking.within
    found = rules.visit_times(
        within,
        work.engine.zone,
        booked.taken(work, order, order.worker_id),
        _shifts(work, order.worker_id, within[1]),
    )
    return [at for at in found if not order.window_from <= at <= order.window_to]


def _shifts(work: Work, worker_id: int, until: datetime) -> list[Span]:
    rows = work.connection.execute(
        select(account_shift.c.starts_at, account_shift.c.ends_at).where(
            account_shift.c.account_id == worker_id,
            account_shift.c.ends_at > work.now,
            account_shift.c.starts_at < until,
        )
    )
    return [(row.starts_at, row.ends_at) for row in rows]


def _arrive_task(work: Work, order: Order) -> int:
    found: int | None = work.connection.execute(
        select(user_task.c.id).where(
            user_task.c.instance_id == order.instance_id,
            user_task.c.assignee_id == order.worker_id,
            user_task.c.form_key == _ARRIVE,
        )
    ).scalar_one_or_none()
    if found is None:
        raise RuleRefused("visit_fixed", "现在不能改约，请打前台电话")
    return found
