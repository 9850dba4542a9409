"""Writes what a move changed: rows of open work and timers follow the tokens of the case."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, delete, insert, select, update

from engine import history, limits
from engine.bpmn.runtime import Run, Wait
from engine.history import Event
from engine.hosting import CaseHost
from engine.ids import new_id
from engine.ports import Json
from engine.store.tables import (
    external_task,
    incident,
    instance,
    job,
    message_subscription,
    step_delta,
    task_candidate,
    task_history,
    user_task,
)
from engine.work import Work

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
FIRST_RETRY = timedelta(seconds=15)

# As kept in instance.waits: what a token waits for, and the row that shows it.
Known = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Closing:
    """The user task that a person completes.

    Attributes:
        task: its row, read under the lock of its case.
        extra: sealed answers that no command knows.
    """

    task: Row[Any]
    outcome: str | None = None
    on_behalf_of: int | None = None
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that has moved and is not written yet.

    Attributes:
        snapshot: what the run was dumped to.
        closing: the user task that was completed by a person, if this is about one.
    """

    run: Run
    host: CaseHost
    snapshot: bytes
    closing: Closing | None = None


@dataclass
class _Writing:
    work: Work
    case: Any
    run: Run
    host: CaseHost
    case_due_at: datetime | None = None
    waits: dict[str, Known] = field(default_factory=dict)
    rows: dict[Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    events: list[Event] = field(default_factory=list)

    def keep(self, wait: Wait, row_id: int, **facts: Any) -> None:
        self.waits[wait.token] = {"k": wait.kind, "id": row_id, **facts}


def write(work: Work, case: Any, moved: Moved) -> None:
    """Bring the rows of a case in line with its tokens, and store its snapshot.

    Args:
        case: the locked row of the instance; `case.waits` says what its tokens waited for before.
    """
    writing = _Writing(work, case, moved.run, moved.host, limits.case_due_at(work, case, moved.run))
    for wait in moved.run.waits():
        known = case.waits.get(wait.token)
        if known is not None and known["k"] == wait.kind and known.get("d") == _iso(wait.due_at):
            writing.waits[wait.token] = known
        else:
            _OPEN[wait.kind](writing, wait)
    closed = [known for token, known in case.waits.items() if writing.waits.get(token) != known]
    withdrawn = _close(writing, closed, moved.closing)
    _insert(writing)
    _store(writing, moved.snapshot)
    history.record(work, case.id, _story(writing, moved.closing, withdrawn))


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


# --- opening -----------------------------------------------------------------------------------------------


def _open_user(writing: _Writing, wait: Wait) -> None:
    work, case, step = writing.work, writing.case, wait.step
    task_id = new_id()
    plan = limits.plan_opened(work, writing.run.program, wait, writing.case_due_at)
    groups = [(group, _scope(case, group)) for group in step.group]
    group, scope_id = groups[0] if groups else ("", case.scope_id)
    assignee = int(wait.assignee) if wait.assignee and wait.assignee.isdecimal() else None
    due_sort = plan.due_at or END_OF_TIME
    writing.rows[user_task].append(
        {
            "id": task_id,
            "instance_id": case.id,
            "token": wait.token,
            "process_key": case.process_key,
            "path": "/".join(wait.path),
            "called_process": wait.process,
            "step_id": wait.element,
            "name": step.name,
            "name_en": step.name_en,
            "form_key": step.form,
            "group_code": group,
            "scope_id": scope_id,
            "assignee_id": assignee,
            "rank": wait.rank,
            "opened_at": work.now,
            "claimed_at": work.now if assignee else None,
            "limit_text": step.limit_text,
            "clock": step.clock,
            "ladder": step.ladder,
            "due_at": plan.due_at,
            "original_due_at": plan.due_at,
            "due_sort": due_sort,
            "follow_up_at": plan.follow_up_at,
            "pausable": step.pausable,
        }
    )
    for extra_group, extra_scope in groups[1:]:
        writing.rows[task_candidate].append(
            {
                "task_id": task_id,
                "group_code": extra_group,
                "scope_id": extra_scope,
                "rank": wait.rank,
                "due_sort": due_sort,
            }
        )
    if plan.job_due_at is not None:
        _job(writing, wait, "deadline", plan.job_due_at, task_id=task_id)
    writing.events.append(Event("opened", wait.element, "/".join(wait.path), task_id, due_at=plan.due_at))
    writing.keep(wait, task_id)


def _scope(case: Any, group: str) -> int:
    """Residents act for a house, staff for a community; a case without a house falls to the community."""
    if group == "resident" and case.resident_scope_id is not None:
        return int(case.resident_scope_id)
    return int(case.scope_id)


def _open_timer(writing: _Writing, wait: Wait) -> None:
    assert wait.due_at is not None
    job_id = _job(writing, wait, "timer", wait.due_at)
    pausable = {"of": wait.closes} if wait.step.pausable and wait.closes else {}
    writing.keep(wait, job_id, d=_iso(wait.due_at), i=wait.interrupting, **pausable)


def _open_retry(writing: _Writing, wait: Wait) -> None:
    failure = writing.host.failures.get(wait.token)
    job_id = _job(
        writing,
        wait,
        "retry",
        writing.work.now + FIRST_RETRY,
        attempts=1,
        last_error=f"{failure.message}\n{failure.cause}" if failure else wait.error,
    )
    writing.keep(wait, job_id)


def _open_held(writing: _Writing, wait: Wait) -> None:
    failure = writing.host.why_held(wait.path, wait.element)
    incident_id = new_id()
    writing.rows[incident].append(
        {
            "id": incident_id,
            "instance_id": writing.case.id,
            "kind": "step",
            "path": "/".join(wait.path),
            "step_id": wait.element,
            "token": wait.token,
            "message": failure.message,
            "cause": failure.cause,
            "opened_at": writing.work.now,
        }
    )
    writing.events.append(Event("incident", wait.element, "/".join(wait.path)))
    writing.keep(wait, incident_id)


def _open_external(writing: _Writing, wait: Wait) -> None:
    task_id = new_id()
    writing.rows[external_task].append(
        {
            "id": task_id,
            "instance_id": writing.case.id,
            "token": wait.token,
            "topic": wait.step.topic,
            "process_key": writing.case.process_key,
            "business_key": writing.case.business_key,
            "step_id": wait.element,
            "path": "/".join(wait.path),
            "created_at": writing.work.now,
            "inputs": wait.inputs,
        }
    )
    writing.keep(wait, task_id)


def _open_message(writing: _Writing, wait: Wait) -> None:
    subscription_id = new_id()
    writing.rows[message_subscription].append(
        {
            "id": subscription_id,
            "instance_id": writing.case.id,
            "token": wait.token,
            "message": wait.message,
            "business_key": writing.case.business_key,
        }
    )
    writing.keep(wait, subscription_id, m=wait.message)


_OPEN = {
    "user": _open_user,
    "timer": _open_timer,
    "retry": _open_retry,
    "held": _open_held,
    "external": _open_external,
    "message": _open_message,
}
_SHOWN_IN = {"external": external_task, "message": message_subscription}


def _job(writing: _Writing, wait: Wait, kind: str, due_at: datetime, **facts: Any) -> int:
    job_id = new_id()
    writing.rows[job].append(
        {
            "id": job_id,
            "kind": kind,
            "instance_id": writing.case.id,
            "task_id": facts.get("task_id"),
            "token": wait.token,
            "step_id": wait.element,
            "due_at": due_at,
            "scheduled_at": due_at,
            "attempts": facts.get("attempts", 0),
            "last_error": facts.get("last_error"),
        }
    )
    writing.work.job_due(due_at)
    return job_id


# --- closing -----------------------------------------------------------------------------------------------


def _close(writing: _Writing, closed: Sequence[Known], closing: Closing | None) -> list[Row[Any]]:
    """Delete the rows of tokens that are gone; return the tasks that ended without their person."""
    work = writing.work
    ids: dict[str, list[int]] = defaultdict(list)
    for known in closed:
        ids[known["k"]].append(known["id"])
    withdrawn: list[Row[Any]] = []
    others = [task_id for task_id in ids["user"] if closing is None or task_id != closing.task.id]
    if others:
        withdrawn = list(work.connection.execute(select(user_task).where(user_task.c.id.in_(others))))
    jobs = ids["timer"] + ids["retry"]
    if ids["user"]:
        work.connection.execute(
            delete(job).where(
                job.c.instance_id == writing.case.id,
                job.c.id.in_(jobs) | job.c.task_id.in_(ids["user"]),
            )
        )
        work.connection.execute(delete(user_task).where(user_task.c.id.in_(ids["user"])))
    elif jobs:
        work.connection.execute(delete(job).where(job.c.id.in_(jobs)))
    for kind, table in _SHOWN_IN.items():
        if ids[kind]:
            work.connection.execute(delete(table).where(table.c.id.in_(ids[kind])))
    if ids["held"]:
        work.connection.execute(
            update(incident)
            .where(incident.c.id.in_(ids["held"]), incident.c.closed_at.is_(None))
            .values(closed_at=work.now, closed_by=work.actor.id, close_kind="resolved")
        )
    _into_history(writing, withdrawn, closing)
    return withdrawn


def _into_history(writing: _Writing, withdrawn: Sequence[Row[Any]], closing: Closing | None) -> None:
    for task in withdrawn:
        writing.rows[task_history].append(_ended(writing.work, task, "withdrawn", None))
    if closing is not None:
        ended = _ended(writing.work, closing.task, "completed", closing)
        writing.rows[task_history].append(ended)
        writing.rows[step_delta].append(_delta(writing, ended))


def _ended(work: Work, task: Row[Any], end_kind: str, closing: Closing | None) -> dict[str, Any]:
    copied = [
        "id",
        "instance_id",
        "process_key",
        "path",
        "called_process",
        "step_id",
        "name",
        "name_en",
        "group_code",
        "scope_id",
        "assignee_id",
        "opened_at",
        "claimed_at",
        "due_at",
        "original_due_at",
        "level",
        "paused_seconds",
    ]
    row: dict[str, Any] = {name: getattr(task, name) for name in copied}
    return row | {
        "ended_at": work.now,
        "end_kind": end_kind,
        "late": task.due_at is not None and work.now > task.due_at,
        "actor_id": work.actor.id,
        "on_behalf_of": closing.on_behalf_of if closing else None,
        "outcome": closing.outcome if closing else None,
        "extra": closing.extra if closing else None,
    }


def _delta(writing: _Writing, ended: dict[str, Any]) -> dict[str, Any]:
    work = writing.work
    late_by = (work.now - ended["due_at"]).total_seconds() if ended["late"] else 0
    return {
        "id": new_id(),
        "day": work.now.astimezone(work.engine.zone).date(),
        "scope_id": writing.case.scope_id,
        "process_key": ended["process_key"],
        "step_id": ended["step_id"],
        "late": ended["late"],
        "seconds": int((work.now - ended["opened_at"]).total_seconds()),
        "late_seconds": int(late_by),
    }


# --- storing -----------------------------------------------------------------------------------------------


def _insert(writing: _Writing) -> None:
    for table in (
        user_task,
        task_candidate,
        job,
        external_task,
        message_subscription,
        incident,
        task_history,
        step_delta,
    ):
        rows = writing.rows.get(table)
        if rows:
            writing.work.connection.execute(insert(table), rows)


def _store(writing: _Writing, snapshot: bytes) -> None:
    run, work = writing.run, writing.work
    values: dict[str, Any] = {"waits": writing.waits, "snapshot": snapshot, "due_at": writing.case_due_at}
    if run.finished:
        values = {
            "waits": {},
            "snapshot": None,
            "state": "completed",
            "ended_at": work.now,
            "outcome": run.outcome,
        }
    work.connection.execute(
        update(instance)
        .where(instance.c.id == writing.case.id)
        .values(**values, revision=writing.case.revision + 1)
    )


def _story(writing: _Writing, closing: Closing | None, withdrawn: Sequence[Row[Any]]) -> list[Event]:
    told: list[Event] = []
    if closing is not None:
        task = closing.task
        detail: dict[str, Json] | None = {"outcome": closing.outcome} if closing.outcome else None
        told.append(
            Event("completed", task.step_id, task.path, task.id, closing.on_behalf_of, task.due_at, detail)
        )
    told += [Event("withdrawn", task.step_id, task.path, task.id, due_at=task.due_at) for task in withdrawn]
    told += history.of_moves(writing.run.program, writing.run.moves)
    told += writing.events
    if writing.run.finished:
        told.append(Event("finished", detail={"outcome": writing.run.outcome}))
    return told
