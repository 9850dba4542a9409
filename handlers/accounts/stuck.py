"""Tells system administrators, the project manager and the lead of the desk that cases are stuck.

The first case that is stuck at a step is told of at once. What stands still there again within the hour, or
the same case anywhere, is gathered: one bad table must not send hundreds of messages.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from engine.ports import Json, OutboxItem
from engine.store.tables import incident, instance
from engine.work import SYSTEM, Work
from handlers.accounts.permissions import Post
from handlers.shared.messages import DELIVER
from handlers.shared.outbox import JobContext

TOLD = (Post.SYS, Post.PM, Post.CSL)
GATHERED = "tell_stuck_again"

_QUIET = timedelta(hours=1)
_GATHERED_FOR = timedelta(minutes=15)  # several a quarter of an hour are one message


def tell(context: JobContext) -> None:
    """Send the message to whoever holds these posts in the case's community now, or gather it with others."""
    job = context.job
    with context.engine.work(SYSTEM) as work:
        found = _incident(work, int(str(job.args["incident_id"])))
        if found is not None and _is_told_of(work, found):
            _gather(work, found)
        else:
            _deliver(work, int(str(job.args["instance_id"])), {**job.args, "template": "case_stuck"}, job.key)
        context.done(work)


def tell_gathered(context: JobContext) -> None:
    """Send one message about all that has become stuck at a step since the last one, with their number."""
    job = context.job
    with context.engine.work(SYSTEM) as work:
        found = _incident(work, int(str(job.args["incident_id"])))
        if found is not None:
            since = datetime.fromisoformat(str(job.args["since"]))
            later = incident.c.opened_at.between(since, work.now) & incident.c.closed_at.is_(None)
            count = work.connection.execute(
                select(func.count()).select_from(_JOINED).where(_same_step(found), later)
            ).scalar_one()
            if count:
                said: dict[str, Json] = {"template": "cases_stuck", "count": count}
                said["instance_id"] = str(found.instance_id)
                _deliver(work, found.instance_id, said, job.key)
        context.done(work)


_JOINED = incident.join(instance, instance.c.id == incident.c.instance_id)


def _incident(work: Work, incident_id: int) -> Row[Any] | None:
    return work.connection.execute(
        select(incident, instance.c.scope_id, instance.c.bundle_id)
        .select_from(_JOINED)
        .where(incident.c.id == incident_id)
    ).one_or_none()


def _same_step(found: Row[Any]) -> ColumnElement[bool]:
    return and_(
        incident.c.step_id == found.step_id,
        instance.c.bundle_id == found.bundle_id,
        instance.c.scope_id == found.scope_id,
    )


def _is_told_of(work: Work, found: Row[Any]) -> bool:
    """Tell whether the same step of the same version, or the same case, was stuck within the hour before."""
    alike = _same_step(found) | (incident.c.instance_id == found.instance_id)
    before = (incident.c.opened_at > found.opened_at - _QUIET) & (incident.c.id < found.id)
    return (
        work.connection.execute(
            select(incident.c.id).select_from(_JOINED).where(alike, before).limit(1)
        ).first()
        is not None
    )


def _gather(work: Work, found: Row[Any]) -> None:
    since = found.opened_at - timedelta(seconds=found.opened_at.timestamp() % _GATHERED_FOR.total_seconds())
    args: dict[str, Json] = {"incident_id": str(found.id), "since": since.isoformat()}
    key = f"stuck:{found.scope_id}:{found.bundle_id}:{found.step_id}:{since:%Y%m%d%H%M}"
    item = OutboxItem(GATHERED, args, key, since + _GATHERED_FOR)
    work.engine.outbox.put_many(work.connection, [item], work.now)


def _deliver(work: Work, instance_id: int, said: dict[str, Json], key: str) -> None:
    scope_id = work.connection.execute(
        select(instance.c.scope_id).where(instance.c.id == instance_id)
    ).scalar_one()
    directory = work.engine.directory
    people = dict.fromkeys(
        account_id
        for post in TOLD
        for account_id in directory.recipients(work.connection, post, scope_id, work.now)
    )
    deliveries = [OutboxItem(DELIVER, {**said, "to": f"account:{one}"}, f"{key}:{one}") for one in people]
    work.engine.outbox.put_many(work.connection, deliveries, work.now)
