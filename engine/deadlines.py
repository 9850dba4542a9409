"""Pauses and moves the due date of an open step, each with a reason that stays."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from engine import definitions, history, limits, stepping, tasks
from engine.bilingual import named
from engine.bpmn.runtime import Run
from engine.calendar import Calendar, calendar_of
from engine.durations import Duration, in_words
from engine.errors import AlreadyDone, NotPermitted, RuleBroken
from engine.escalation import agenda
from engine.history import Event
from engine.hosting import CaseHost
from engine.ids import new_id
from engine.ports import Json
from engine.rights import Case, Right, Task, local, right_to
from engine.store.tables import due_change, escalation, job, task_candidate, user_task
from engine.work import Work

MOVE_PERMISSION = "task.move_due"
APPROVE_PAUSE_PERMISSION = "task.approve_pause"
PAUSE_DECISION = "pause"
_REASON_LENGTH = 500
_EVENTS = {"pause": "paused", "unpause": "unpaused", "move": "due_moved"}


@dataclass(frozen=True, slots=True)
class PauseRule:
    """What the table of pauses says about one reason.

    Attributes:
        longest: how long one pause may last.
        free: up to which length the first pause of a task needs no approval.
    """

    longest: Duration
    free: Duration


@dataclass(frozen=True, slots=True)
class DueChange:
    """A pause, its end, or a move, as the task's page shows it."""

    kind: str
    at: datetime
    actor_id: int
    reason: str
    old_due_at: datetime | None
    new_due_at: datetime | None


# --- pausing -----------------------------------------------------------------------------------------------


def pause(work: Work, task_id: int, reason: str, until: datetime) -> None:
    """Stop the clock of a task until a planned moment, for a reason of the table of pauses.

    The due date moves by the working time in between; the timers of the step that are marked `pausable`
    move with it. The clock goes on by itself at `until`.

    Raises:
        Refused: the step cannot be paused, it is late already, the reason is unknown, or it takes too long.
        TaskGone: a timer that ends the step is due, though the clock has not fired it yet.
        NotPermitted: a long or a second pause, by somebody who may not approve one.
    """
    case, task = tasks.locked(work, task_id)
    right = _require_concerned(work, task, case)
    _require_timers_ahead(work, case, task)
    _require_pausable(work, task)
    rule = _pause_rule(work, case, reason)
    _require_length(work, case, task, rule, until)
    calendar = calendar_of(work, task.clock)
    due_at = calendar.add(task.due_at, calendar.between(work.now, until))
    _store_due(
        work,
        task,
        due_at,
        paused_at=work.now,
        paused_until=until,
        pause_reason=reason,
        pause_count=task.pause_count + 1,
    )
    _put_off_timers(work, case, task, until - work.now)
    _set_job(work, task, "unpause", until)
    _record(work, task, _Change("pause", reason, due_at, right.on_behalf_of))


def unpause(work: Work, task_id: int) -> None:
    """Let the clock of a paused task go on.

    When the planned moment is already past, the pause ended then, however late this is called.

    Raises:
        AlreadyDone: the task is not paused.
    """
    case, task = tasks.locked(work, task_id)
    right = _require_concerned(work, task, case)
    if task.paused_at is None:
        raise AlreadyDone("not_paused", "任务“{name}”没有暂停计时", name=named(task))
    calendar = calendar_of(work, task.clock)
    ended_at = min(work.now, task.paused_until)
    length = calendar.between(task.paused_at, ended_at)
    due_at = calendar.add(_due_before_pause(work, task), length)
    follow_up_at = task.follow_up_at and calendar.add(task.follow_up_at, length)
    _store_due(
        work,
        task,
        due_at,
        follow_up_at=follow_up_at,
        paused_at=None,
        paused_until=None,
        pause_reason=None,
        paused_seconds=task.paused_seconds + round(length.total_seconds()),
    )
    _put_off_timers(work, case, task, ended_at - task.paused_until)
    _arm(work, case, task_id)
    _record(work, task, _Change("unpause", task.pause_reason, due_at, right.on_behalf_of))


