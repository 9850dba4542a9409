"""Answers who may see and act for a house in a span of time: its people, and staff by their posts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, or_, select, true

from engine.work import Work
from handlers.accounts.permissions import (
    LENT_BY_APPROVAL,
    NOT_BY_SUBSTITUTION,
    POST_PERMISSIONS,
    SHIFT_LEAD_POSTS,
    Post,
)
from handlers.accounts.records import account, account_post, account_shift, account_substitution
from handlers.estate.entry import house_row
from handlers.estate.queries import Acting, Period, who_might_act
from handlers.shared.permissions import Permission

_SEEING = frozenset({Permission.HOUSE_READ, Permission.OWNER_READ})
SEEING_POSTS = tuple(post for post in Post if POST_PERMISSIONS[post] & _SEEING)


@dataclass(frozen=True)
class Sight:
    """A member of staff who may see a house, and why.

    Attributes:
        begins_at, ends_at: of the right, not of the span that was asked for; no end where none is set.
    """

    account_id: int
    post: Post
    why: Literal["post", "substitute", "shift_lead"]
    begins_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class HouseAccess:
    """Who may see and act.

    Attributes:
        staff: None for who reads neither accounts nor the log of access there. Repair staff are not named:
            they see what they are sent to, as long as they are.
    """

    acting: tuple[Acting, ...]
    staff: tuple[Sight, ...] | None


def house_access(work: Work, house_id: int, during: Period) -> HouseAccess:
    """Tell who may see and act for a house at some time of a period, past or to come.

    Raises:
        RecordNotFound: there is no such house for this actor.
        NotPermitted: the actor reads neither houses nor owners there.
    """
    scope = house_row(work, house_id).community_id
    readers = (Permission.ACCOUNT_READ, Permission.ACCESS_LOG_READ)
    acting = tuple(who_might_act(work, house_id, during))
    if not any(work.may(permission, scope) for permission in readers):
        return HouseAccess(acting, None)
    sights = (sight for sight in _sights(work, scope, during) if _overlaps(sight, during))
    order = sorted(sights, key=lambda one: (one.post, one.begins_at, one.account_id))
    return HouseAccess(acting, tuple(order))


def _sights(work: Work, scope: int, during: Period) -> Iterator[Sight]:
    for row in work.connection.execute(_posts(scope, during)):
        end = _earlier(row.ended_at, row.disabled_at)
        post = Post(row.post)
        yield Sight(row.account_id, post, "post", row.granted_at, end)
        if post in NOT_BY_SUBSTITUTION:
            continue
        for stand_in in work.connection.execute(_substitutes(row.account_id, post, during)):
            begins = max(stand_in.starts_at, row.granted_at)
            ends = _earlier(_earlier(stand_in.ends_at, end), stand_in.disabled_at)
            yield Sight(stand_in.substitute_id, post, "substitute", begins, ends)
    for row in work.connection.execute(_lead_shifts(scope, during)):
        end = _earlier(row.ends_at, row.disabled_at)
        yield from (
            Sight(row.account_id, post, "shift_lead", row.starts_at, end)
            for post in SHIFT_LEAD_POSTS
            if post in SEEING_POSTS
        )


def _posts(scope: int, during: Period) -> Select[Any]:
    return (
        select(account_post, account.c.disabled_at)
        .join(account, account.c.id == account_post.c.account_id)
        .where(
            account_post.c.post.in_(SEEING_POSTS),
            or_(account_post.c.community_id.is_(None), account_post.c.community_id == scope),
            account_post.c.granted_at < during.ends_at,
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > during.begins_at),
        )
    )


def _substitutes(absent_id: int, post: Post, during: Period) -> Select[Any]:
    is_lent = account_substitution.c.decided_by.is_not(None) if post in LENT_BY_APPROVAL else true()
    return (
        select(account_substitution, account.c.disabled_at)
        .join(account, account.c.id == account_substitution.c.substitute_id)
        .where(
            account_substitution.c.absent_id == absent_id,
            account_substitution.c.starts_at < during.ends_at,
            account_substitution.c.ends_at > during.begins_at,
            ~account_substitution.c.is_waiting,
            is_lent,
        )
    )


def _lead_shifts(scope: int, during: Period) -> Select[Any]:
    return (
        select(account_shift, account.c.disabled_at)
        .join(account, account.c.id == account_shift.c.account_id)
        .where(
            account_shift.c.community_id == scope,
            account_shift.c.is_lead,
            account_shift.c.starts_at < during.ends_at,
            account_shift.c.ends_at > during.begins_at,
        )
    )


def _overlaps(sight: Sight, during: Period) -> bool:
    """Tell whether a right holds at some moment of a period."""
    if sight.begins_at >= during.ends_at:
        return False
    return sight.ends_at is None or sight.ends_at > max(during.begins_at, sight.begins_at)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)
