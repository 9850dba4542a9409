"""Builds the statements behind the lists: one limited branch of an index per group, united."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from engine.store.tables import case_follower, instance, task_candidate, task_history, user_task
from engine.store.types import UtcDateTime

COUNTED_UP_TO = 1000


class View(StrEnum):
    """What a list shows."""

    MINE = "mine"  # assigned to me, or to whom I stand in for
    CLAIMABLE = "claimable"  # unassigned, in one of my groups
    WORK = "work"  # both of the above: the default
    LATE = "late"
    SOON = "soon"
    TEAM = "team"  # everything open in my groups
    FOLLOWED = "followed"
    DONE = "done"  # completed by me


@dataclass(frozen=True, slots=True)
class Shape:
    """What the text of a statement depends on; building it costs more than running it, so texts are kept.

    Attributes:
        people: how many accounts' own tasks: the actor's and those of whom the actor stands in for.
        groups: how many candidate groups.
        is_after: whether the page begins at a place.
        of_process: whether only one procedure is wanted.
    """

    people: int
    groups: int
    is_after: bool = False
    of_process: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """Rows of one table that one stretch of one index holds.

    Attributes:
        table: user_task, or task_candidate for tasks that others may do as well.
    """

    table: FromClause
    condition: ColumnElement[bool]

    @property
    def task_id(self) -> ColumnElement[int]:
        """The id of the task in this table."""
        return self.table.c.task_id if self.table is task_candidate else self.table.c.id


def _hidden(name: str, kind: Any) -> ColumnElement[Any]:
    """Name a parameter whose value PostgreSQL's planner does not look at.

    Where it lets a value change the plan, it plans anew each time, which takes longer than the statement.
    """
    return select(bindparam(name, type_=kind)).scalar_subquery()


_ME, _PROCESS = bindparam("me", type_=BigInteger), bindparam("process", type_=String)
_NOW, _SOON = _hidden("now", UtcDateTime), _hidden("soon", UtcDateTime)
_AFTER_RANK, _AFTER_DUE, _AFTER_ID = (
    _hidden("after_rank", Integer),
    _hidden("after_due", UtcDateTime),
    _hidden("after_id", BigInteger),
)


def _number(count: int) -> ColumnElement[int]:
    """Write a limit into the text: PostgreSQL expects a tenth of all rows from one that it does not see."""
    return literal_column(str(count), Integer)


# --- pages -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def page_query(shape: Shape, view: View, limit: int) -> Select[Any] | None:
    """Select the first rows of a view, or nothing where the actor has no group that it could show.

    The columns are those of TaskRow in its order, then `key_rank` and `due_sort`.
    """
    branches = _branches(shape, view)
    if not branches:
        return None
    is_flat = view in {View.LATE, View.SOON}
    united = union_all(*(_limited(branch, shape, is_flat, limit) for branch in branches)).subquery()
    keys = (united.c.rank, united.c.due_sort, united.c.id)
    found = select(*keys).distinct().order_by(*keys).limit(_number(limit)).subquery()
    return (
        select(*_row_columns(user_task), user_task.c.paused_until, null().label("ended_at"))
        .add_columns(found.c.rank.label("key_rank"), found.c.due_sort)
        .select_from(found)
        .join(user_task, user_task.c.id == found.c.id)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .order_by(found.c.rank, found.c.due_sort, found.c.id)
    )


def _row_columns(tasks: FromClause) -> list[Any]:
    rank = tasks.c.rank if "rank" in tasks.c else literal_column("0").label("rank")
    return [
        tasks.c.id,
        tasks.c.instance_id,
        instance.c.business_key,
        tasks.c.process_key,
        instance.c.title,
        instance.c.title_en,
        instance.c.place,
        tasks.c.step_id,
        tasks.c.name,
        tasks.c.name_en,
        tasks.c.group_code,
        tasks.c.scope_id,
        tasks.c.assignee_id,
        rank,
        tasks.c.opened_at,
        tasks.c.due_at,
        tasks.c.level,
    ]


def _limited(branch: Branch, shape: Shape, is_flat: bool, limit: int) -> Select[Any]:
    """Take the first keys of a branch in the order of its view: by rank and due date, or only by it."""
    table, task_id = branch.table, branch.task_id
    order = (table.c.due_sort, task_id) if is_flat else (table.c.rank, table.c.due_sort, task_id)
    rank = literal_column("0") if is_flat else table.c.rank
    found = select(task_id.label("id"), rank.label("rank"), table.c.due_sort).where(branch.condition)
    if shape.of_process:
        found = found.where(table.c.process_key == _PROCESS)
    if shape.is_after:
        place = (_AFTER_DUE, _AFTER_ID) if is_flat else (_AFTER_RANK, _AFTER_DUE, _AFTER_ID)
        found = found.where(tuple_(*order) > tuple_(*place))
    return select(found.order_by(*order).limit(_number(limit)).subquery())


@lru_cache(maxsize=16)
def done_query(is_after: bool, limit: int) -> Select[Any]:
    """Select what the actor completed, the latest first; the columns are those of TaskRow."""
    key = (task_history.c.ended_at, task_history.c.id)
    paused = cast(null(), UtcDateTime).label("paused_until")
    found = (
        select(*_row_columns(task_history), paused, task_history.c.ended_at)
        .join(instance, instance.c.id == task_history.c.instance_id)
        .where(task_history.c.actor_id == _ME, task_history.c.end_kind == "completed")
    )
    if is_after:
        found = found.where(tuple_(*key) < tuple_(_AFTER_DUE, _AFTER_ID))
    return found.order_by(*(column.desc() for column in key)).limit(_number(limit))


# --- branches ----------------------------------------------------------------------------------------------


def _branches(shape: Shape, view: View) -> list[Branch]:
    if view is View.FOLLOWED:
        return _followed()
    if view is View.MINE:
        return _mine(shape)
    if view is View.CLAIMABLE:
        return _own(shape, is_free=True) + _widened(shape)
    if view is View.WORK:
        return _mine(shape) + _own(shape, is_free=True) + _widened(shape)
    team = _own(shape, is_free=False) + _widened(shape) + _mine(shape)
    return [Branch(one.table, and_(one.condition, _within(one.table, view))) for one in team]


def _followed() -> list[Branch]:
    followed = select(case_follower.c.instance_id).where(case_follower.c.actor_id == _ME)
    return [Branch(user_task, user_task.c.instance_id.in_(followed))]


def _mine(shape: Shape) -> list[Branch]:
    numbers = range(shape.people)
    return [Branch(user_task, user_task.c.assignee_id == _parameter("person", number)) for number in numbers]


def _own(shape: Shape, *, is_free: bool) -> list[Branch]:
    """Return the tasks of the actor's groups: those that nobody holds, or all."""
    held = (user_task.c.assignee_id.is_(None),) if is_free else ()
    numbers = range(shape.groups)
    return [Branch(user_task, and_(_of_group(user_task, number), *held)) for number in numbers]