def move(work: Work, task_id: int, due_at: datetime, reason: str) -> None:
    """Give a task another due date, as its manager.

    Raises:
        NotPermitted: without `task.move_due` in the case's community.
        Refused: no reason, or a moment that is past.
    """
    case, task = tasks.locked(work, task_id)
    work.require(MOVE_PERMISSION, case.scope_id)
    _move(work, case, task, due_at, reason)


def agree(work: Work, task_id: int, due_at: datetime, reason: str) -> None:
    """Give a task the due date that its people agreed on; the calling command has checked that they may.

    Raises:
        Refused: as `move`.
    """
    case, task = tasks.locked(work, task_id)
    _move(work, case, task, due_at, reason)


def _move(work: Work, case: Case, task: Task, due_at: datetime, reason: str) -> None:
    reason = reason.strip()[:_REASON_LENGTH]
    if not reason:
        raise RuleBroken("reason_missing", "请填写调整时限的原因")
    if due_at <= work.now:
        raise RuleBroken("due_in_the_past", "新的时限 {at} 已过去", at=local(work, due_at))
    if task.paused_at is not None:
        raise AlreadyDone("is_paused", "任务“{name}”正在暂停，请先恢复计时", name=named(task))
    follow_up_at = _moved_with(calendar_of(work, task.clock), task, due_at)
    _store_due(work, task, due_at, follow_up_at=follow_up_at, overdue_at=None)
    _arm(work, case, task.id)
    _record(work, task, _Change("move", reason, due_at))


def rearm(work: Work, instance_id: int, token: str) -> None:
    """Write the job of an open step anew, after an incident took it; do nothing when the step is gone."""
    case = stepping.locked(work, instance_id)
    task = work.connection.execute(
        select(user_task).where(user_task.c.instance_id == instance_id, user_task.c.token == token)
    ).one_or_none()
    if task is None:
        return
    if task.paused_at is not None:
        _set_job(work, task, "unpause", task.paused_until)
    else:
        _arm(work, case, task.id)


def changes(work: Work, task_id: int) -> list[DueChange]:
    """Return what was done to a task's due date, oldest first; the caller has checked who asks."""
    rows = work.connection.execute(
        select(due_change).where(due_change.c.task_id == task_id).order_by(due_change.c.id)
    )
    return [
        DueChange(row.kind, row.at, row.actor_id, row.reason, row.old_due_at, row.new_due_at) for row in rows
    ]


# --- the rules of a pause ----------------------------------------------------------------------------------


def _require_concerned(work: Work, task: Task, case: Case) -> Right:
    """Let those who may do the step pause it, and those who may move its due date."""
    right = right_to(work, task)
    if right is None:
        work.require(MOVE_PERMISSION, case.scope_id)
    return right or Right()


def _require_timers_ahead(work: Work, case: Case, task: Task) -> None:
    """Refuse to put off what should have happened by now: the step ends with the next tick of the clock."""
    now = work.now.isoformat()
    own = (known for known in case.waits.values() if known.get("of") == task.token)
    if any(known.get("i") and known["d"] <= now for known in own):
        raise tasks.timed_out(task)


def _require_pausable(work: Work, task: Task) -> None:
    if not task.pausable or task.due_at is None:
        raise RuleBroken("not_pausable", "步骤“{name}”的计时不能暂停", name=named(task))
    if task.paused_at is not None:
        raise AlreadyDone("is_paused", "任务“{name}”已在暂停中", name=named(task))
    if work.now > task.due_at:
        raise RuleBroken(
            "too_late_to_pause", "任务“{name}”已超时，不能暂停；请主管先调整时限", name=named(task)
        )


def _pause_rule(work: Work, case: Case, reason: str) -> PauseRule:
    program = definitions.program_of(work, case)
    known = PAUSE_DECISION in program.decisions
    rows = program.decide(PAUSE_DECISION, {"reason": reason}) if known else []
    if not rows:
        raise RuleBroken("pause_reason_unknown", "“{reason}”不是可选的暂停原因", reason=reason)
    return PauseRule(_duration(rows[0]["longest"]), _duration(rows[0]["free"]))


def _duration(cell: object) -> Duration:
    return cell if isinstance(cell, Duration) else Duration.parse(str(cell))


