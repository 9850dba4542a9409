"""Notes that somebody is away without a substitute: their shifts of that time fall vacant."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.booking import lock, shifts_of
from handlers.accounts.records import account_leave, account_shift
from handlers.accounts.workforce import planner, require_planner, workers
from handlers.errors import RecordNotFound, RuleRefused
from handlers.shared import access_log

LONGEST = timedelta(days=180)


@dataclass(frozen=True)
class Leave:
    """When somebody is away."""

    id: int
    account_id: int
    starts_at: datetime
    ends_at: datetime


def set_leave(work: Work, community_id: int, account_id: int, starts_at: datetime, ends_at: datetime) -> int:
    """Note that somebody will be away; shifts of that time are cut or fall vacant, and show as gaps.

    Args:
        community_id: where the actor plans this person's shifts.
    Returns:
        How many shifts were cut or fell vacant.
    Raises:
        RuleRefused: the span makes no sense, or the person is on leave then already.
    """
    require_planner(work, community_id, account_id)
    if not timedelta(0) < ends_at - starts_at <= LONGEST or ends_at <= work.now:
        raise RuleRefused("leave_span", "请假应在将来结束，且不超过 180 天")
    lock(work, account_id)
    known = select(account_leave.c.id).where(
        account_leave.c.account_id == account_id,
        account_leave.c.starts_at < ends_at,
        account_leave.c.ends_at > starts_at,
    )
    if work.connection.execute(known).first() is not None:
        raise RuleRefused("leave_overlap", "此人这段时间已经请假")
    vacant = [
        _cut(work, row, max(starts_at, work.now), ends_at)
        for row in work.connection.execute(shifts_of(account_id, max(starts_at, work.now), ends_at)).all()
    ]
    leave_id = new_id()
    work.connection.execute(
        account_leave.insert().values(
            id=leave_id,
            account_id=account_id,
            starts_at=starts_at,
            ends_at=ends_at,
            set_by=work.actor.id,
        )
    )
    access_log.append(work, access_log.Entry("set_leave", "account", account_id))
    return len(vacant)


def end_leave(work: Work, community_id: int, leave_id: int) -> None:
    """End a leave now, or call it off before it begins; the shifts have to be planned again."""
    row = work.connection.execute(
        select(account_leave).where(account_leave.c.id == leave_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise RecordNotFound("leave_not_found", "没有这项请假")
    require_planner(work, community_id, row.account_id)
    mine = account_leave.c.id == leave_id
    if row.starts_at >= work.now:
        work.connection.execute(account_leave.delete().where(mine))
    elif row.ends_at > work.now:
        work.connection.execute(account_leave.update().where(mine).values(ends_at=work.now))
    access_log.append(work, access_log.Entry("end_leave", "account", row.account_id))


def leaves(work: Work, community_id: int, since: datetime, until: datetime) -> list[Leave]:
    """List who is away within a span of time: everybody for whoever plans there, else only oneself."""
    mine = planner(work, community_id)
    ids = [one.id for one in workers(work, community_id) if mine.is_any or one.id == work.actor.id]
    rows = work.connection.execute(
        select(account_leave)
        .where(
            account_leave.c.account_id.in_(ids),
            account_leave.c.starts_at < until,
            account_leave.c.ends_at > since,
        )
        .order_by(account_leave.c.starts_at)
    )
    return [Leave(row.id, row.account_id, row.starts_at, row.ends_at) for row in rows]


def _cut(work: Work, shift: Row[tuple[object, ...]], begin: datetime, end: datetime) -> int:
    """Leave of a shift what lies outside the leave."""
    before, after = shift.starts_at < begin, shift.ends_at > end
    mine = account_shift.c.id == shift.id
    if before:
        work.connection.execute(account_shift.update().where(mine).values(ends_at=begin))
    elif after:
        work.connection.execute(account_shift.update().where(mine).values(starts_at=end))
    else:
        work.connection.execute(account_shift.delete().where(mine))
    if before and after:
        rest = {name: shift._mapping[name] for name in account_shift.c.keys()}  # noqa: SIM118  # columns, not a dict
        work.connection.execute(account_shift.insert().values({**rest, "id": new_id(), "starts_at": end}))
    return int(shift.id)
