"""Knows the repair staff: who is on shift, who is away, and how much each has in hand."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, union_all

from engine.ids import new_id
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.presence import present_at, stand_ins
from handlers.accounts.records import account, account_post
from handlers.accounts.workforce import in_force, skills_of
from handlers.repair import figures
from handlers.repair.orders import Order
from handlers.repair.ranking import Candidate, ranked
from handlers.repair.records import repair_assignment, repair_engagement, repair_event, repair_order

_Key = TypeVar("_Key", int, str)  # id or number of an order

_MOMENT = timedelta(microseconds=1)
# The step of a complaint in which somebody else repairs; its order stays the one of who was sent before.
IS_AGAIN = user_task.c.form_key == "repair_complaint_again"

# What is told of an order when somebody came to repair it again.
CAME_AGAIN = ("complaint_mended", "complaint_not_mended")


def candidates(work: Work, order: Order) -> list[Candidate]:
    """Return the repair staff of an order's community, able or not, busy or free.

    Whoever stands in for one of them is one of them, with their own skills, for the absent one's shift.
    """
    holders = _repairers(work, order.community_id)
    if not holders:
        return []
    away = stand_ins(work.connection, holders, work.now, work.now + _MOMENT)
    ids = sorted(holders | {one.substitute_id for stand_in in away.values() for one in stand_in})
    skills = skills_of(work.connection, ids)
    on_shift = {
        one.account_id
        for one in present_at(work.connection, order.community_id, work.now)
        if one.account_id in holders or one.instead_of in holders
    }
    load = open_orders(work.connection, ids)
    visits = _visits(work, ids, order)
    return [
        Candidate(
            worker_id,
            skills[worker_id],
            worker_id in on_shift,
            worker_id in away,
            load.get(worker_id, 0),
            visits.get(worker_id, 0),
        )
        for worker_id in ids
    ]


def proposals(work: Work, order: Order, not_again: Collection[int] = ()) -> list[Candidate]:
    """Rank who can be sent to an order now, the best first."""
    return ranked(candidates(work, order), order.skill or "", not_again)


def shift_leads(work: Work, community_id: int) -> list[int]:
    """Return who leads the present shift of a community."""
    there = present_at(work.connection, community_id, work.now)
    return list(dict.fromkeys(one.account_id for one in there if one.is_lead))


def open_orders(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Count the orders in each person's hands, and those that they repair again because of a complaint."""
    workers = list(ids)
    sent = select(repair_assignment.c.worker_id).where(
        repair_assignment.c.worker_id.in_(workers), repair_assignment.c.ended_at.is_(None)
    )
    again = select(user_task.c.assignee_id).where(IS_AGAIN, user_task.c.assignee_id.in_(workers))
    held = union_all(sent, again).subquery()
    return dict(connection.execute(select(held.c.worker_id, func.count()).group_by(held.c.worker_id)).all())


def repaired_again(worker_id: int) -> Select[int]:
    """Select the cases whose repair somebody does again because of a complaint."""
    return select(user_task.c.instance_id).where(IS_AGAIN, user_task.c.assignee_id == worker_id)


def past_workers(connection: Connection, order_id: int) -> dict[int, str | None]:
    """Return everybody who was sent to an order, with how that ended; None for who has it now."""
    rows = connection.execute(
        select(repair_assignment.c.worker_id, repair_assignment.c.end_kind)
        .where(repair_assignment.c.order_id == order_id)
        .order_by(repair_assignment.c.id)
    )
    return dict(rows.all())


def sent(connection: Connection, numbers: Collection[str]) -> dict[str, frozenset[int]]:
    """Return everybody who was sent to each of some orders, by its number."""
    rows = connection.execute(
        select(repair_order.c.number, repair_assignment.c.worker_id)
        .distinct()
        .join(repair_assignment, repair_assignment.c.order_id == repair_order.c.id)
        .where(repair_order.c.number.in_(numbers))
    )
    return _by_order(rows)


def came(connection: Connection, numbers: Collection[str]) -> dict[str, frozenset[int]]:
    """Return everybody who was sent to each of some orders, or came again because of a complaint about it."""
    again = connection.execute(
        select(repair_order.c.number, repair_event.c.actor_id)
        .distinct()
        .join(repair_event, repair_event.c.order_id == repair_order.c.id)
        .where(repair_order.c.number.in_(numbers), repair_event.c.kind.in_(CAME_AGAIN))
    )
    first, then = sent(connection, numbers), _by_order(again)
    return {one: first.get(one, frozenset()) | then.get(one, frozenset()) for one in {*first, *then}}


def came_to(connection: Connection, order: Order) -> frozenset[int]:
    """Return everybody who was sent to one order, or came again because of a complaint about it."""
    return came(connection, [order.number]).get(order.number, frozenset())