def _widened(shape: Shape) -> list[Branch]:
    """Return the tasks of other groups that the actor's groups may take as well."""
    is_free = task_candidate.c.assignee_id.is_(None)
    numbers = range(shape.groups)
    return [Branch(task_candidate, and_(_of_group(task_candidate, number), is_free)) for number in numbers]


def _of_group(table: FromClause, number: int) -> ColumnElement[bool]:
    group, scope = _parameter("group", number, String), _parameter("scope", number)
    return and_(table.c.group_code == group, table.c.scope_id == scope)


def _parameter(name: str, number: int, kind: Any = BigInteger) -> Any:
    return bindparam(f"{name}_{number}", type_=kind)


def _within(table: FromClause, view: View) -> ColumnElement[bool]:
    if view is View.LATE:
        return table.c.due_sort < _NOW
    if view is View.SOON:
        return and_(table.c.due_sort >= _NOW, table.c.due_sort < _SOON)
    return true()


# --- counts ------------------------------------------------------------------------------------------------

# What a view's number is the sum of: sets of tasks that share none. Those of the second kind are what the
# first does not hold: `widened` and `outside` leave out tasks of the actor's own groups.
PARTS: dict[View, tuple[str, ...]] = {
    View.MINE: ("mine",),
    View.CLAIMABLE: ("free", "widened"),
    View.WORK: ("mine", "free", "widened"),
    View.TEAM: ("team", "widened", "outside"),
    View.LATE: ("late_team", "late_widened", "late_outside"),
    View.SOON: ("soon_team", "soon_widened", "soon_outside"),
    View.FOLLOWED: ("followed",),
}
# A part is not looked at where this one alone has reached the limit.
_UNLESS = {
    "widened": "free",
    "outside": "team",
    "late_widened": "late_team",
    "late_outside": "late_team",
    "soon_widened": "soon_team",
    "soon_outside": "soon_team",
}


