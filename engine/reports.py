"""Tells managers what is late now, and how limits were kept over time, in the communities they may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Table,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from engine.errors import RuleBroken
from engine.rollup import SUMS, sums_of
from engine.store.tables import instance, step_day, step_delta, step_month, task_history, user_task
from engine.store.types import UtcDateTime
from engine.work import Work

PERMISSION = "report.read"
PAGE = 100
MOST_PAGE = 500
_CASE = (instance.c.business_key, instance.c.title, instance.c.title_en, instance.c.place)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Only:
    """What a report is narrowed to; None means all that the actor may see.

    Attributes:
        scope_id: community.
        person_id: account that holds the step.
    """

    process_key: str | None = None
    step_id: str | None = None
    group_code: str | None = None
    scope_id: int | None = None
    person_id: int | None = None


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
        late_by: since its due date; negative while time is left.
        level: highest rung of its ladder that fired.
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
    person_id: int | None
    person: str
    due_at: datetime
    late_by: timedelta
    level: int
    suspended: bool


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
        key: process key; process key and step; group; community id; or account id (None: nobody holds it).
        worst: how late the latest is; negative while it has time left.
    """

    key: tuple[str | int | None, ...]
    late: int
    soon: int
    worst: timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """How a step's limit was kept over some days.

    Attributes:
        seconds: total time from opening to end.
        late_seconds: total time past the due dates.
    """

    process_key: str
    step_id: str
    finished: int
    late: int
    seconds: int
    late_seconds: int


@dataclass(frozen=True, slots=True)
class KeptOn:
    """How all limits were kept on one day."""

    day: date
    finished: int
    late: int


# --- late now ----------------------------------------------------------------------------------------------


