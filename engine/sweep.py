"""First half of firing: marks late tasks and escalates in bulk, so that lists and reports are right."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, select, update

from engine import handing, history, incidents, limits
from engine.calendar import ALWAYS, Calendar, calendar_of
from engine.clock import SettableClock
from engine.escalation import ASSIGNEE, WARNING, Due, Happening, Ladder, Rung, agenda
from engine.history import Event
from engine.ports import SYSTEM, Json, OutboxItem
from engine.store.dialects import Values, insert_rows, one_of
from engine.store.tables import escalation, instance, job, task_candidate, user_task
from engine.work import Engine, Work

BATCH = 1000
LANES = 2  # of PostgreSQL, which works for one while Python works for the other
RESIDENTS = "resident"
_EVENTS = {Happening.WARNING: "warned", Happening.OVERDUE: "overdue", Happening.RUNG: "escalated"}

_ESCALATION = (
    "task_id", "instance_id", "level", "ladder", "notified", "widened_to", "due_at", "fired_at",
)  # fmt: skip
_JOB = (
    "kind", "instance_id", "task_id", "token", "step_id", "due_at", "scheduled_at", "attempts", "held",
)  # fmt: skip
_CANDIDATE = (
    "task_id", "group_code", "scope_id", "process_key", "step_id", "assignee_id", "rank", "due_sort",
)  # fmt: skip


class Claimed(NamedTuple):  # a row's own attributes cost ten times as much, and are read thirty times a task
    """A due job with what is needed of its task and its case."""

    id: int
    kind: str
    instance_id: int
    task_id: int
    token: str | None
    process_key: str
    path: str
    step_id: str
    form_key: str | None
    group_code: str
    scope_id: int
    assignee_id: int | None
    rank: int
    opened_at: datetime
    clock: str
    ladder: str | None
    due_at: datetime | None
    original_due_at: datetime | None
    due_sort: datetime
    follow_up_at: datetime | None
    overdue_at: datetime | None
    level: int
    paused_seconds: int
    bundle_id: int
    business_key: str
    community_id: int
    resident_scope_id: int | None


_CLAIMED: dict[str, ColumnElement[Any]] = {
    **user_task.c,
    "id": job.c.id,
    "kind": job.c.kind,
    "instance_id": job.c.instance_id,
    "task_id": job.c.task_id,
    "token": job.c.token,
    "bundle_id": instance.c.bundle_id,
    "business_key": instance.c.business_key,
    "community_id": instance.c.scope_id,
    "resident_scope_id": instance.c.resident_scope_id,
}
_Ahead = tuple[timedelta, Happening, int]  # from the opening of a task on
_Ladder = tuple[Ladder, dict[int, Rung]]  # and its rungs by level, the warning among them


def sweep(engine: Engine, now: datetime) -> int:
    """Fire every warning, due date and rung that is due, each once, in batches of one transaction.

    Args:
        now: the moment of the tick; everything is judged and stamped by it.
    Returns:
        How many tasks something happened to.
    """
    stopped = replace(engine, clock=SettableClock(now))
    due = _due(stopped)
    batches = [due[first : first + BATCH] for first in range(0, len(due), BATCH)]
    fire = partial(_fire_batch, stopped)
    if len(batches) <= 1 or engine.database.is_sqlite:
        return sum(map(fire, batches))
    with ThreadPoolExecutor(LANES) as lanes:
        return sum(lanes.map(fire, batches))


def _due(engine: Engine) -> list[int]:
    """List the jobs that are due; those of one case together, for two batches cannot hold it at once."""
    with engine.reading(SYSTEM) as work:
        due = select(job.c.instance_id, job.c.id).where(*_is_due(work)).order_by(job.c.due_at)
        # Sorted here: asked for them by case, SQLite would walk through the jobs of all cases.
        return [job_id for _, job_id in sorted(map(tuple, work.connection.execute(due)))]


def _is_due(work: Work) -> tuple[ColumnElement[bool], ...]:
    return job.c.kind == "deadline", ~job.c.held, job.c.due_at <= work.now


def _fire_batch(engine: Engine, job_ids: Sequence[int]) -> int:
    def fire(work: Work) -> int:
        claimed = _claim(work, job_ids)
        if claimed:
            _Batch(work).fire(claimed)
        return len(claimed)

    return engine.run(SYSTEM, fire)


def _claim(work: Work, job_ids: Sequence[int]) -> Sequence[Claimed]:
    """Lock jobs with their tasks and cases; whatever somebody else holds is left for later.

    The case is locked too: the rows written below refer to it, and waiting for somebody who completes a
    step, and who will then wait for the job locked here, would be a deadlock.
    """
    query = (
        select(*(_CLAIMED[name] for name in Claimed._fields))
        .join(user_task, user_task.c.id == job.c.task_id)
        .join(instance, instance.c.id == job.c.instance_id)
        .where(one_of(work.connection, job.c.id, job_ids), *_is_due(work))
        .with_for_update(skip_locked=True)
    )
    return list(map(Claimed._make, work.connection.execute(query).all()))


@dataclass
class _Batch:
    """What a batch of due tasks adds up to, written with a handful of statements."""

    work: Work
    ladders: dict[tuple[int, str | None], _Ladder] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    recipients: dict[tuple[str, int], Sequence[int]] = field(default_factory=dict)
    told: dict[Values, tuple[list[str], str]] = field(default_factory=dict)
    ahead: dict[Values, list[_Ahead]] = field(default_factory=dict)
    escalations: list[Values] = field(default_factory=list)
    jobs: list[Values] = field(default_factory=list)
    candidates: dict[tuple[int, str, int], Values] = field(default_factory=dict)
    messages: list[OutboxItem] = field(default_factory=list)
    events: list[tuple[int, Event]] = field(default_factory=list)
    marks: dict[tuple[bool, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    broken: list[tuple[Claimed, Exception]] = field(default_factory=list)

    def fire(self, claimed: Sequence[Claimed]) -> None:
        """Let everything due happen to the tasks, and write their next jobs."""
        fired = self._fired_levels(claimed)
        for task in claimed:
            try:
                rungs, coming = self._coming(task, fired.get(task.task_id, ()))
            except Exception as error:  # noqa: BLE001  # the timer loop's edge: one bad ladder stops no other task
                self.broken.append((task, error))
                continue
            self._take(task, rungs, coming)
        self._write([task.id for task in claimed])

    def _fired_levels(self, claimed: Sequence[Claimed]) -> Mapping[int, Collection[int]]:
        fired: dict[int, set[int]] = defaultdict(set)
        ids = [task.task_id for task in claimed if task.ladder is not None or task.follow_up_at is not None]
        if ids:
            connection = self.work.connection
            among = one_of(connection, escalation.c.task_id, ids)
            query = select(escalation.c.task_id, escalation.c.level).where(among)
            for task_id, level in connection.execute(query):
                fired[task_id].add(level)
        return fired

    def _coming(self, task: Claimed, fired: Collection[int]) -> tuple[dict[int, Rung], list[Due]]:
        known = self.ladders.get((task.bundle_id, task.ladder))
        if known is None:
            ladder = limits.ladder_of(self.work, task.bundle_id, task.ladder)
            known = ladder, {rung.level: rung for rung in (WARNING, *ladder)}
            self.ladders[task.bundle_id, task.ladder] = known
        calendar = self.calendars.get(task.clock)
        if calendar is None:
            calendar = self.calendars[task.clock] = calendar_of(self.work, task.clock)
        if calendar.code != ALWAYS:
            return known[1], agenda(limits.times_of(task, fired), known[0], calendar)
        return known[1], self._coming_at_any_hour(task, fired, known[0], calendar)

    def _coming_at_any_hour(
        self, task: Claimed, fired: Collection[int], ladder: Ladder, calendar: Calendar
    ) -> list[Due]:
        """Do what `agenda` does, once for all tasks with the same times from their opening on."""
        opened, due_at, original = task.opened_at, task.due_at, task.original_due_at
        like = (
            (task.bundle_id, task.ladder, task.paused_seconds, task.overdue_at is None, tuple(fired)),
            due_at and due_at - opened,
            original and original - opened,
            task.follow_up_at and task.follow_up_at - opened,
        )
        ahead = self.ahead.get(like)
        if ahead is None:
            coming = agenda(limits.times_of(task, fired), ladder, calendar)
            ahead = self.ahead[like] = [(at - opened, what, level) for at, what, level in coming]
        return [Due(opened + after, what, level) for after, what, level in ahead]

    def _take(self, task: Claimed, rungs: Mapping[int, Rung], coming: Sequence[Due]) -> None:
        is_late, highest = False, 0
        people: dict[str, None] = {}
        for at, what, level in coming:
            if at > self.work.now:
                self._next_job(task, at)
                break
            if what is Happening.OVERDUE:
                is_late = True
            else:
                people.update(dict.fromkeys(self._climb(task, rungs[level], at)))
                highest, last = max(highest, level), (level, at)
            detail: dict[str, Json] | None = {"level": level} if level else None
            event = Event(_EVENTS[what], task.step_id, task.path, task.task_id, None, at, detail)
            self.events.append((task.instance_id, event))
        if people:  # all that are named by what was climbed now, in one message: that of the last rung
            self.messages.append(_message(task, *last, list(people)))
        if is_late or highest:
            self.marks[is_late, highest and max(highest, task.level)].append(task.task_id)

    def _climb(self, task: Claimed, rung: Rung, due_at: datetime) -> list[str]:
        """Note whom the rung names, widen the candidates, and return who is to be told."""
        people, notified = self._told(task, rung)
        self.escalations.append(
            (
                task.task_id,
                task.instance_id,
                rung.level,
                task.ladder or "",
                notified,
                rung.widen,
                due_at,
                self.work.now,
            )
        )
        if rung.widen is not None:
            self._widen(task, rung.widen)
        return people

    def _told(self, task: Claimed, rung: Rung) -> tuple[list[str], str]:
        """Find whom a rung tells, and how that is noted; most tasks of a batch tell the same people."""
        if task.assignee_id is None:
            rule = handing.rule_of(self.work, task.bundle_id, task.form_key)
            if rule is not None:
                barred = rule(self.work, {task.business_key}).get(task.business_key, ())
                return self._told_but(task, rung, barred), ",".join(rung.notify)
        like = (
            rung.notify,
            task.group_code,
            task.scope_id,
            task.assignee_id,
            task.community_id,
            task.resident_scope_id,
        )
        told = self.told.get(like)
        if told is None:
            people: dict[int, None] = {}
            for post in rung.notify:
                people.update(dict.fromkeys(self._notified(task, post)))
            told = self.told[like] = [str(actor_id) for actor_id in people], ",".join(rung.notify)
        return told

    def _told_but(self, task: Claimed, rung: Rung, barred: Collection[int]) -> list[str]:
        """Find whom a rung tells of a step that nobody holds and that the trade keeps some people from."""
        query = select(task_candidate.c.group_code, task_candidate.c.scope_id)
        further = self.work.connection.execute(query.where(task_candidate.c.task_id == task.task_id))
        own = [(task.group_code, task.scope_id), *map(tuple, further)]
        people: dict[int, None] = {}
        for post in rung.notify:
            for place in own if post == ASSIGNEE else [(post, _scope(task, post))]:
                people.update(dict.fromkeys(self._members(*place)))
        return [str(actor_id) for actor_id in people if actor_id not in barred]

    def _notified(self, task: Claimed, post: str) -> Sequence[int]:
        if post != ASSIGNEE:
            return self._members(post, _scope(task, post))
        if task.assignee_id is not None:
            return (task.assignee_id,)
        return self._members(task.group_code, task.scope_id)

    def _members(self, group: str, scope_id: int) -> Sequence[int]:
        known = self.recipients.get((group, scope_id))
        if known is None:
            work = self.work
            known = work.engine.directory.recipients(work.connection, group, scope_id, work.now)
            self.recipients[group, scope_id] = known
        return known

    def _widen(self, task: Claimed, post: str) -> None:
        scope_id = _scope(task, post)
        if (post, scope_id) != (task.group_code, task.scope_id):
            candidate = (task.task_id, post, scope_id)
            self.candidates[candidate] = (
                *candidate,
                task.process_key,
                task.step_id,
                task.assignee_id,
                task.rank,
                task.due_sort,
            )

    def _next_job(self, task: Claimed, due_at: datetime) -> None:
        self.jobs.append(
            (task.kind, task.instance_id, task.task_id, task.token, task.step_id, due_at, due_at, 0, False)
        )
        self.work.job_due(due_at)

    def _write(self, job_ids: Sequence[int]) -> None:
        work, connection = self.work, self.work.connection
        for task, error in self.broken:
            incidents.open_for_job(work, task, error)
        connection.execute(delete(job).where(one_of(connection, job.c.id, job_ids)))
        self._forget_known_candidates()
        insert_rows(connection, job, _JOB, self.jobs)
        insert_rows(connection, escalation, _ESCALATION, self.escalations)
        insert_rows(connection, task_candidate, _CANDIDATE, list(self.candidates.values()))
        self._mark_tasks()
        history.record_many(work, self.events)
        if self.messages:
            work.engine.outbox.put_many(connection, self.messages, work.now)

    def _forget_known_candidates(self) -> None:
        """Leave out who is a candidate already; nobody can add one now, because the tasks are locked."""
        if self.candidates:
            connection = self.work.connection
            ids = {task_id for task_id, _, _ in self.candidates}
            query = select(task_candidate.c.task_id, task_candidate.c.group_code, task_candidate.c.scope_id)
            for task_id, group, scope_id in connection.execute(
                query.where(one_of(connection, task_candidate.c.task_id, ids))
            ):
                self.candidates.pop((task_id, group, scope_id), None)

    def _mark_tasks(self) -> None:
        connection = self.work.connection
        for (is_late, level), ids in self.marks.items():
            values: dict[str, Any] = {"overdue_at": self.work.now} if is_late else {}
            if level:
                values["level"] = level
            connection.execute(
                update(user_task).where(one_of(connection, user_task.c.id, ids)).values(values)
            )


def _scope(task: Claimed, group: str) -> int:
    """Residents are found by house, staff by community."""
    if group == RESIDENTS and task.resident_scope_id is not None:
        return int(task.resident_scope_id)
    return int(task.community_id)


def _message(task: Claimed, level: int, due_at: datetime, told: list[str]) -> OutboxItem:
    task_id = str(task.task_id)
    return OutboxItem(
        "notify",
        {
            "template": "task_escalated" if level else "task_warning",
            "to": told,
            "task_id": task_id,
            "instance_id": str(task.instance_id),
            "level": level,
            "due_at": due_at.isoformat(),
        },
        f"task:{task_id}:level:{level}",
    )
