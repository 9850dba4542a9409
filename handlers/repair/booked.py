"""Knows which visits a repairer has agreed on, so that nobody is promised the same hour twice."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, or_, select

from engine.rights import name_of
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts.records import account
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.repair import crew, figures, visibility
from handlers.repair.fact_lines import window
from handlers.repair.orders import Order
from handlers.repair.records import OrderState, repair_order
from handlers.repair.rules import Span

_AT_IT = (OrderState.APPOINTED, OrderState.ARRIVED, OrderState.WORKING)


def visits(work: Work, worker_id: int, but: int) -> list[Row[Any]]:
    """Return the orders to which somebody goes at an agreed time, one because of a complaint as well.

    Args:
        but: id of the order for which a time is looked for.
    """
    is_repair = and_(repair_order.c.worker_id == worker_id, repair_order.c.state.in_(_AT_IT))
    is_again = repair_order.c.instance_id.in_(crew.repaired_again(worker_id))
    rows = work.connection.execute(
        select(repair_order)
        .where(or_(is_repair, is_again), repair_order.c.id != but, repair_order.c.window_to > work.now)
        .order_by(repair_order.c.window_from)
    )
    return list(rows)


def taken(work: Work, order: Order, worker_id: int) -> list[Span]:
    """Return when a visit to an order would overlap another of the same repairer."""
    return [_around(work, order, other) for other in visits(work, worker_id, order.id)]


def require_free(work: Work, order: Order, worker_id: int | None, visit_at: datetime) -> None:
    """Refuse an hour in which the repairer is expected elsewhere, while nobody else agrees on one.

    Raises:
        FieldsInvalid: they are; residents read nothing of others, staff when, and where if they may see it.
    """
    if worker_id is None:
        return
    lock(work, worker_id)
    for other in visits(work, worker_id, order.id):
        if _clashes(work, order, other, visit_at):
            raise FieldsInvalid({"visit_at": _clash(work, other)})


def require_able_to_come(work: Work, order: Order, worker_id: int) -> None:
    """Refuse to hand an agreed visit to a repairer who is expected elsewhere then.

    Where somebody was to come at once there is no hour to keep.

    Raises:
        RuleRefused: they are.
    """
    visit_at = _hour(work, order)
    if visit_at is None:
        return
    lock(work, worker_id)
    for other in visits(work, worker_id, order.id):
        if _clashes(work, order, other, visit_at):
            facts = {"who": name_of(work, worker_id), "window": window(work, other)}
            raise RuleRefused("expected_elsewhere", "{who} {window} 已有约，请先改约时间或另选一人", **facts)


def expected_elsewhere(work: Work, numbers: Collection[str]) -> dict[str, frozenset[int]]:
    """Return by the number of each of some orders who goes elsewhere at the hour that is agreed on for it."""
    wanted = repair_order.c.number.in_(numbers) & (repair_order.c.window_to > work.now)
    agreed = [
        (order, hour)
        for order in work.connection.execute(select(repair_order).where(wanted))
        if (hour := _hour(work, order)) is not None
    ]
    expected = _expected(work) if agreed else []
    return {
        order.number: frozenset(
            worker_id
            for worker_id, other in expected
            if other.id != order.id and _clashes(work, order, other, hour)
        )
        for order, hour in agreed
    }


def _expected(work: Work) -> list[tuple[int, Row[Any]]]:
    """Return every visit at an agreed time that is ahead, each with who goes there."""
    is_ahead = repair_order.c.window_to > work.now
    at_it = select(repair_order.c.worker_id.label("visitor_id"), repair_order).where(
        repair_order.c.state.in_(_AT_IT), repair_order.c.worker_id.is_not(None), is_ahead
    )
    again = (
        select(user_task.c.assignee_id.label("visitor_id"), repair_order)
        .join(user_task, user_task.c.instance_id == repair_order.c.instance_id)
        .where(crew.IS_AGAIN, user_task.c.assignee_id.is_not(None), is_ahead)
    )
    return [(row.visitor_id, row) for query in (at_it, again) for row in work.connection.execute(query)]


def _hour(work: Work, order: Order) -> datetime | None:
    """Return when a visit that is ahead is agreed on; None where somebody comes at once."""
    if order.window_to is None or order.window_to <= work.now:
        return None
    visit_at: datetime = order.window_to - figures.of(work, order).visit_window
    return visit_at if order.window_from < visit_at else None


def _clashes(work: Work, order: Order, other: Order, visit_at: datetime) -> bool:
    begin, end = _around(work, order, other)
    return begin < visit_at < end


def lock(work: Work, worker_id: int) -> None:
    """Let no other transaction agree on a visit of this repairer until this one ends."""
    query = select(account.c.id).where(account.c.id == worker_id)
    work.connection.execute(query.with_for_update(key_share=True))


def _clash(work: Work, other: Order) -> tuple[str, dict[str, Any]]:
    if work.actor.kind == "resident":
        return "这个时间已约满，请另选", {}
    facts = {"window": window(work, other)}
    if not visibility.sees(work, other):
        return "该师傅 {window} 已有约，请另选时间", facts
    return "该师傅 {window} 已约在{place}，请另选时间", facts | {"place": other.place}


def first_free(work: Work, order: Order, worker_id: int | None, since: datetime) -> datetime:
    """Return the first whole minute from a moment on at which a repairer is not expected elsewhere."""
    at = _whole_minute(since)
    for begin, end in taken(work, order, worker_id) if worker_id is not None else ():
        if begin < at < end:
            at = _whole_minute(end)
    return at


def _whole_minute(moment: datetime) -> datetime:
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + timedelta(minutes=1)


def _around(work: Work, order: Order, other: Order) -> Span:
    either_side = figures.of(work, order).visit_window
    return other.window_from - either_side, other.window_to + either_side
