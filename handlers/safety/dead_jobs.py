"""Runs a job of the background again that died, once an administrator has seen to the cause."""

from sqlalchemy import select

from engine.ids import new_id
from engine.work import Work
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.shared import access_log, alarms, outbox
from handlers.shared.permissions import Permission
from handlers.shared.records import alarm, outbox_job

_LONGEST = 500


def run_again(work: Work, alarm_id: int, reason: str) -> None:
    """Let the dead job of an alarm start over, note why, and close the alarm.

    Raises:
        NotPermitted: the actor does not run the platform.
        FieldsInvalid: no reason was given.
        RecordNotFound: the alarm is about no dead job, or somebody dealt with it.
    """
    work.require(Permission.SYSTEM_CONFIGURE)
    if not reason.strip():
        raise FieldsInvalid({"reason": ("请写明原因怎样排除了", {})})
    job = work.connection.execute(
        select(outbox_job.c.id, outbox_job.c.name)
        .join(alarm, alarm.c.subject_id == outbox_job.c.id)
        .where(
            alarm.c.id == alarm_id,
            alarm.c.kind == outbox.DEAD_JOB,
            alarm.c.closed_at.is_(None),
            outbox_job.c.state == "dead",
        )
        .with_for_update(of=outbox_job)
    ).one_or_none()
    if job is None:
        raise RecordNotFound("dead_job_not_found", "没有这项失败的后台任务，或已重试")
    outbox.revive(work, job.id)
    alarms.close_alarm(work, alarm_id)
    entry_id = new_id()
    sealed = work.engine.vault.seal("access_log", "detail", entry_id, reason.strip()[:_LONGEST])
    detail = {"job": job.name, "reason_id": str(entry_id), "reason": sealed}
    access_log.append(work, access_log.Entry("run_job_again", "outbox_job", job.id, detail=detail))
