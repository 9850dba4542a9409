"""Knows who is really there: shifts, with whoever stands in for their holder in the holder's place."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, select

from handlers.accounts.records import account, account_shift, account_substitution

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlannedSpan:
    """A shift as the roster has it."""

    shift_id: int
    account_id: int
    starts_at: datetime
    ends_at: datetime
    is_lead: bool


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody who stands in; of two at the same time the later one named counts."""

    id: int
    substitute_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody who works from one moment until another.

    Attributes:
        instead_of: the absent person whose shift this is, or None.
    """

    shift_id: int
    account_id: int
    instead_of: int | None
    starts_at: datetime
    ends_at: datetime
    is_lead: bool


def who_is_there(shifts: Iterable[PlannedSpan], stand_ins: Mapping[int, Sequence[StandIn]]) -> list[Presence]:
    """Put substitutes into the shifts of those who are away.

    Args:
        stand_ins: of each account that is away at some time.
    """
    there = []
    for shift in shifts:
        touching = [
            one
            for one in stand_ins.get(shift.account_id, ())
            if one.starts_at < shift.ends_at and one.ends_at > shift.starts_at
        ]
        moments = {shift.starts_at, shift.ends_at}
        moments |= {at for one in touching for at in (one.starts_at, one.ends_at)}
        ends = sorted(at for at in moments if shift.starts_at <= at <= shift.ends_at)
        for begin, end in pairwise(ends):
            there.append(_piece(shift, touching, begin, end))
    return there


def _piece(shift: PlannedSpan, touching: Iterable[StandIn], begin: datetime, end: datetime) -> Presence:
    now = [one for one in touching if one.starts_at <= begin and one.ends_at >= end]
    if not now:
        return Presence(shift.shift_id, shift.account_id, None, begin, end, shift.is_lead)
    newest = max(now, key=lambda one: one.id)
    return Presence(shift.shift_id, newest.substitute_id, shift.account_id, begin, end, shift.is_lead)


def presences(connection: Connection, community_id: int, since: datetime, until: datetime) -> list[Presence]:
    """Return who works in a community within a span of time; for those who have asked who may know."""
    rows = connection.execute(
        select(account_shift)
        .join(account, account.c.id == account_shift.c.account_id)
        .where(
            account.c.state == "active",
            account_shift.c.community_id == community_id,
            account_shift.c.starts_at < until,
            account_shift.c.ends_at > since,
        )
        .order_by(account_shift.c.starts_at, account_shift.c.id)
    ).all()
    shifts = [
        PlannedSpan(row.id, row.account_id, max(row.starts_at, since), min(row.ends_at, until), row.is_lead)
        for row in rows
    ]
    absent = {shift.account_id for shift in shifts}
    return who_is_there(shifts, stand_ins(connection, absent, since, until))


def present_at(connection: Connection, community_id: int, moment: datetime) -> list[Presence]:
    """Return who works in a community at a moment."""
    return presences(connection, community_id, moment, moment + _MOMENT)


def stand_ins(
    connection: Connection, absent: Iterable[int], since: datetime, until: datetime
) -> dict[int, list[StandIn]]:
    """Return who stands in for each of some people within a span of time."""
    found: dict[int, list[StandIn]] = defaultdict(list)
    rows = connection.execute(
        select(account_substitution)
        .join(account, account.c.id == account_substitution.c.substitute_id)
        .where(
            account.c.state == "active",
            account_substitution.c.absent_id.in_(set(absent)),
            account_substitution.c.starts_at < until,
            account_substitution.c.ends_at > since,
            ~account_substitution.c.is_waiting,
        )
        .order_by(account_substitution.c.id)
    )
    for row in rows:
        found[row.absent_id].append(StandIn(row.id, row.substitute_id, row.starts_at, row.ends_at))
    return found
