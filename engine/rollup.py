"""Adds finished steps up by day and by month, and sets those sums right from history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, delete, func, literal, or_, select, union_all

from engine.ports import SYSTEM
from engine.store.dialects import (
    add_up,
    first_of_month,
    local_day,
    one_at_a_time,
    seconds_between,
    take_time,
)
from engine.store.tables import instance, step_day, step_delta, step_month, task_history
from engine.work import Engine, Work

SUMS = ("finished", "late", "seconds", "late_seconds")
_BATCH = 5000
_Key = tuple[date, int, str, str, str]


def fold(engine: Engine) -> int:
    """Add what was finished since the last time to the sums; return how many steps.

    Several nodes may do it at once: each takes rows that no other one has taken.
    """
    total = 0
    while True:
        taken = engine.run(SYSTEM, _fold_batch)
        total += taken
        if taken < _BATCH:
            return total


def _fold_batch(work: Work) -> int:
    query = select(step_delta).order_by(step_delta.c.id).limit(_BATCH).with_for_update(skip_locked=True)
    rows = work.connection.execute(query).all()
    if not rows:
        return 0
    days: dict[_Key, list[int]] = {}
    months: dict[_Key, list[int]] = {}
    for row in rows:
        key = (row.scope_id, row.process_key, row.called_process, row.step_id)
        values = (1, int(row.late), row.seconds, row.late_seconds)
        _count(days, (row.day, *key), values)
        _count(months, (row.day.replace(day=1), *key), values)
    _add(work, step_day, days)
    _add(work, step_month, months)
    work.connection.execute(delete(step_delta).where(step_delta.c.id.in_([row.id for row in rows])))
    return len(rows)


def _count(sums: dict[_Key, list[int]], key: _Key, values: Sequence[int]) -> None:
    sum_of = sums.setdefault(key, [0, 0, 0, 0])
    for index, value in enumerate(values):
        sum_of[index] += value


def _add(work: Work, table: Table, sums: Mapping[_Key, Sequence[int]]) -> None:
    # In one order on every node, so that two that meet wait for each other instead of deadlocking.
    names = [column.name for column in table.primary_key] + list(SUMS)
    added = [dict(zip(names, (*key, *sums[key]), strict=True)) for key in sorted(sums)]
    for begin in range(0, len(added), _BATCH):
        add_up(work.connection, table, added[begin : begin + _BATCH], SUMS)


# --- setting right -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What setting the sums right came to.

    Attributes:
        steps: finished ones in history.
        days: sums by day that were wrong.
        months: sums by month that were wrong.
    """

    steps: int
    days: int
    months: int


def rebuild(engine: Engine) -> Rebuilt:
    """Compare the sums with history and correct those that are wrong, in one transaction.

    Steps may be completed meanwhile on PostgreSQL, and are folded afterwards; on SQLite their writers wait.
    """
    return engine.run(SYSTEM, _rebuild)


def _rebuild(work: Work) -> Rebuilt:
    take_time(work.connection)
    one_at_a_time(work.connection, step_day)
    done = (task_history.c.end_kind == "completed",)
    steps = work.connection.execute(select(func.count()).select_from(task_history).where(*done)).scalar_one()
    days = _correct(work, step_day, _of_history(work).where(*done), step_delta)
    months = _correct(work, step_month, _of_days(work))
    return Rebuilt(steps, days, months)


def _of_history(work: Work) -> Select[Any]:
    past, store = task_history.c, work.connection
    late_by = case((past.late, seconds_between(store, past.due_at, past.ended_at)), else_=0)
    worked = seconds_between(store, past.opened_at, past.ended_at) - past.paused_seconds
    return select(
        local_day(store, past.ended_at, work.engine.zone).label("day"),
        instance.c.scope_id,
        past.process_key,
        past.called_process,
        past.step_id,
        literal(1).label("finished"),
        case((past.late, 1), else_=0).label("late"),
        case((worked > 0, worked), else_=0).label("seconds"),
        late_by.label("late_seconds"),
    ).join(instance, instance.c.id == past.instance_id)


def _of_days(work: Work) -> Select[Any]:
    keys = list(step_day.primary_key)[1:]
    month = first_of_month(work.connection, step_day.c.day).label("month")
    return select(month, *keys, *(step_day.c[name] for name in SUMS))


def _correct(work: Work, table: Table, truth: Select[Any], *unfolded: Table) -> int:
    """Add to each sum what it lacks; return how many lacked or exceeded something.

    One statement sees all tables at one moment, so that what is folded or finished meanwhile is in none or in
    both of those it passes between.
    """
    known = [_taken_off(table, sums_of(table)), *(_taken_off(one, sums_of(one)) for one in unfolded)]
    united = union_all(truth, *known).subquery()
    keys = [united.c[column.name] for column in table.primary_key]
    totals = [func.sum(united.c[name]) for name in SUMS]
    query = select(*keys, *totals).group_by(*keys).having(or_(*(total != 0 for total in totals)))
    wrong = {
        tuple(row[: len(keys)]): [int(value) for value in row[len(keys) :]]
        for row in work.connection.execute(query)
    }
    _add(work, table, wrong)
    work.connection.execute(delete(table).where(table.c.finished == 0))
    return len(wrong)


def sums_of(table: Table) -> list[ColumnElement[int]]:
    """Say the sums of a row, also of one finished step."""
    if table is not step_delta:
        return [table.c[name] for name in SUMS]
    return [literal(1), case((table.c.late, 1), else_=0), table.c.seconds, table.c.late_seconds]


def _taken_off(table: Table, values: Sequence[ColumnElement[int]]) -> Select[Any]:
    keys = step_day.primary_key if table is step_delta else table.primary_key
    return select(*(table.c[key.name] for key in keys), *(-value for value in values))
