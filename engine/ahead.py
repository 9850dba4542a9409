"""Looks ahead in a case: what will happen to its open steps by when, and which steps can come after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from engine import definitions, limits
from engine.bpmn import ways
from engine.bpmn.program import Program, Step
from engine.bpmn.ways import Possible, Ways
from engine.calendar import calendar_of
from engine.cases import CaseDetail, CaseStep
from engine.escalation import WARNING, Due, Happening, Ladder, agenda
from engine.store.tables import escalation, job, user_task
from engine.work import Work

__all__ = ["Coming", "Expected", "Possible", "Timeout", "Waiting", "expected", "waiting"]


@dataclass(frozen=True, slots=True)
class Coming:
    """A reminder or an escalation that is still to come.

    Attributes:
        notify: posts to be told, "assignee" among them.
        widen: post that may also do the step from then on.
    """

    at: datetime
    what: Happening
    level: int
    notify: tuple[str, ...]
    widen: str | None


@dataclass(frozen=True, slots=True)
class Timeout:
    """A drawn timer on an open step, or around it, with what comes when it fires."""

    at: datetime
    step: Step
    next: tuple[Possible, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be expected of one open step.

    Attributes:
        resumes_at: planned end of its pause; None while its clock runs.
        coming: in the order of time; empty while its clock stands.
        next: where the case can go when the step is done.
    """

    step: CaseStep
    level: int
    resumes_at: datetime | None
    coming: tuple[Coming, ...]
    timeouts: tuple[Timeout, ...]
    next: tuple[Possible, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A moment that the case itself waits for, without a person.

    Attributes:
        kind: timer, or retry of an automatic step that failed.
    """

    at: datetime
    kind: str
    step_id: str


def expected(work: Work, detail: CaseDetail) -> tuple[Expected, ...]:
    """Say for every open step of a case what comes by when; the caller has checked who asks."""
    open_steps = [step for step in detail.steps if step.end_kind is None]
    if not open_steps:
        return ()
    drawn = ways_of(work, detail.case.bundle_id)
    tasks = {row.id: row for row in work.connection.execute(_tasks(detail))}
    timers = _jobs(work, detail, "timer")
    fired: dict[int, set[int]] = {}
    levels = select(escalation.c.task_id, escalation.c.level)
    for task_id, level in work.connection.execute(levels.where(escalation.c.instance_id == detail.case.id)):
        fired.setdefault(task_id, set()).add(level)
    return tuple(
        Expected(
            step=step,
            level=tasks[step.task_id].level,
            resumes_at=tasks[step.task_id].paused_until,
            coming=_coming(work, detail, tasks[step.task_id], fired.get(step.task_id, set())),
            timeouts=_timeouts(detail.program, drawn, step, timers),
            next=ways.ahead(detail.program, drawn, step.path, step.step_id),
        )
        for step in open_steps
    )


def waiting(work: Work, detail: CaseDetail) -> tuple[Waiting, ...]:
    """Say what a case waits for by itself: timers on the way, and automatic steps to be tried again."""
    steps = detail.program.steps.values()
    attached = {step.element for step in steps if step.attached_to is not None}
    jobs = [*_jobs(work, detail, "timer"), *_jobs(work, detail, "retry")]
    return tuple(Waiting(row.due_at, row.kind, row.step_id) for row in jobs if row.step_id not in attached)


def ways_of(work: Work, bundle_id: int) -> Ways:
    """Return the drawn ways of a bundle, which never change."""
    key = f"ways {bundle_id}"
    found = work.engine.cache.get(key)
    if not isinstance(found, Ways):
        _, files = definitions.bundle_files(work.connection, bundle_id)
        found = ways.read_ways(files)
        work.engine.cache[key] = found
    return found


def _tasks(detail: CaseDetail) -> Any:
    return select(user_task).where(user_task.c.instance_id == detail.case.id)


def _jobs(work: Work, detail: CaseDetail, kind: str) -> Sequence[Row[*tuple[Any, ...]]]:
    query = select(job.c.due_at, job.c.kind, job.c.step_id)
    mine = query.where(job.c.instance_id == detail.case.id, job.c.kind == kind)
    return work.connection.execute(mine.order_by(job.c.due_at, job.c.id)).all()


def _coming(work: Work, detail: CaseDetail, task: Row[Any], fired: set[int]) -> tuple[Coming, ...]:
    if task.paused_at is not None:
        return ()
    ladder = limits.ladder_of(work, detail.case.bundle_id, task.ladder)
    listed = agenda(limits.times_of(task, fired), ladder, calendar_of(work, task.clock))
    return tuple(_said(due, ladder) for due in listed if due.at > work.now)


def _said(due: Due, ladder: Ladder) -> Coming:
    if due.what is Happening.OVERDUE:
        return Coming(due.at, due.what, 0, (), None)
    rungs: Mapping[int, Any] = {rung.level: rung for rung in (WARNING, *ladder)}
    rung = rungs[due.level]
    return Coming(due.at, due.what, due.level, rung.notify, rung.widen)


def _timeouts(
    program: Program, drawn: Ways, step: CaseStep, timers: Sequence[Row[*tuple[Any, ...]]]
) -> tuple[Timeout, ...]:
    """Find the timers on a step and on what is drawn around it in the same diagram."""
    held = {step.step_id}
    around = drawn.around.get((step.process, step.step_id))
    while around is not None:
        held.add(around)
        around = drawn.around.get((step.process, around))
    found = []
    for row in timers:
        event = program.steps.get((step.process, row.step_id))
        if event is not None and event.attached_to in held:
            following = ways.ahead(program, drawn, step.path, event.element)
            found.append(Timeout(row.due_at, event, following))
    return tuple(found)
