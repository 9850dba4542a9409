"""Knows the repair staff: who is on shift, who is away, and how much each has in hand."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.records import (
    account,
    account_post,
    account_shift,
    account_skill,
    account_substitution,
)
from handlers.repair.orders import Order
from handlers.repair.ranking import Candidate, ranked
from handlers.repair.records import repair_assignment, repair_order

_FAMILIAR_FOR = timedelta(days=180)


def candidates(work: Work, order: Order) -> list[Candidate]:
    """Return the repair staff of an order's community, able or not, busy or free."""
    ids = _repairers(work, order.community_id)
    if not ids:
        return []
    skills = _skills(work.connection, ids)
    on_shift = _on_shift(work, ids, order.community_id)
    away = _away(work, ids)
    load = open_orders(work.connection, ids)
    visits = _visits(work, ids, order)
    return [
        Candidate(
            worker_id,
            frozenset(skills[worker_id]),
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
    return list(
        work.connection.execute(
            select(account_shift.c.account_id)
            .join(account, account.c.id == account_shift.c.account_id)
            .where(
                account_shift.c.community_id == community_id,
                account_shift.c.is_lead,
                account_shift.c.starts_at <= work.now,
                account_shift.c.ends_at > work.now,
                account.c.state == "active",
            )
            .order_by(account_shift.c.id)
        ).scalars()
    )


def open_orders(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Count the orders in each person's hands."""
    rows = connection.execute(
        select(repair_assignment.c.worker_id, func.count())
        .where(repair_assignment.c.worker_id.in_(list(ids)), repair_assignment.c.ended_at.is_(None))
        .group_by(repair_assignment.c.worker_id)
    )
    return dict(rows.all())


def past_workers(connection: Connection, order_id: int) -> dict[int, str | None]:
    """Return everybody who was sent to an order, with how that ended; None for who has it now."""
    rows = connection.execute(
        select(repair_assignment.c.worker_id, repair_assignment.c.end_kind)
        .where(repair_assignment.c.order_id == order_id)
        .order_by(repair_assignment.c.id)
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


def _repairers(work: Work, community_id: int) -> list[int]:
    return list(
        work.connection.execute(
            select(account.c.id)
            .distinct()
            .join(account_post, account_post.c.account_id == account.c.id)
            .where(
                account.c.state == "active",
                account_post.c.post == Post.RP,
                or_(account_post.c.community_id.is_(None), account_post.c.community_id == community_id),
                account_post.c.granted_at <= work.now,
                or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
            )
            .order_by(account.c.id)
        ).scalars()
    )


def _skills(connection: Connection, ids: list[int]) -> dict[int, set[str]]:
    skills: dict[int, set[str]] = defaultdict(set)
    rows = connection.execute(
        select(account_skill.c.account_id, account_skill.c.skill).where(account_skill.c.account_id.in_(ids))
    )
    for worker_id, skill in rows:
        skills[worker_id].add(skill)
    return skills


def _on_shift(work: Work, ids: list[int], community_id: int) -> set[int]:
    return set(
        work.connection.execute(
            select(account_shift.c.account_id).where(
                account_shift.c.account_id.in_(ids),
                account_shift.c.community_id == community_id,
                account_shift.c.starts_at <= work.now,
                account_shift.c.ends_at > work.now,
            )
        ).scalars()
    )


def _away(work: Work, ids: list[int]) -> set[int]:
    return set(
        work.connection.execute(
            select(account_substitution.c.absent_id).where(
                account_substitution.c.absent_id.in_(ids),
                account_substitution.c.starts_at <= work.now,
                account_substitution.c.ends_at > work.now,
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
            repair_assignment.c.ended_at > work.now - _FAMILIAR_FOR,
        )
        .group_by(repair_assignment.c.worker_id)
    )
    return dict(rows.all())