def overdue_now(
    work: Work,
    only: Only = Only(),
    *,
    soon: timedelta = timedelta(0),
    after: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> LatePage:
    """List open steps that are late, or will be within `soon`, with who holds them and how late they are."""
    limit = max(1, min(limit, MOST_PAGE))
    query = (
        _late(work, only, soon, user_task, *_CASE)
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
    return LatePage(tuple(_late_step(work, row, names) for row in page), following)


def _late_step(work: Work, row: Any, names: Mapping[int, str]) -> LateStep:
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
        person_id=row.assignee_id,
        person=names.get(row.assignee_id, "") if row.assignee_id is not None else "",
        due_at=row.due_at,
        late_by=work.now - row.due_at,
        level=row.level,
        suspended=row.suspended,
    )


_KEYS: Mapping[By, tuple[ColumnElement[Any], ...]] = {
    By.PROCESS: (user_task.c.process_key,),
    By.STEP: (user_task.c.process_key, user_task.c.step_id),
    By.GROUP: (user_task.c.group_code,),
    By.SCOPE: (instance.c.scope_id,),
    By.PERSON: (user_task.c.assignee_id,),
}


def overdue_counts(
    work: Work, by: By, only: Only = Only(), *, soon: timedelta = timedelta(0)
) -> list[LateCount]:
    """Count late and soon-late open steps, the most late first."""
    keys = _KEYS[by]
    late = func.sum(case((user_task.c.due_sort <= work.now, 1), else_=0))
    first = func.min(user_task.c.due_sort, type_=UtcDateTime)
    query = (
        _late(work, only, soon, *keys, late.label("late_count"))
        .add_columns(func.count().label("all_count"), first.label("first_due"))
        .group_by(*keys)
        .order_by(late.desc(), *keys)
    )
    return [
        LateCount(
            tuple(row[: len(keys)]), row.late_count, row.all_count - row.late_count, work.now - row.first_due
        )
        for row in work.connection.execute(query)
    ]


def _late(work: Work, only: Only, soon: timedelta, *columns: Any) -> Select[*tuple[Any, ...]]:
    query = (
        select(*columns)
        .select_from(user_task)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .where(user_task.c.due_sort <= work.now + soon, *_visible(work, instance.c.scope_id, only))
    )
    return query.where(*_narrowed(user_task, only, person=user_task.c.assignee_id))


def _visible(work: Work, scope: ColumnElement[int], only: Only) -> list[ColumnElement[bool]]:
    """Keep to the communities whose reports the actor may read.

    Raises:
        NotPermitted: there is none, or not the one asked for.
    """
    if only.scope_id is not None:
        work.require(PERMISSION, only.scope_id)
        return [scope == only.scope_id]
    if work.may(PERMISSION):
        return []
    scopes = [granted for permission, granted in work.grants.permissions if permission == PERMISSION]
    if not scopes:
        work.require(PERMISSION)
    return [scope.in_(scopes)]


def _narrowed(
    table: Table, only: Only, person: ColumnElement[Any] | None = None
) -> list[ColumnElement[bool]]:
    wanted = [("process_key", only.process_key), ("step_id", only.step_id), ("group_code", only.group_code)]
    narrowed = [table.c[name] == value for name, value in wanted if value is not None]
    if person is not None and only.person_id is not None:
        narrowed.append(person == only.person_id)
    return narrowed


# --- over time ---------------------------------------------------------------------------------------------


def kept_by_step(work: Work, first: date, last: date, only: Only = Only()) -> list[Kept]:
    """Tell for each step how many were finished and how many of them late, from `first` to `last` inclusive.

    Raises:
        RuleBroken: `only` names a group or a person, which are not kept by day; see late_by_person.
    """
    days = _summed(work, _stretches(first, last), only)
    keys = (days.c.process_key, days.c.step_id)
    query = select(*keys, *_totals(days)).group_by(*keys).order_by(*keys)
    return [Kept(*row) for row in work.connection.execute(query)]


def kept_by_day(work: Work, first: date, last: date, only: Only = Only()) -> list[KeptOn]:
    """Tell for each day how many steps were finished and how many of them late."""
    days = _summed(work, [(step_day, first, last), (step_delta, first, last)], only)
    query = select(days.c.day, *_totals(days)[:2]).group_by(days.c.day).order_by(days.c.day)
    return [KeptOn(*row) for row in work.connection.execute(query)]


_Stretch = tuple[Table, date, date]  # sums of one table, from one day to another inclusive


def _stretches(first: date, last: date) -> list[_Stretch]:
    """Read whole months by month, what is left before and after them by day, and what is not folded yet."""
    begin = first if first.day == 1 else _month_after(first)
    end = last if (last + _DAY).day == 1 else last.replace(day=1) - _DAY
    if begin > end:
        return [(step_day, first, last), (step_delta, first, last)]
    stretches = [(step_day, first, begin - _DAY), (step_month, begin, end), (step_day, end + _DAY, last)]
    return [*(one for one in stretches if one[1] <= one[2]), (step_delta, first, last)]


def _month_after(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _summed(work: Work, stretches: Iterable[_Stretch], only: Only) -> Subquery:
    """Unite sums that share no step."""
    if only.group_code is not None or only.person_id is not None:
        raise RuleBroken("not_kept_by_day", "按天的统计只能按小区、流程和步骤筛选")
    branches = []
    for table, first, last in stretches:
        day = table.c.month if table is step_month else table.c.day
        labelled = [value.label(name) for name, value in zip(SUMS, sums_of(table), strict=True)]
        branches.append(
            select(day.label("day"), table.c.process_key, table.c.step_id, *labelled).where(
                day.between(first, last),
                *_visible(work, table.c.scope_id, only),
                *_narrowed(table, only),
            )
        )
    return union_all(*branches).subquery()


def _totals(days: Subquery) -> list[ColumnElement[int]]:
    # On PostgreSQL a sum of bigint is numeric, which would come back as a Decimal.
    return [cast(func.sum(days.c[name]), BigInteger).label(name) for name in SUMS]


@dataclass(frozen=True, slots=True)
class LateBy:
    """How often a person ended a step late, and by how much at worst."""

    person_id: int
    person: str
    late: int
    worst: timedelta


def late_by_person(work: Work, first: date, last: date, only: Only = Only()) -> list[LateBy]:
    """Tell who completed steps late that were due from `first` to `last` inclusive, most often first."""
    begin = datetime.combine(first, time(), work.engine.zone)
    end = datetime.combine(last, time(), work.engine.zone) + timedelta(days=1)
    steps = task_history
    query = (
        select(steps.c.actor_id, steps.c.due_at, steps.c.ended_at)
        .join(instance, instance.c.id == steps.c.instance_id)
        .where(
            steps.c.late,
            steps.c.end_kind == "completed",
            steps.c.due_at >= begin,
            steps.c.due_at < end,
            *_visible(work, instance.c.scope_id, only),
            *_narrowed(steps, only, person=steps.c.actor_id),
        )
    )
    late: dict[int, list[timedelta]] = {}
    for row in work.connection.execute(query):
        late.setdefault(row.actor_id, []).append(row.ended_at - row.due_at)
    names = work.engine.directory.names(work.connection, late) if late else {}
    counted = [LateBy(who, names.get(who, ""), len(by), max(by)) for who, by in late.items()]
    return sorted(counted, key=lambda one: (-one.late, one.person_id))