def _require_length(work: Work, case: Case, task: Task, rule: PauseRule, until: datetime) -> None:
    zone = work.engine.zone
    if until <= work.now:
        raise RuleBroken("resume_in_the_past", "恢复时间须晚于现在")
    latest = rule.longest.after(work.now, zone)
    if until > latest:
        raise RuleBroken("pause_too_long", "此原因最多暂停到 {latest}", latest=local(work, latest))
    is_long = until > rule.free.after(work.now, zone)
    if (is_long or task.pause_count) and not work.may(APPROVE_PAUSE_PERMISSION, case.scope_id):
        raise NotPermitted(
            "pause_needs_approval",
            "暂停超过 {free} 或再次暂停，须由主管办理",
            free=in_words(rule.free),
        )


# --- writing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    kind: str
    reason: str
    due_at: datetime
    on_behalf_of: int | None = None


def _moved_with(calendar: Calendar, task: Task, due_at: datetime) -> datetime | None:
    """Keep the distance of the early warning from the due date, but not before the opening."""
    warning: datetime | None = task.follow_up_at
    before: datetime | None = task.due_at
    if warning is None or before is None:
        return warning
    elapsed = calendar.between(task.opened_at, warning)
    elapsed += calendar.between(before, due_at) - calendar.between(due_at, before)
    return calendar.add(task.opened_at, elapsed)


def _store_due(work: Work, task: Task, due_at: datetime, **values: Any) -> None:
    work.connection.execute(
        update(user_task).where(user_task.c.id == task.id).values(due_at=due_at, due_sort=due_at, **values)
    )
    work.connection.execute(
        update(task_candidate).where(task_candidate.c.task_id == task.id).values(due_sort=due_at)
    )


def _arm(work: Work, case: Case, task_id: int) -> None:
    """Write the one job of a task anew, after its times changed."""
    task = work.connection.execute(select(user_task).where(user_task.c.id == task_id)).one()
    fired = work.connection.scalars(select(escalation.c.level).where(escalation.c.task_id == task_id))
    ladder = limits.ladder_of(work, case.bundle_id, task.ladder)
    coming = agenda(limits.times_of(task, fired), ladder, calendar_of(work, task.clock))
    _set_job(work, task, "deadline", coming[0].at if coming else None)


def _set_job(work: Work, task: Task, kind: str, due_at: datetime | None) -> None:
    work.connection.execute(delete(job).where(job.c.task_id == task.id))
    if due_at is None:
        return
    work.connection.execute(
        insert(job).values(
            id=new_id(),
            kind=kind,
            instance_id=task.instance_id,
            task_id=task.id,
            token=task.token,
            step_id=task.step_id,
            due_at=due_at,
            scheduled_at=due_at,
        )
    )
    work.job_due(due_at)


def _put_off_timers(work: Work, case: Case, task: Task, by: timedelta) -> None:
    """Move the timers that stand on a step and are marked `pausable`."""
    due = {
        token: datetime.fromisoformat(known["d"])
        for token, known in case.waits.items()
        if known.get("of") == task.token
    }

    def put_off(run: Run, _host: CaseHost) -> None:
        for token, due_at in due.items():
            run.move_timer(token, due_at + by)

    if due:
        stepping.move(work, case, put_off)


def _due_before_pause(work: Work, task: Task) -> datetime:
    """Read what the due date was when the running pause began."""
    found = work.connection.execute(
        select(due_change.c.old_due_at)
        .where(due_change.c.task_id == task.id, due_change.c.kind == "pause")
        .order_by(due_change.c.id.desc())
        .limit(1)
    ).scalar_one()
    assert isinstance(found, datetime)  # only a task with a due date can be paused
    return found


def _record(work: Work, task: Task, change: _Change) -> None:
    work.connection.execute(
        insert(due_change).values(
            id=new_id(),
            task_id=task.id,
            instance_id=task.instance_id,
            kind=change.kind,
            old_due_at=task.due_at,
            new_due_at=change.due_at,
            reason=change.reason,
            actor_id=work.actor.id,
            at=work.now,
        )
    )
    detail: dict[str, Json] = {
        "reason": change.reason,
        "from": task.due_at.isoformat() if task.due_at else None,
        "to": change.due_at.isoformat(),
    }
    event = Event(
        _EVENTS[change.kind], task.step_id, task.path, task.id, change.on_behalf_of, change.due_at, detail
    )
    history.record(work, task.instance_id, [event])
