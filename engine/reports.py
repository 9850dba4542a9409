"""Tells managers how limits were kept over time, in the communities they may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    Table,
    cast,
    func,
    select,
    union_all,
)

from engine.errors import RuleBroken
from engine.rollup import SUMS, sums_of
from engine.store.tables import instance, step_day, step_delta, step_month, task_history
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
        called_process: the sheet that a step stands on; two of one procedure may use the same id.
        scope_id: community.
        person_id: account that holds the step; 0 means that nobody does.
    """

    process_key: str | None = None
    called_process: str | None = None
    step_id: str | None = None
    group_code: str | None = None
    scope_id: int | None = None
    person_id: int | None = None


EVERYTHING = Only()


@dataclass(frozen=True, slots=True)
class Kept:
    """How a step's limit was kept over some days.

    Attributes:
        process_key: of the case.
        called_process: the sheet that the step stands on; two of one case may use the same id.
        seconds: total time from opening to end without pauses, which count by the clock of their step.
        late_seconds: total time past the due dates.
    """

    process_key: str
    called_process: str
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


# --- what is seen ------------------------------------------------------------------------------------------


def visible(work: Work, scope: ColumnElement[int], only: Only) -> list[ColumnElement[bool]]:
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


def narrowed(table: Table, only: Only, person: ColumnElement[Any] | None = None) -> list[ColumnElement[bool]]:
    """Keep to what a report is narrowed to, but for communities."""
    names = ("process_key", "called_process", "step_id", "group_code")
    wanted = ((table.c[name], getattr(only, name)) for name in names if getattr(only, name) is not None)
    found = [column == value for column, value in wanted]
    if person is not None and only.person_id is not None:
        found.append(person.is_(None) if only.person_id == 0 else person == only.person_id)
    return found


# --- over time ---------------------------------------------------------------------------------------------


def kept_by_step(work: Work, first: date, last: date, only: Only = EVERYTHING) -> list[Kept]:
    """Tell for each step how many were finished and how many of them late, from `first` to `last` inclusive.

    Raises:
        RuleBroken: `only` names a group or a person, which are not kept by day; see late_by_person.
    """
    days = _summed(work, _stretches(first, last), only)
    keys = (days.c.process_key, days.c.called_process, days.c.step_id)
    query = select(*keys, *_totals(days)).group_by(*keys).order_by(*keys)
    return [Kept(*row) for row in work.connection.execute(query)]


def kept_by_day(work: Work, first: date, last: date, only: Only = EVERYTHING) -> list[KeptOn]:
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
            select(
                day.label("day"), table.c.process_key, table.c.called_process, table.c.step_id, *labelled
            ).where(
                day.between(first, last),
                *visible(work, table.c.scope_id, only),
                *narrowed(table, only),
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


def late_by_person(work: Work, first: date, last: date, only: Only = EVERYTHING) -> list[LateBy]:
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
            *visible(work, instance.c.scope_id, only),
            *narrowed(steps, only, person=steps.c.actor_id),
        )
    )
    late: dict[int, list[timedelta]] = {}
    for row in work.connection.execute(query):
        late.setdefault(row.actor_id, []).append(row.ended_at - row.due_at)
    names = work.engine.directory.names(work.connection, late) if late else {}
    counted = [LateBy(who, names.get(who, ""), len(by), max(by)) for who, by in late.items()]
    return sorted(counted, key=lambda one: (-one.late, one.person_id))
