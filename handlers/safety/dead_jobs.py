"""Runs a job of the background again that died, once an administrator has seen to the cause."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select

from engine.ids import new_id
from engine.work import Work
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.shared import access_log, alarms, limits, outbox
from handlers.shared.permissions import Permission
from handlers.shared.records import alarm, outbox_job

_LONGEST = 500


@dataclass(frozen=True)
class DeadJob:
    """A job that used up its attempts.

    Attributes:
        name: under which the outbox runs it, such as "deliver".
    """

    id: int
    name: str
    died_at: datetime


def without_alarm(work: Work) -> list[DeadJob]:
    """List dead jobs whose alarm was closed, newest first, for who may run them again; for others none."""
    if not work.may(Permission.SYSTEM_CONFIGURE):
        return []
    rows = work.connection.execute(
        select(outbox_job.c.id, outbox_job.c.name, outbox_job.c.ended_at)
        .where(outbox_job.c.state == "dead", ~exists().where(_is_about_job()))
        .order_by(outbox_job.c.ended_at.desc(), outbox_job.c.id.desc())
        .limit(limits.PAGE_ROWS)
    )
    return [DeadJob(row.id, row.name, row.ended_at) for row in rows]


def run_of_alarm_again(work: Work, alarm_id: int, reason: str) -> None:
    """Let the dead job of an alarm start over, see `run_again`.

    Raises:
        RecordNotFound: the alarm is about no dead job, or somebody dealt with it.
    """
    work.require(Permission.SYSTEM_CONFIGURE)
    query = select(outbox_job.c.id).where(_is_about_job(), alarm.c.id == alarm_id)
    job_id = work.connection.execute(query).scalar_one_or_none()
    if job_id is None:
        raise _not_found()
    run_again(work, job_id, reason)


def run_again(work: Work, job_id: int, reason: str) -> None:
    """Let a dead job start over, note why, and close its alarm where one is open.

    Raises:
        NotPermitted: the actor does not run the platform.
        FieldsInvalid: no reason was given.
        RecordNotFound: there is no such job, or it is not dead any more.
    """
    work.require(Permission.SYSTEM_CONFIGURE)
    if not reason.strip():
        raise FieldsInvalid({"reason": ("请写明原因怎样排除了", {})})
    query = select(outbox_job.c.id, outbox_job.c.name).where(
        outbox_job.c.id == job_id, outbox_job.c.state == "dead"
    )
    job = work.connection.execute(query.with_for_update()).one_or_none()
    if job is None:
        raise _not_found()
    outbox.revive(work, job.id)
    about = select(alarm.c.id).where(_is_about_job(), outbox_job.c.id == job.id)
    for alarm_id in work.connection.execute(about).scalars().all():
        alarms.close_alarm(work, alarm_id)
    entry_id = new_id()
    sealed = work.engine.vault.seal("access_log", "detail", entry_id, reason.strip()[:_LONGEST])
    detail = {"job": job.name, "reason_id": str(entry_id), "reason": sealed}
    access_log.append(work, access_log.Entry("run_job_again", "outbox_job", job.id, detail=detail))


def _is_about_job() -> ColumnElement[bool]:
    """Join a job with the open alarm about its death."""
    is_open = and_(alarm.c.kind == outbox.DEAD_JOB, alarm.c.closed_at.is_(None))
    return and_(is_open, alarm.c.subject_id == outbox_job.c.id)


def _not_found() -> RecordNotFound:
    return RecordNotFound("dead_job_not_found", "没有这项失败的后台任务，或已重试")
