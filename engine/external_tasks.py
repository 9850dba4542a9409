"""Work that programs outside do: fetched with a lock, finished, failed or ended by a BPMN error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, or_, select, update

from engine import definitions, history, stepping, stuck
from engine.bilingual import Text, named
from engine.errors import EngineError, NotFound, RuleBroken
from engine.history import Event
from engine.ids import new_id
from engine.ports import Json
from engine.rights import Case
from engine.service_tasks import checked_json
from engine.store.tables import external_task, incident, instance
from engine.work import Work

PERMISSION = "external_task.work"
OPERATE = "instance.operate"
MOST_AT_ONCE = 100
LONGEST_LOCK = timedelta(hours=24)


class Order(StrEnum):
    """What comes first when work is fetched; Camunda says `usePriority`, or `sorting` by `createTime`."""

    PRIORITY = "priority"
    OLDEST = "oldest"
    NEWEST = "newest"


_BY: Mapping[Order, ColumnElement[Any]] = {
    Order.PRIORITY: external_task.c.priority.desc(),
    Order.OLDEST: external_task.c.created_at.asc(),
    Order.NEWEST: external_task.c.created_at.desc(),
}


class ExternalTaskNotFound(EngineError, NotFound):
    """No such open external task."""


@dataclass(frozen=True, slots=True)
class FetchedTask:
    """A locked piece of outside work.

    Attributes:
        inputs: the process variables that its topic declares, by name.
        locked_until: after this moment another worker may fetch it.
    """

    id: int
    topic: str
    instance_id: int
    process_key: str
    business_key: str
    step_id: str
    inputs: dict[str, Json]
    retries: int | None
    priority: int
    created_at: datetime
    worker_id: str
    locked_until: datetime


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A piece of outside work that is not done yet, as those who operate its case see it.

    Attributes:
        step_name: of the step, or its id where it has none.
        worker_id: who has it, until `locked_until`; "" where nobody has.
        retries: how often it may still be fetched; None before it failed the first time.
    """

    id: int
    business_key: str
    title: str
    title_en: str
    topic: str
    step_name: Text
    waiting_since: datetime
    worker_id: str
    locked_until: datetime | None
    retries: int | None
    error_message: str


def open_tasks(work: Work, limit: int = MOST_AT_ONCE) -> list[OpenTask]:
    """Return the outside work of the communities whose cases the actor may operate, oldest first."""
    rows = work.connection.execute(
        select(
            external_task,
            instance.c.title,
            instance.c.title_en,
            instance.c.scope_id.label("scope_id"),
            instance.c.bundle_id,
        )
        .join(instance, instance.c.id == external_task.c.instance_id)
        .where(instance.c.state == "active")
        .order_by(external_task.c.id)
    )
    visible = (row for row in rows if work.may(OPERATE, row.scope_id))
    return [_opened(work, row) for row in islice(visible, limit)]


def _opened(work: Work, row: Row[Any]) -> OpenTask:
    program = definitions.program(work.engine, work.connection, row.bundle_id)
    step = program.steps[program.process_at(row.path.split("/") if row.path else ()), row.step_id]
    is_held = row.locked_until is not None and row.locked_until > work.now
    return OpenTask(
        id=row.id,
        business_key=row.business_key,
        title=row.title,
        title_en=row.title_en,
        topic=row.topic,
        step_name=named(step) if step.name else row.step_id,
        waiting_since=row.created_at,
        worker_id=row.worker_id or "" if is_held else "",
        locked_until=row.locked_until if is_held else None,
        retries=row.retries,
        error_message=row.error_message or "",
    )


def fetch_and_lock(
    work: Work,
    worker_id: str,
    topics: Sequence[str],
    *,
    most: int,
    lock_for: timedelta,
    order: Sequence[Order] = (Order.PRIORITY,),
) -> list[FetchedTask]:
    """Lock free tasks of some topics for one worker, and return them in the order they were asked for.

    Args:
        order: what comes first, and what where that is the same; after all of it the oldest.
    Raises:
        NotPermitted: the actor is no outside worker.
        RuleBroken: a bound was exceeded.
    """
    work.require(PERMISSION)
    if not 1 <= most <= MOST_AT_ONCE:
        raise RuleBroken("too_many", "一次最多领取 {most} 项，收到 {asked}", most=MOST_AT_ONCE, asked=most)
    locked_until = work.now + _checked_lock(lock_for)
    ordered = (*(_BY[one] for one in order), external_task.c.id)
    free = (
        select(external_task.c.id)
        .join(instance, instance.c.id == external_task.c.instance_id)
        .where(
            external_task.c.topic.in_(list(topics)),
            instance.c.state == "active",
            or_(external_task.c.retries.is_(None), external_task.c.retries > 0),
            or_(external_task.c.locked_until.is_(None), external_task.c.locked_until <= work.now),
        )
        .order_by(*ordered)
        .limit(most)
        .with_for_update(skip_locked=True, of=external_task)
    )
    ids = list(work.connection.scalars(free))
    if not ids:
        return []
    work.connection.execute(
        update(external_task)
        .where(external_task.c.id.in_(ids))
        .values(worker_id=worker_id, locked_until=locked_until, error_message=None)
    )
    rows = work.connection.execute(
        select(external_task).where(external_task.c.id.in_(ids)).order_by(*ordered)
    )
    return [_fetched(row) for row in rows]


def _checked_lock(span: timedelta) -> timedelta:
    if not timedelta(0) < span <= LONGEST_LOCK:
        raise RuleBroken("lock_duration", "锁定时长须大于 0 且不超过 24 小时")
    return span