def sent_before_refusal(connection: Connection, order_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return who was sent to each of some orders before the owner last refused it, and not again since."""
    if not order_ids:
        return {}
    refused = (
        select(repair_event.c.order_id, func.max(repair_event.c.id).label("last"))
        .where(repair_event.c.order_id.in_(order_ids), repair_event.c.kind == "rejected")
        .group_by(repair_event.c.order_id)
        .subquery()
    )
    column = repair_assignment.c
    rows = connection.execute(
        select(column.order_id, column.worker_id)
        .join(refused, refused.c.order_id == column.order_id)
        .group_by(column.order_id, column.worker_id, refused.c.last)
        .having(func.max(column.id) < refused.c.last)  # ids grow with time
    )
    return _by_order(rows)


def _by_order(rows: Iterable[Row[_Key, int]]) -> dict[_Key, frozenset[int]]:
    found: dict[_Key, set[int]] = {}
    for order, worker_id in rows:
        found.setdefault(order, set()).add(worker_id)
    return {order: frozenset(workers) for order, workers in found.items()}


def repairers(connection: Connection, order_id: int) -> list[int]:
    """Return who did the repair: those who finished it, not who handed it on and never came."""
    column = repair_assignment.c
    done = (column.order_id == order_id) & (column.end_kind == "finished")
    return list(
        dict.fromkeys(connection.execute(select(column.worker_id).where(done).order_by(column.id)).scalars())
    )


def firms(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Return which outside firm has an order, or did it, of those that one was engaged for last."""
    column = repair_engagement.c
    of_orders = column.order_id.in_(list(ids)) & column.vendor_id.is_not(None)
    is_at_it = column.ended_at.is_(None) | column.finished_at.is_not(None)
    rows = connection.execute(
        select(column.order_id, column.vendor_id).where(of_orders, is_at_it).order_by(column.id)
    )
    return dict(rows.all())


def assign(work: Work, order: Order, worker_id: int, mode: str, key: str) -> None:
    """Put an order into somebody's hands and out of everybody else's; the same step assigns once."""
    known = work.connection.execute(
        select(repair_assignment.c.id).where(repair_assignment.c.key == key)
    ).first()
    if known is not None:
        return
    end(work, order.id, "replaced")
    work.connection.execute(
        repair_assignment.insert().values(
            id=new_id(),
            order_id=order.id,
            worker_id=worker_id,
            assigned_at=work.now,
            assigned_by=work.actor.id,
            mode=mode,
            key=key,
        )
    )


def sent_at(connection: Connection, order_id: int) -> datetime | None:
    """Return when somebody was sent last; whoever goes in their place has no more time than they had."""
    column = repair_assignment.c
    was_sent = (column.order_id == order_id) & column.mode.not_in(("substitute", "handed"))
    return connection.execute(
        select(column.assigned_at).where(was_sent).order_by(column.id.desc()).limit(1)
    ).scalar_one_or_none()


def assigned_by(connection: Connection, key: str) -> int | None:
    """Return whom a step assigned when it ran before."""
    return connection.execute(
        select(repair_assignment.c.worker_id).where(repair_assignment.c.key == key)
    ).scalar_one_or_none()


def taken(work: Work, order_id: int) -> None:
    """Note that who was sent is on it."""
    work.connection.execute(repair_assignment.update().where(_open(order_id)).values(taken_at=work.now))


def end(work: Work, order_id: int, end_kind: str) -> None:
    """Take an order out of whoever's hands it is in."""
    work.connection.execute(
        repair_assignment.update().where(_open(order_id)).values(ended_at=work.now, end_kind=end_kind)
    )


def _open(order_id: int) -> ColumnElement[bool]:
    return and_(repair_assignment.c.order_id == order_id, repair_assignment.c.ended_at.is_(None))


def _repairers(work: Work, community_id: int) -> set[int]:
    return set(
        work.connection.execute(
            select(account.c.id)
            .join(account_post, account_post.c.account_id == account.c.id)
            .where(
                account.c.state == "active",
                account_post.c.post == Post.RP,
                account_post.c.granted_at <= work.now,
                in_force(work, community_id),
            )
        ).scalars()
    )


def _visits(work: Work, ids: list[int], order: Order) -> dict[int, int]:
    if order.building_id is None:
        return {}
    rows = work.connection.execute(
        select(repair_assignment.c.worker_id, func.count())
        .join(repair_order, repair_order.c.id == repair_assignment.c.order_id)
        .where(
            repair_order.c.building_id == order.building_id,
            repair_assignment.c.worker_id.in_(ids),
            repair_assignment.c.end_kind == "finished",
            repair_assignment.c.ended_at > work.now - figures.of(work, order).familiar_within,
        )
        .group_by(repair_assignment.c.worker_id)
    )
    return dict(rows.all())
