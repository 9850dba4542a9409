"""First half of firing: marks late tasks and escalates in bulk, so that lists and reports are right."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, literal, select, tuple_, update

from engine import history, incidents, limits
from engine.calendar import Calendar, calendar_of
from engine.clock import SettableClock
from engine.escalation import ASSIGNEE, WARNING, Due, Happening, Ladder, Rung, agenda
from engine.history import Event
from engine.ids import new_id
from engine.ports import SYSTEM, Json, OutboxItem
from engine.store.dialects import insert_many
from engine.store.tables import escalation, instance, job, task_candidate, user_task
from engine.store.types import UtcDateTime
from engine.work import Engine, Work

BATCH = 1000
RESIDENTS = "resident"
_EVENTS = {Happening.WARNING: "warned", Happening.OVERDUE: "overdue", Happening.RUNG: "escalated"}

Claimed = Row[*tuple[Any, ...]]
_Place = tuple[datetime, int]


def sweep(engine: Engine, now: datetime) -> int:
    """Fire every warning, due date and rung that is due, each once, in batches of one transaction.

    Args:
        now: the moment of the tick; everything is judged and stamped by it.
    Returns:
        How many tasks something happened to.
    """
    stopped = replace(engine, clock=SettableClock(now))
    total = 0
    place: _Place | None = None
    while True:
        claimed = stopped.run(SYSTEM, partial(_fire_batch, after=place))
        total += len(claimed)
        if len(claimed) < BATCH:
            return total
        place = (claimed[-1].job_due_at, claimed[-1].id)


def _fire_batch(work: Work, after: _Place | None) -> Sequence[Claimed]:
    claimed = _claim(work, after)
    if claimed:
        _Batch(work).fire(claimed)
    return claimed


def _claim(work: Work, after: _Place | None) -> Sequence[Claimed]:
    """Lock the next due jobs with their tasks and cases; whatever somebody else holds is left for later.

    The case is locked too: the rows written below refer to it, and waiting for somebody who completes a
    step, and who will then wait for the job locked here, would be a deadlock.
    """
    query = (
        select(
            job.c.id,
            job.c.kind,
            job.c.instance_id,
            job.c.due_at.label("job_due_at"),
            job.c.task_id,
            job.c.token,
            user_task.c.process_key,
            user_task.c.path,
            user_task.c.step_id,
            user_task.c.group_code,
            user_task.c.scope_id,
            user_task.c.assignee_id,
            user_task.c.rank,
            user_task.c.opened_at,
            user_task.c.clock,
            user_task.c.ladder,
            user_task.c.due_at,
            user_task.c.original_due_at,
            user_task.c.due_sort,
            user_task.c.follow_up_at,
            user_task.c.overdue_at,
            user_task.c.level,
            user_task.c.paused_seconds,
            instance.c.bundle_id,
            instance.c.scope_id.label("community_id"),
            instance.c.resident_scope_id,
        )
        .join(user_task, user_task.c.id == job.c.task_id)
        .join(instance, instance.c.id == job.c.instance_id)
        .where(job.c.kind == "deadline", ~job.c.held, job.c.due_at <= work.now)
        .order_by(job.c.due_at, job.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return work.connection.execute(query if after is None else query.where(_comes_after(after))).all()


def _comes_after(place: _Place) -> ColumnElement[bool]:
    return tuple_(job.c.due_at, job.c.id) > tuple_(literal(place[0], UtcDateTime), literal(place[1]))


@dataclass
class _Batch:
    """What a batch of due tasks adds up to, written with a handful of statements."""

    work: Work
    calendars: dict[str, Calendar] = field(default_factory=dict)
    recipients: dict[tuple[str, int], Sequence[int]] = field(default_factory=dict)
    escalations: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    candidates: dict[tuple[int, str, int], dict[str, Any]] = field(default_factory=dict)
    messages: list[OutboxItem] = field(default_factory=list)
    events: list[tuple[int, Event]] = field(default_factory=list)
    overdue: set[int] = field(default_factory=set)
    levels: dict[int, int] = field(default_factory=dict)
    broken: list[tuple[Claimed, Exception]] = field(default_factory=list)

    def fire(self, claimed: Sequence[Claimed]) -> None:
        """Let everything due happen to the tasks, and write their next jobs."""
        fired = self._fired_levels(claimed)
        for task in claimed:
            try:
                ladder, coming = self._coming(task, fired[task.task_id])
            except Exception as error:  # noqa: BLE001  # the timer loop's edge: one bad ladder stops no other task
                self.broken.append((task, error))
                continue
            self._take(task, ladder, coming)
        self._write([task.id for task in claimed])

    def _fired_levels(self, claimed: Sequence[Claimed]) -> dict[int, set[int]]:
        fired: dict[int, set[int]] = defaultdict(set)
        ids = [task.task_id for task in claimed if task.ladder is not None or task.follow_up_at is not None]
        if ids:
            query = select(escalation.c.task_id, escalation.c.level).where(escalation.c.task_id.in_(ids))
            for task_id, level in self.work.connection.execute(query):
                fired[task_id].add(level)
        return fired

    def _coming(self, task: Claimed, fired: set[int]) -> tuple[Ladder, list[Due]]:
        work = self.work
        ladder = limits.ladder_of(work, task.bundle_id, task.ladder)
        calendar = self.calendars.get(task.clock)
        if calendar is None:
            calendar = self.calendars[task.clock] = calendar_of(work, task.clock)
        return ladder, agenda(limits.times_of(task, fired), ladder, calendar)

    def _take(self, task: Claimed, ladder: Ladder, coming: Sequence[Due]) -> None:
        rungs = {rung.level: rung for rung in (WARNING, *ladder)}
        for due in coming:
            if due.at > self.work.now:
                self._next_job(task, due.at)
                break
            if due.what is Happening.OVERDUE:
                self.overdue.add(task.task_id)
            else:
                self._climb(task, rungs[due.level], due.at)
            detail: dict[str, Json] | None = {"level": due.level} if due.level else None
            event = Event(_EVENTS[due.what], task.step_id, task.path, task.task_id, None, due.at, detail)
            self.events.append((task.instance_id, event))

    def _climb(self, task: Claimed, rung: Rung, due_at: datetime) -> None:
        """Tell those whom the rung names, and widen the candidates; nothing is done about the step itself."""
        told = self._told(task, rung)
        self.escalations.append(
            {
                "id": new_id(),
                "task_id": task.task_id,
                "instance_id": task.instance_id,
                "level": rung.level,
                "ladder": task.ladder or "",
                "notified": ",".join(rung.notify),
                "widened_to": rung.widen,
                "due_at": due_at,
                "fired_at": self.work.now,
            }
        )
        if rung.level:
            self.levels[task.task_id] = max(rung.level, task.level, self.levels.get(task.task_id, 0))
        if rung.widen is not None:
            self._widen(task, rung.widen)
        if told:
            self.messages.append(_message(task, rung, told, due_at))

    def _told(self, task: Claimed, rung: Rung) -> list[int]:
        told: dict[int, None] = {}
        for post in rung.notify:
            if post != ASSIGNEE:
                told.update(dict.fromkeys(self._members(post, _scope(task, post))))
            elif task.assignee_id is not None:
                told[task.assignee_id] = None
            else:
                told.update(dict.fromkeys(self._members(task.group_code, task.scope_id)))
        return list(told)

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
            self.candidates[task.task_id, post, scope_id] = {
                "task_id": task.task_id,
                "group_code": post,
                "scope_id": scope_id,
                "process_key": task.process_key,
                "assignee_id": task.assignee_id,
                "rank": task.rank,
                "due_sort": task.due_sort,
            }

    def _next_job(self, task: Claimed, due_at: datetime) -> None:
        self.jobs.append(
            {
                "id": new_id(),
                "kind": task.kind,
                "instance_id": task.instance_id,
                "task_id": task.task_id,
                "token": task.token,
                "step_id": task.step_id,
                "due_at": due_at,
                "scheduled_at": due_at,
                "attempts": 0,
                "held": False,
            }
        )
        self.work.job_due(due_at)

    def _write(self, job_ids: Sequence[int]) -> None:
        work = self.work
        for task, error in self.broken:
            incidents.open_for_job(work, task, error)
        work.connection.execute(delete(job).where(job.c.id.in_(job_ids)))
        self._forget_known_candidates()
        for table, rows in (
            (job, self.jobs),
            (escalation, self.escalations),
            (task_candidate, list(self.candidates.values())),
        ):
            if rows:
                insert_many(work.connection, table, rows)
        self._mark_tasks()
        history.record_many(work, self.events)
        if self.messages:
            work.engine.outbox.put_many(work.connection, self.messages, work.now)

    def _forget_known_candidates(self) -> None:
        """Leave out who is a candidate already; nobody can add one now, because the tasks are locked."""
        if self.candidates:
            ids = {task_id for task_id, _, _ in self.candidates}
            query = select(
                task_candidate.c.task_id, task_candidate.c.group_code, task_candidate.c.scope_id
            ).where(task_candidate.c.task_id.in_(ids))
            for task_id, group, scope_id in self.work.connection.execute(query):
                self.candidates.pop((task_id, group, scope_id), None)

    def _mark_tasks(self) -> None:
        alike: dict[tuple[bool, int], list[int]] = defaultdict(list)
        for task_id in self.overdue | self.levels.keys():
            alike[task_id in self.overdue, self.levels.get(task_id, 0)].append(task_id)
        for (is_overdue, level), ids in alike.items():
            values: dict[str, Any] = {"overdue_at": self.work.now} if is_overdue else {}
            if level:
                values["level"] = level
            self.work.connection.execute(update(user_task).where(user_task.c.id.in_(ids)).values(values))


def _scope(task: Claimed, group: str) -> int:
    """Residents are found by house, staff by community."""
    if group == RESIDENTS and task.resident_scope_id is not None:
        return int(task.resident_scope_id)
    return int(task.community_id)


def _message(task: Claimed, rung: Rung, told: Sequence[int], due_at: datetime) -> OutboxItem:
    return OutboxItem(
        name="notify",
        args={
            "template": "task_escalated" if rung.level else "task_warning",
            "to": [str(actor_id) for actor_id in told],
            "task_id": str(task.task_id),
            "instance_id": str(task.instance_id),
            "level": rung.level,
            "due_at": due_at.isoformat(),
        },
        dedup_key=f"task:{task.task_id}:level:{rung.level}",
    )