def _fetched(row: Row[Any]) -> FetchedTask:
    return FetchedTask(
        id=row.id,
        topic=row.topic,
        instance_id=row.instance_id,
        process_key=row.process_key,
        business_key=row.business_key,
        step_id=row.step_id,
        inputs=row.inputs,
        retries=row.retries,
        priority=row.priority,
        created_at=row.created_at,
        worker_id=row.worker_id,
        locked_until=row.locked_until,
    )


def _owned(work: Work, task_id: int, worker_id: str) -> tuple[Case, Row[Any]]:
    """Lock the case of a task that this worker holds."""
    work.require(PERMISSION)
    its_case = select(external_task.c.instance_id).where(external_task.c.id == task_id).scalar_subquery()
    case = work.connection.execute(
        select(instance).where(instance.c.id == its_case).with_for_update()
    ).one_or_none()
    task = work.connection.execute(select(external_task).where(external_task.c.id == task_id)).one_or_none()
    if case is None or task is None:
        raise ExternalTaskNotFound("external_task_not_found", "没有编号为 {id} 的外部任务", id=str(task_id))
    if task.worker_id != worker_id or task.locked_until is None or task.locked_until <= work.now:
        raise RuleBroken(
            "not_locked_by_worker", "外部任务 {id} 没有被“{worker}”锁定", id=str(task_id), worker=worker_id
        )
    stepping.require_active(case)
    return case, task


def complete(work: Work, task_id: int, worker_id: str, variables: dict[str, Json]) -> None:
    """Finish a task; only outputs that its topic declares enter process data.

    Raises:
        ExternalTaskNotFound; RuleBroken: not this worker's, or an undeclared output.
    """
    case, task = _owned(work, task_id, worker_id)
    _require_declared(work, case, task.topic, variables)
    stepping.move(work, case, lambda run, host: run.complete(host, task.token, variables))


def bpmn_error(work: Work, task_id: int, worker_id: str, code: str, variables: dict[str, Json]) -> None:
    """End a task by a BPMN error; one that no boundary event catches becomes an incident."""
    case, task = _owned(work, task_id, worker_id)
    _require_declared(work, case, task.topic, variables)
    caught = []
    stepping.move(
        work,
        case,
        lambda run, host: caught.append(run.raise_error(host, task.token, code, variables)),
    )
    if not caught[-1]:
        _failed(work, case, task, f"BPMN error {code}", retries=0, retry_after=timedelta(0))


def failure(
    work: Work, task_id: int, worker_id: str, message: str, *, retries: int, retry_after: timedelta
) -> None:
    """Report that a task failed; without retries left it becomes an incident."""
    case, task = _owned(work, task_id, worker_id)
    _failed(work, case, task, message[:2000], retries=max(retries, 0), retry_after=retry_after)


def _failed(
    work: Work, case: Case, task: Row[Any], message: str, *, retries: int, retry_after: timedelta
) -> None:
    work.connection.execute(
        update(external_task)
        .where(external_task.c.id == task.id)
        .values(
            retries=retries,
            error_message=message,
            worker_id=None,
            locked_until=work.now + retry_after if retries and retry_after else None,
        )
    )
    if retries:
        return
    incident_id = new_id()
    work.connection.execute(
        insert(incident).values(
            id=incident_id,
            instance_id=case.id,
            kind="external",
            path=task.path,
            step_id=task.step_id,
            token=task.token,
            job_id=task.id,
            message=message,
            opened_at=work.now,
        )
    )
    stuck.tell(work, case.id, [incident_id])
    history.record(work, case.id, [Event("incident", task.step_id, task.path)])


def set_retries(work: Work, task_id: int, retries: int) -> None:
    """Let a task that ran out of retries be fetched again."""
    row = work.connection.execute(
        select(external_task.c.id, instance.c.scope_id)
        .join(instance, instance.c.id == external_task.c.instance_id)
        .where(external_task.c.id == task_id)
    ).one_or_none()
    if row is None:
        raise ExternalTaskNotFound("external_task_not_found", "没有编号为 {id} 的外部任务", id=str(task_id))
    work.require(OPERATE, row.scope_id)
    work.connection.execute(
        update(external_task).where(external_task.c.id == task_id).values(retries=retries)
    )


def extend_lock(work: Work, task_id: int, worker_id: str, lock_for: timedelta) -> None:
    """Keep a task locked for longer, counted from now."""
    _, task = _owned(work, task_id, worker_id)
    work.connection.execute(
        update(external_task)
        .where(external_task.c.id == task.id)
        .values(locked_until=work.now + _checked_lock(lock_for))
    )


def unlock(work: Work, task_id: int) -> None:
    """Give a task back at once: for outside workers, and for those who operate its case."""
    row = work.connection.execute(
        select(
            external_task.c.instance_id, external_task.c.step_id, external_task.c.path, instance.c.scope_id
        )
        .join(instance, instance.c.id == external_task.c.instance_id)
        .where(external_task.c.id == task_id)
    ).one_or_none()
    if row is None:
        raise ExternalTaskNotFound("external_task_not_found", "没有编号为 {id} 的外部任务", id=str(task_id))
    if not work.may(PERMISSION):
        work.require(OPERATE, row.scope_id)
    work.connection.execute(
        update(external_task).where(external_task.c.id == task_id).values(worker_id=None, locked_until=None)
    )
    history.record(work, row.instance_id, [Event("unlocked", row.step_id, row.path)])


def _require_declared(work: Work, case: Case, topic: str, variables: dict[str, Json]) -> None:
    declared = definitions.program_of(work, case).topics.services[topic].outputs
    unknown = sorted(set(variables) - set(declared))
    if unknown:
        raise RuleBroken(
            "undeclared_output",
            "主题“{topic}”没有声明输出 {names}",
            topic=topic,
            names="、".join(unknown),
        )
    checked_json(variables)
