"""Shows what is stuck and why, and lets managers retry it or give it up with a reason; never skip it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from engine import deadlines, definitions, external_tasks, history, instances, stepping, stuck
from engine.bilingual import Text, in_both, named
from engine.bpmn.program import Program
from engine.errors import EngineError, NotFound
from engine.history import Event
from engine.hosting import FailedAgain, Failure
from engine.ids import new_id
from engine.store.tables import incident, instance, job
from engine.work import Work

PAGE = 100
OPERATE = "instance.operate"


class IncidentNotFound(EngineError, NotFound):
    """No such open incident."""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Something that needs a person, with what caused it.

    Attributes:
        step_name: of the step, or its id where it has none.
        said: the message as pages say it in either language; see `Problem.kept`.
    """

    id: int
    instance_id: int
    business_key: str
    process_key: str
    title: str
    title_en: str
    kind: str
    step_id: str
    step_name: Text
    path: str
    message: str
    said: dict[str, Any] | None
    cause: str
    opened_at: datetime


def open_for_job(work: Work, failed: Any, error: BaseException) -> int:
    """Turn a job that failed too often into an incident; the token stays where it is.

    Args:
        failed: id, kind, instance_id, step_id and token of the job; it is deleted.
    """
    failure = Failure.of(error)
    incident_id = new_id()
    work.connection.execute(
        insert(incident).values(
            id=incident_id,
            instance_id=failed.instance_id,
            kind="handler" if failed.kind == "retry" else failed.kind,
            step_id=failed.step_id,
            token=failed.token,
            job_id=failed.id,
            message=failure.message,
            said=failure.said,
            cause=failure.cause,
            opened_at=work.now,
        )
    )
    work.connection.execute(delete(job).where(job.c.id == failed.id))
    stuck.tell(work, failed.instance_id, [incident_id])
    history.record(work, failed.instance_id, [Event("incident", failed.step_id)])
    return incident_id


def open_incidents(work: Work, limit: int = PAGE) -> list[OpenIncident]:
    """Return open incidents of the communities whose cases the actor may operate, oldest first."""
    rows = work.connection.execute(
        select(
            incident,
            instance.c.business_key,
            instance.c.process_key,
            instance.c.title,
            instance.c.title_en,
            instance.c.scope_id,
            instance.c.bundle_id,
        )
        .join(instance, instance.c.id == incident.c.instance_id)
        .where(incident.c.closed_at.is_(None))
        .order_by(incident.c.opened_at, incident.c.id)
    )
    visible = (row for row in rows if work.may(OPERATE, row.scope_id))
    return [_opened(work, row) for row, _ in zip(visible, range(limit), strict=False)]


def open_count(work: Work) -> int:
    """Count open incidents of the communities whose cases the actor may operate."""
    rows = work.connection.execute(
        select(instance.c.scope_id, func.count())
        .join(incident, instance.c.id == incident.c.instance_id)
        .where(incident.c.closed_at.is_(None))
        .group_by(instance.c.scope_id)
    )
    return sum(count for scope_id, count in rows if work.may(OPERATE, scope_id))


def cases_stuck(work: Work) -> int:
    """Count the cases that stand still because of an incident, of those that the actor may operate."""
    if not any(permission == OPERATE for permission, _ in work.grants.permissions):
        return 0
    rows = work.connection.execute(
        select(instance.c.scope_id, func.count(incident.c.instance_id.distinct()))
        .join(incident, instance.c.id == incident.c.instance_id)
        .where(incident.c.closed_at.is_(None))
        .group_by(instance.c.scope_id)
    )
    return sum(count for scope_id, count in rows if work.may(OPERATE, scope_id))


def stands_still(work: Work, instance_id: int | None) -> bool:
    """Tell whether a case cannot go on somewhere; the caller has checked who asks."""
    stuck_by = incident.c.kind.not_in(("deadline", "unpause"))  # the step itself can be done
    found = select(incident.c.id).where(
        incident.c.instance_id == instance_id, incident.c.closed_at.is_(None), stuck_by
    )
    return work.connection.execute(found.limit(1)).first() is not None


