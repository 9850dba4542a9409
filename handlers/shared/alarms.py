"""Raises what an administrator has to look at, and keeps it until somebody did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.errors import ActionNotAllowed, RecordNotFound
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.records import alarm

GRANTED_ALONE = "granted_alone"  # the first security administrator was appointed by one person
LOG_BROKEN = "log_broken"  # the access log does not hold, or does not tell of what is in force
_SECURITY_CLOSES = (GRANTED_ALONE, LOG_BROKEN)


@dataclass(frozen=True)
class Alarm:
    """An open alarm."""

    id: int
    kind: str
    subject_id: int
    detail: Mapping[str, Json]
    raised_at: datetime


def raise_alarm(work: Work, kind: str, subject_id: int, detail: Mapping[str, Json]) -> None:
    """Raise an alarm in this transaction, unless one of the same kind and subject is open.

    Args:
        detail: ids and codes, never personal data.
    """
    is_open = exists().where(
        alarm.c.kind == kind, alarm.c.subject_id == subject_id, alarm.c.closed_at.is_(None)
    )
    if work.connection.execute(select(is_open)).scalar_one():
        return
    work.connection.execute(
        alarm.insert().values(
            id=new_id(), kind=kind, subject_id=subject_id, detail=dict(detail), raised_at=work.now
        )
    )


def open_alarms(work: Work) -> list[Alarm]:
    """List alarms that nobody has closed, oldest first; system and security administrators see all."""
    _require_reader(work)
    rows = work.connection.execute(
        select(alarm).where(alarm.c.closed_at.is_(None)).order_by(alarm.c.raised_at).limit(limits.PAGE_ROWS)
    )
    return [Alarm(row.id, row.kind, row.subject_id, row.detail, row.raised_at) for row in rows]


def close_alarm(work: Work, alarm_id: int) -> None:
    """Note that the actor has dealt with an alarm.

    Raises:
        ActionNotAllowed: it is about what system administrators did or could do, and only security closes it.
    """
    _require_reader(work)
    if not work.may(Permission.SECURITY_LOG_READ) and _kind(work, alarm_id) in _SECURITY_CLOSES:
        raise ActionNotAllowed("security_closes", "这条告警由安全管理员核对后关闭")
    closed = work.connection.execute(
        alarm.update()
        .where(alarm.c.id == alarm_id, alarm.c.closed_at.is_(None))
        .values(closed_at=work.now, closed_by=work.actor.id)
    ).rowcount
    if not closed:
        raise RecordNotFound("alarm_not_found", "没有这条告警，或已处理")


def report_risk(work: Work) -> None:
    """Tell system and security administrators at once that something about an account looks wrong."""
    raise_alarm(work, "reported", work.actor.id, {})


def _kind(work: Work, alarm_id: int) -> str | None:
    return work.connection.execute(select(alarm.c.kind).where(alarm.c.id == alarm_id)).scalar()


def _require_reader(work: Work) -> None:
    if not work.may(Permission.SECURITY_LOG_READ):
        work.require(Permission.TECH_LOG_READ)
