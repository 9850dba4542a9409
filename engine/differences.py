"""Writes what a move changed: rows of open work and timers follow the tokens of the case."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update

from engine import handing, history, limits, stuck
from engine.bpmn.runtime import Run
from engine.calendar import calendar_of
from engine.history import Event
from engine.hosting import CaseHost
from engine.ids import new_id
from engine.opening import OPEN, Known, Writing, iso
from engine.ports import Json
from engine.store.dialects import insert_many
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


# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_DELETE_JOBS = delete(job).where(
    job.c.instance_id == bindparam("case_id"),
    job.c.id.in_(bindparam("job_ids", expanding=True))
    | job.c.task_id.in_(bindparam("task_ids", expanding=True)),
)
_DELETE_TASKS = delete(user_task).where(user_task.c.id.in_(bindparam("task_ids", expanding=True)))
_CLOSE_ALL_INCIDENTS = (
    update(incident)
    .where(incident.c.instance_id == bindparam("case_id"), incident.c.closed_at.is_(None))
    .values(closed_at=bindparam("at"), closed_by=bindparam("by"), close_kind="resolved")
)
_CLOSE_INCIDENTS = _CLOSE_ALL_INCIDENTS.where(incident.c.token.in_(bindparam("tokens", expanding=True)))
_UPDATE_CASE = update(instance).where(instance.c.id == bindparam("case_id"))


def write(work: Work, case: Any, moved: Moved) -> None:
    """Bring the rows of a case in line with its tokens, and store its snapshot.

    Args:
        case: the locked row of the instance; `case.waits` says what its tokens waited for before.
    """
    writing = Writing(work, case, moved.run, moved.host, limits.case_due_at(work, case, moved.run))
    for wait in moved.run.waits():
        known = case.waits.get(wait.token)
        if known is not None and known["k"] == wait.kind and known.get("d") == iso(wait.due_at):
            writing.waits[wait.token] = known
        else:
            OPEN[wait.kind](writing, wait)
    closed = {token: known for token, known in case.waits.items() if writing.waits.get(token) != known}
    withdrawn = _close(writing, list(closed.values()), moved.closing)
    _close_incidents(writing, closed)
    _insert(writing)
    handing.offer_opened(writing)
    _store(writing, moved.snapshot)
    history.record(work, case.id, _story(writing, moved.closing, withdrawn))


_SHOWN_IN = {"external": external_task, "message": message_subscription}


# --- closing -----------------------------------------------------------------------------------------------


def _close(writing: Writing, closed: Sequence[Known], closing: Closing | None) -> list[Row[Any]]:
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
        gone = {"case_id": writing.case.id, "job_ids": jobs, "task_ids": ids["user"]}
        work.connection.execute(_DELETE_JOBS, gone)
        work.connection.execute(_DELETE_TASKS, {"task_ids": ids["user"]})
    elif jobs:
        work.connection.execute(delete(job).where(job.c.id.in_(jobs)))
    for kind, table in _SHOWN_IN.items():
        if ids[kind]:
            work.connection.execute(delete(table).where(table.c.id.in_(ids[kind])))
    _into_history(writing, withdrawn, closing)
    return withdrawn


def _close_incidents(writing: Writing, closed: Mapping[str, Known]) -> None:
    """Close what told of tokens that have gone on or are gone, and whatever is left when the case is over."""
    is_over = writing.run.finished
    if not closed and not is_over:
        return
    work = writing.work
    told = {"case_id": writing.case.id, "at": work.now, "by": work.actor.id}
    if is_over:
        work.connection.execute(_CLOSE_ALL_INCIDENTS, told)
    else:
        work.connection.execute(_CLOSE_INCIDENTS, told | {"tokens": list(closed)})


def _into_history(writing: Writing, withdrawn: Sequence[Row[Any]], closing: Closing | None) -> None:
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
    ]
    row: dict[str, Any] = {name: getattr(task, name) for name in copied}
    return row | {
        "paused_seconds": task.paused_seconds + _pausing(work, task),
        "ended_at": work.now,
        "end_kind": end_kind,
        "late": task.due_at is not None and work.now > task.due_at,
        "actor_id": work.actor.id,
        "on_behalf_of": closing.on_behalf_of if closing else None,
        "outcome": closing.outcome if closing else None,
        "extra": closing.extra if closing else None,
    }


def _pausing(work: Work, task: Row[Any]) -> int:
    """Return the seconds of a pause that a step ends in, by the step's own clock."""
    if task.paused_at is None:
        return 0
    until = min(work.now, task.paused_until)
    return round(calendar_of(work, task.clock).between(task.paused_at, until).total_seconds())


def _delta(writing: Writing, ended: dict[str, Any]) -> dict[str, Any]:
    work = writing.work
    late_by = (work.now - ended["due_at"]).total_seconds() if ended["late"] else 0
    worked = int((work.now - ended["opened_at"]).total_seconds()) - ended["paused_seconds"]
    return {
        "id": new_id(),
        "day": work.now.astimezone(work.engine.zone).date(),
        "scope_id": writing.case.scope_id,
        "process_key": ended["process_key"],
        "called_process": ended["called_process"],
        "step_id": ended["step_id"],
        "late": ended["late"],
        "seconds": max(worked, 0),
        "late_seconds": int(late_by),
    }


# --- storing -----------------------------------------------------------------------------------------------


def _insert(writing: Writing) -> None:
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
        insert_many(writing.work.connection, table, writing.rows.get(table, ()))
    stuck.tell(writing.work, writing.case.id, (row["id"] for row in writing.rows.get(incident, ())))


def _store(writing: Writing, snapshot: bytes) -> None:
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
    values |= {"case_id": writing.case.id, "revision": writing.case.revision + 1}
    work.connection.execute(_UPDATE_CASE, values)


def _story(writing: Writing, closing: Closing | None, withdrawn: Sequence[Row[Any]]) -> list[Event]:
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