@lru_cache(maxsize=512)
def counts_query(shape: Shape, views: tuple[View, ...]) -> tuple[tuple[str, ...], Select[Any]]:
    """Select one row with the size of each part of some views, and name the parts.

    Each is counted up to COUNTED_UP_TO; sums of them are right up to there.
    """
    parts = tuple(dict.fromkeys(part for view in views for part in PARTS[view]))
    first = dict.fromkeys(_UNLESS.get(part, part) for part in parts)
    sizes = select(*(_size(shape, part).label(part) for part in first)).cte("sizes")
    sizes = sizes.prefix_with("MATERIALIZED")  # else a size is worked out for each mention of it
    columns = [
        sizes.c[part] if part in first else _unless_full(sizes.c[_UNLESS[part]], _size(shape, part))
        for part in parts
    ]
    return parts, select(*columns).select_from(sizes)


def _unless_full(known: ColumnElement[int], size: ColumnElement[int]) -> ColumnElement[int]:
    return case((known >= _number(COUNTED_UP_TO), _number(0)), else_=size)


def _size(shape: Shape, part: str) -> ColumnElement[int]:
    """Count a part; `outside` and `widened` without what belongs to the actor's own groups.

    They are limited before that is left out, which keeps sums right: what is left out is counted elsewhere.
    """
    view = {"late": View.LATE, "soon": View.SOON}.get(part.partition("_")[0], View.TEAM)
    kind = part.rpartition("_")[2]
    if kind == "outside":
        mine = _first(_mine(shape), view, "group_code", "scope_id").subquery()
        found = select(mine.c.id).where(not_(_is_own(shape, mine)))
    elif kind == "mine":
        found = _first(_mine(shape), view)
    elif kind == "followed":
        found = _first(_followed(), view)
    elif not shape.groups:
        return _number(0)
    elif kind == "widened":
        ids = _first(_widened(shape), view).distinct().subquery()  # widened to two of the groups, perhaps
        tasks = user_task.join(ids, ids.c.id == user_task.c.id)
        found = select(ids.c.id).select_from(tasks).where(not_(_is_own(shape, user_task)))
    else:
        found = _first(_own(shape, is_free=kind == "free"), view)
    return select(func.count()).select_from(found.subquery()).scalar_subquery()


def _first(branches: Sequence[Branch], view: View, *also: str) -> Select[Any]:
    """Take as many tasks of some branches as are counted."""
    limited = [
        select(
            select(one.task_id.label("id"), *(one.table.c[name] for name in also))
            .where(one.condition, _within(one.table, view))
            .limit(_number(COUNTED_UP_TO))
            .subquery()
        )
        for one in branches
    ]
    united = union_all(*limited).subquery()
    return select(united).limit(_number(COUNTED_UP_TO))


def _is_own(shape: Shape, table: FromClause) -> ColumnElement[bool]:
    return or_(false(), *(_of_group(table, number) for number in range(shape.groups)))
