"""Keeps people from being booked twice, or while they are away."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, or_, select

from engine.work import Work
from handlers.accounts.records import account, account_leave, account_shift, account_substitution
from handlers.errors import RuleRefused


@dataclass(frozen=True)
class PlannedShift:
    """A shift to be planned."""

    account_id: int
    starts_at: datetime
    ends_at: datetime
    is_lead: bool = False


def require_free(work: Work, shift: PlannedShift, but: int = 0) -> None:
    """Refuse a shift of somebody who is booked or away then; a substitute is booked for the absent's shifts.

    Args:
        but: a shift that does not count, because it is the one that changes.
    """
    lock(work, shift.account_id)
    _require_not_booked(work, shift, but)
    require_not_on_leave(work, shift.account_id, shift.starts_at, shift.ends_at)
    names = work.engine.directory.names
    for row in work.connection.execute(_substitutions(shift)):
        if row.absent_id == shift.account_id:
            raise RuleRefused(
                "worker_away",
                "{name}在 {since} 到 {until} 不在岗，由{other}替班",
                name=names(work.connection, [row.absent_id])[row.absent_id],
                since=row.starts_at,
                until=row.ends_at,
                other=names(work.connection, [row.substitute_id])[row.substitute_id],
            )
        begin, end = max(row.starts_at, shift.starts_at), min(row.ends_at, shift.ends_at)
        stood_in = work.connection.execute(shifts_of(row.absent_id, begin, end)).first()
        if stood_in is not None:
            raise _booked(work, shift.account_id, stood_in)


def lock(work: Work, *account_ids: int) -> None:
    """Let no other transaction plan these people's time until this one ends."""
    query = select(account.c.id).where(account.c.id.in_(account_ids)).order_by(account.c.id)
    work.connection.execute(query.with_for_update())


def _require_not_booked(work: Work, shift: PlannedShift, but: int) -> None:
    booked = shifts_of(shift.account_id, shift.starts_at, shift.ends_at)
    row = work.connection.execute(booked.where(account_shift.c.id != but)).first()
    if row is not None:
        raise _booked(work, shift.account_id, row)


def _booked(work: Work, account_id: int, row: Row[tuple[object, ...]]) -> RuleRefused:
    names = work.engine.directory.names(work.connection, [account_id, row.account_id])
    if row.account_id == account_id:
        message = "{name}在 {since} 到 {until} 已有班次"
    else:
        message = "{name}在 {since} 到 {until} 要替{other}上班"
    return RuleRefused(
        "shift_overlap",
        message,
        name=names[account_id],
        since=row.starts_at,
        until=row.ends_at,
        other=names[row.account_id],
    )


def require_not_on_leave(work: Work, account_id: int, begin: datetime, end: datetime) -> None:
    """Refuse to have somebody work who is on leave then."""
    row = work.connection.execute(
        select(account_leave).where(
            account_leave.c.account_id == account_id,
            account_leave.c.starts_at < end,
            account_leave.c.ends_at > begin,
        )
    ).first()
    if row is not None:
        raise RuleRefused(
            "worker_on_leave",
            "{name}从 {since} 到 {until} 请假，须先由主管销假",
            name=work.engine.directory.names(work.connection, [account_id])[account_id],
            since=row.starts_at,
            until=row.ends_at,
        )


def _substitutions(shift: PlannedShift) -> Select[tuple[object, ...]]:
    concerns: ColumnElement[bool] = or_(
        account_substitution.c.absent_id == shift.account_id,
        account_substitution.c.substitute_id == shift.account_id,
    )
    return select(account_substitution).where(
        concerns,
        account_substitution.c.starts_at < shift.ends_at,
        account_substitution.c.ends_at > shift.starts_at,
    )


def shifts_of(account_id: int, begin: datetime, end: datetime) -> Select[tuple[object, ...]]:
    """Ask for the shifts of somebody that touch a span of time, in order."""
    return (
        select(account_shift)
        .where(
            account_shift.c.account_id == account_id,
            account_shift.c.starts_at < end,
            account_shift.c.ends_at > begin,
        )
        .order_by(account_shift.c.starts_at)
    )
