"""Reminds people of an open task at a moment of their own; neither limits nor others notice."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from engine import following, inbox, rights
from engine.errors import RuleBroken
from engine.inbox import TaskRow
from engine.ports import SYSTEM, OutboxItem
from engine.store.tables import instance, task_reminder, user_task
from engine.work import Engine, Work

MOST = 100
LONGEST = timedelta(days=366)
_COUNTED = select(func.count()).where(task_reminder.c.actor_id == bindparam("actor_id"))


@dataclass(frozen=True, slots=True)
class Reminder:
    """A task that somebody wants to be reminded of."""

    row: TaskRow
    remind_at: datetime
    is_due: bool


def remind_me(work: Work, task_id: int, remind_at: datetime) -> None:
    """Have the actor reminded of a task at a moment; a moment chosen before is forgotten.

    Raises:
        TaskGone, TaskNotFound, NotPermitted: the task is not the actor's to look at.
        RuleBroken: the moment is past or too far away, or there are too many reminders.
    """
    if not work.now < remind_at <= work.now + LONGEST:
        raise RuleBroken("bad_reminder", "提醒时间须在现在之后、一年之内")
    inbox.detail(work, task_id)
    drop(work, task_id)
    if count(work) >= MOST:
        raise RuleBroken("too_many_reminders", "最多设 {most} 个提醒，请先取消一些", most=MOST)
    work.connection.execute(
        task_reminder.insert().values(
            task_id=task_id, actor_id=work.actor.id, remind_at=remind_at, set_at=work.now
        )
    )


def drop(work: Work, task_id: int) -> None:
    """Have the actor not reminded of a task, or not any longer."""
    work.connection.execute(
        delete(task_reminder).where(
            task_reminder.c.task_id == task_id, task_reminder.c.actor_id == work.actor.id
        )
    )


def moment(work: Work, task_id: int) -> datetime | None:
    """Return when the actor is or was reminded of a task; None where they did not ask."""
    found: datetime | None = work.connection.execute(
        select(task_reminder.c.remind_at).where(
            task_reminder.c.task_id == task_id, task_reminder.c.actor_id == work.actor.id
        )
    ).scalar_one_or_none()
    return found


def count(work: Work) -> int:
    """Count the tasks that the actor wants to be reminded of."""
    number: int = work.connection.execute(_COUNTED, {"actor_id": work.actor.id}).scalar_one()
    return number


def every(work: Work) -> tuple[Reminder, ...]:
    """List the actor's reminders of tasks that they may still look at, the earliest first."""
    return _read(work)


def due(work: Work) -> tuple[Reminder, ...]:
    """List those of the actor's reminders whose moment has come."""
    return _read(work, task_reminder.c.remind_at <= work.now)


def _read(work: Work, *conditions: Any) -> tuple[Reminder, ...]:
    wanted = (
        select(task_reminder)
        .where(task_reminder.c.actor_id == work.actor.id, *conditions)
        .order_by(task_reminder.c.remind_at, task_reminder.c.task_id)
    )
    asked: Sequence[Any] = work.connection.execute(wanted).all()
    ids = [one.task_id for one in asked]
    if not ids:
        return ()
    tasks = {one.id: one for one in work.connection.execute(select(user_task).where(user_task.c.id.in_(ids)))}
    of_cases = select(instance).where(instance.c.id.in_({one.instance_id for one in tasks.values()}))
    cases = {one.id: one for one in work.connection.execute(of_cases)}
    found = ((one, tasks[one.task_id], cases[tasks[one.task_id].instance_id]) for one in asked)
    return tuple(
        Reminder(following.step_row(case, task), one.remind_at, one.remind_at <= work.now)
        for one, task, case in found
        if rights.candidate_right(work, task) or rights.right_to(work, task) or rights.may_see(work, case)
    )


def fire_due(engine: Engine) -> int:
    """Send a message for each reminder whose moment has come, once, and return how many there were.

    The pages show them from that moment on, whether this has run or not.
    """
    is_due = (task_reminder.c.fired_at.is_(None), task_reminder.c.remind_at <= engine.clock.now())
    with engine.reading(SYSTEM) as work:
        if work.connection.execute(select(task_reminder.c.task_id).where(*is_due).limit(1)).first() is None:
            return 0
    return engine.run(SYSTEM, _fire)


def _fire(work: Work) -> int:
    # Of two nodes that do this at once the second finds them marked.
    fired = work.connection.execute(
        update(task_reminder)
        .where(task_reminder.c.fired_at.is_(None), task_reminder.c.remind_at <= work.now)
        .values(fired_at=work.now)
        .returning(task_reminder.c.task_id, task_reminder.c.actor_id, task_reminder.c.remind_at)
    ).all()
    told: dict[tuple[int, datetime], list[str]] = defaultdict(list)
    for one in fired:
        told[one.task_id, one.remind_at].append(str(one.actor_id))
    of_tasks = select(user_task.c.id, user_task.c.instance_id, user_task.c.due_at)
    rows = work.connection.execute(of_tasks.where(user_task.c.id.in_({one.task_id for one in fired})))
    tasks = {row.id: row for row in rows}
    messages = [_message(tasks[task_id], at, people) for (task_id, at), people in told.items()]
    if messages:
        work.engine.outbox.put_many(work.connection, messages, work.now)
    return len(fired)


def _message(task: Any, at: datetime, people: list[str]) -> OutboxItem:
    return OutboxItem(
        name="notify",
        args={
            "template": "task_follow_up",
            "to": list(people),
            "task_id": str(task.id),
            "instance_id": str(task.instance_id),
        },
        dedup_key=f"task:{task.id}:follow_up:{at.isoformat()}:{'-'.join(people)}",
    )
