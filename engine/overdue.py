"""Tells managers which open steps are late now or soon will be, in the communities they may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_

from engine.reports import EVERYTHING, Only, narrowed, visible
from engine.store.tables import escalation, instance, user_task
from engine.store.types import UtcDateTime
from engine.work import Work

PAGE = 100
MOST_PAGE = 500
NOBODY = 0
_CASE = (instance.c.business_key, instance.c.title, instance.c.title_en, instance.c.place)


class State(StrEnum):
    """How an open step stands against its limit.

    EXCUSED is past the limit it began with and not late, because its clock stood or its limit was moved.
    """

    LATE = "late"
    SOON = "soon"
    EXCUSED = "excused"


class By(StrEnum):
    """What open late steps are counted by."""

    PROCESS = "process"
    STEP = "step"
    GROUP = "group"
    SCOPE = "scope"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class LateStep:
    """An open step that is late or soon will be.

    Attributes:
        person: display name of who holds it, or "" while nobody does.
        scope_id: community of the case; `task_scope_id` is where its candidates are looked for.
        late_by: since its due date; negative while time is left.
        level: highest rung of its ladder that fired.
        told: posts that its rungs have told, "assignee" among them.
        pause_reason: why its clock stands, until when; None while it runs.
    """

    task_id: int
    instance_id: int
    business_key: str
    title: str
    title_en: str
    place: str
    process_key: str
    step_id: str
    name: str
    name_en: str
    group_code: str
    scope_id: int
    task_scope_id: int
    person_id: int | None
    person: str
    due_at: datetime
    late_by: timedelta
    level: int
    suspended: bool
    state: State
    told: tuple[str, ...]
    original_due_at: datetime
    pause_reason: str | None
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class LatePage:
    """Late steps, the latest first.

    Attributes:
        next: to be given as `after` for the following page; None on the last one.
    """

    steps: tuple[LateStep, ...]
    next: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True)
class LateCount:
    """How much is late within one procedure, step, group, community or person.

    Attributes:
        key: process key; process key, sheet and step; group; community id; or account id (None: nobody
            holds it). Two sheets of one procedure may use the same id for a step.
        worst: how late the latest is; negative while it has time left.
    """

    key: tuple[str | int | None, ...]
    late: int
    soon: int
    excused: int
    worst: timedelta


def overdue_now(
    work: Work,
    only: Only = EVERYTHING,
    *,
    soon: timedelta = timedelta(0),
    after: tuple[datetime, int] | None = None,
    limit: int = PAGE,
    state: State | None = None,
) -> LatePage:
    """List open steps that are late, or will be within `soon`, with who holds them and how late they are.

    Args:
        state: only these; None means the late and the soon late.
    """
    limit = max(1, min(limit, MOST_PAGE))
    query = (
        _late(work, only, _condition(work, soon, state), user_task, *_CASE)
        .add_columns(instance.c.scope_id.label("community_id"))
        .order_by(user_task.c.due_sort, user_task.c.id)
        .limit(limit + 1)
    )
    if after is not None:
        place = tuple_(literal(after[0], UtcDateTime), literal(after[1]))
        query = query.where(tuple_(user_task.c.due_sort, user_task.c.id) > place)
    rows = work.connection.execute(query).all()
    page = rows[:limit]
    held_by = {row.assignee_id for row in page if row.assignee_id is not None}
    names = work.engine.directory.names(work.connection, held_by) if held_by else {}
    following = (page[-1].due_sort, page[-1].id) if len(rows) > limit else None
    told = _told(work, [row.id for row in page])
    return LatePage(tuple(_late_step(work, row, names, told.get(row.id, {})) for row in page), following)


def _told(work: Work, task_ids: Sequence[int]) -> dict[int, dict[str, None]]:
    """Say whom the rungs of each task have told, in the order of the rungs."""
    query = select(escalation.c.task_id, escalation.c.notified).where(escalation.c.task_id.in_(task_ids))
    told: dict[int, dict[str, None]] = {}
    for task_id, notified in work.connection.execute(query.order_by(escalation.c.level)):
        told.setdefault(task_id, {}).update(dict.fromkeys(filter(None, notified.split(","))))
    return told


def _late_step(work: Work, row: Any, names: Mapping[int, str], told: Mapping[str, None]) -> LateStep:
    return LateStep(
        task_id=row.id,
        instance_id=row.instance_id,
        business_key=row.business_key,
        title=row.title,
        title_en=row.title_en,
        place=row.place,
        process_key=row.process_key,
        step_id=row.step_id,
        name=row.name,
        name_en=row.name_en,
        group_code=row.group_code,
        scope_id=row.community_id,
        task_scope_id=row.scope_id,
        person_id=row.assignee_id,
        person=names.get(row.assignee_id, "") if row.assignee_id is not None else "",
        due_at=row.due_at,
        late_by=work.now - row.due_at,
        level=row.level,
        suspended=row.suspended,
        state=_state(work, row),
        told=tuple(told),
        original_due_at=row.original_due_at,
        pause_reason=row.pause_reason,
        paused_until=row.paused_until,
    )


def _state(work: Work, row: Any) -> State:
    if row.due_at <= work.now:
        return State.LATE
    return State.EXCUSED if row.original_due_at <= work.now else State.SOON


_KEYS: Mapping[By, tuple[ColumnElement[Any], ...]] = {
    By.PROCESS: (user_task.c.process_key,),
    By.STEP: (user_task.c.process_key, user_task.c.called_process, user_task.c.step_id),
    By.GROUP: (user_task.c.group_code,),
    By.SCOPE: (instance.c.scope_id,),
    By.PERSON: (user_task.c.assignee_id,),
}


def overdue_counts(
    work: Work, by: By, only: Only = EVERYTHING, *, soon: timedelta = timedelta(0)
) -> list[LateCount]:
    """Count late, soon late and excused open steps, the most late first."""
    keys = _KEYS[by]
    is_late, is_soon, is_excused = _states(work, soon)
    late = _count(is_late)
    first = func.min(user_task.c.due_sort, type_=UtcDateTime)
    query = (
        _late(work, only, is_late | is_soon | is_excused, *keys, late.label("late_count"))
        .add_columns(
            _count(is_soon).label("soon_count"),
            _count(is_excused).label("excused_count"),
            first.label("first_due"),
        )
        .group_by(*keys)
        .order_by(late.desc(), *keys)
    )
    return [
        LateCount(
            key=tuple(row[: len(keys)]),
            late=row.late_count,
            soon=row.soon_count,
            excused=row.excused_count,
            worst=work.now - row.first_due,
        )
        for row in work.connection.execute(query)
    ]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _states(work: Work, soon: timedelta) -> tuple[ColumnElement[bool], ...]:
    """Tell late, soon late and excused steps apart; every open step is at most one of them."""
    due, original = user_task.c.due_sort, user_task.c.original_due_at
    is_excused = (due > work.now) & (original <= work.now)
    is_soon = (due > work.now) & (due <= work.now + soon) & ~((original <= work.now) & original.is_not(None))
    return due <= work.now, is_soon, is_excused


def _condition(work: Work, soon: timedelta, state: State | None) -> ColumnElement[bool]:
    is_late, is_soon, is_excused = _states(work, soon)
    if state is None:
        return user_task.c.due_sort <= work.now + soon
    return {State.LATE: is_late, State.SOON: is_soon, State.EXCUSED: is_excused}[state]


def _late(work: Work, only: Only, condition: ColumnElement[bool], *columns: Any) -> Select[*tuple[Any, ...]]:
    query = (
        select(*columns)
        .select_from(user_task)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .where(condition, *visible(work, instance.c.scope_id, only))
    )
    return query.where(*narrowed(user_task, only, person=user_task.c.assignee_id))