def _opened(work: Work, row: Row[Any]) -> OpenIncident:
    name = _step_name(definitions.program(work.engine, work.connection, row.bundle_id), row)
    return OpenIncident(
        id=row.id,
        instance_id=row.instance_id,
        business_key=row.business_key,
        process_key=row.process_key,
        title=row.title,
        title_en=row.title_en,
        kind=row.kind,
        step_id=row.step_id,
        step_name=name,
        path=row.path,
        message=row.message,
        said=_naming(row.said, row.step_id, name),
        cause=row.cause,
        opened_at=row.opened_at,
    )


def _step_name(program: Program, row: Row[Any]) -> Text:
    """Return the name that the diagram gives to the step; jobs keep no path, so an id found once will do."""
    found = [step for (_, element), step in program.steps.items() if element == row.step_id]
    if len(found) > 1:
        process = program.process_at(row.path.split("/") if row.path else ())
        found = [step for step in found if step.process == process]
    return named(found[0]) if found and found[0].name else str(row.step_id)


def _naming(said: dict[str, Any] | None, step_id: str, name: Text) -> dict[str, Any] | None:
    """Put the name of the step where the message has its id."""
    if said is None or said.get("params", {}).get("element") != step_id:
        return said
    return said | {"params": said["params"] | {"element": list(in_both(name))}}


def retry(work: Work, incident_id: int, reason: str) -> None:
    """Run the failed step again; when it works the incident is closed, else nothing changes.

    Raises:
        IncidentNotFound, NotPermitted; and what the step raises, with its cause.
    """
    row = operable(work, incident_id)
    if row.kind == "timer":
        instances.fire_timer(work, row.instance_id, row.token)
    elif row.kind in {"deadline", "unpause"}:
        deadlines.rearm(work, row.instance_id, row.token)
    elif row.kind == "external":
        external_tasks.set_retries(work, row.job_id, 1)
    else:
        _run_again(work, row)
    _close(work, row, "retried", reason)


def _run_again(work: Work, row: Row[Any]) -> None:
    try:
        instances.retry(work, row.instance_id, row.token)
    except FailedAgain as again:
        name = _step_name(definitions.program(work.engine, work.connection, row.bundle_id), row)
        said = _naming(again.failure.said, row.step_id, name)
        raise FailedAgain(replace(again.failure, said=said)) from again


def cancel_case(work: Work, incident_id: int, reason: str) -> None:
    """Give the case up, with a reason."""
    row = operable(work, incident_id)
    instances.cancel(work, row.instance_id, reason)
    _close(work, row, "cancelled", reason)


def operable(work: Work, incident_id: int) -> Row[Any]:
    """Lock the case of an open incident and return the incident.

    Raises:
        IncidentNotFound, NotPermitted.
    """
    found = still_open(work, incident_id)
    work.require(OPERATE, found.scope_id)
    stepping.locked(work, found.instance_id)
    # Under the lock: somebody may have been faster.
    return still_open(work, incident_id)


def still_open(work: Work, incident_id: int) -> Row[Any]:
    """Return an open incident, with the community and the bundle of its case; asks for no permission.

    Raises:
        IncidentNotFound: somebody was faster, or there never was one.
    """
    row = work.connection.execute(
        select(incident, instance.c.scope_id, instance.c.bundle_id)
        .join(instance, instance.c.id == incident.c.instance_id)
        .where(incident.c.id == incident_id, incident.c.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        raise IncidentNotFound("incident_not_found", "这个异常已处理，或不存在")
    return row


def _close(work: Work, row: Row[Any], kind: str, reason: str) -> None:
    work.connection.execute(
        update(incident)
        .where(incident.c.id == row.id)
        .values(closed_at=work.now, closed_by=work.actor.id, close_kind=kind, close_reason=reason.strip())
    )
    history.record(work, row.instance_id, [Event("incident_" + kind, row.step_id, row.path)])
