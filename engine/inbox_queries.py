"""Builds the statements behind the lists: one limited branch of an index per group, united."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from engine.case_texts import ESCAPE
from engine.narrowing import NOTHING, Asked
from engine.store.tables import (
    case_follower,
    case_gram,
    instance,
    task_candidate,
    task_history,
    user_task,
)
from engine.store.types import UtcDateTime

LOOKED = 5000  # tasks that one page of a search for common words looks through


class View(StrEnum):
    """What a list shows."""

    MINE = "mine"  # assigned to me, or to whom I stand in for
    CLAIMABLE = "claimable"  # unassigned, in one of my groups
    WORK = "work"  # both of the above: the default
    LATE = "late"  # of everything in my groups, also what a colleague holds
    SOON = "soon"  # the same, due within the hour
    TEAM = "team"  # everything open in my groups
    FOLLOWED = "followed"
    REMINDED = "reminded"  # what I want to be reminded of
    DONE = "done"  # completed by me


@dataclass(frozen=True, slots=True)
class Shape:
    """What the text of a statement depends on; building it costs more than running it, so texts are kept.

    Attributes:
        people: how many accounts' own tasks: the actor's and those of whom the actor stands in for.
        groups: how many candidate groups.
        is_after: whether the page begins at a place.
        asked: what the list is narrowed to.
    """

    people: int
    groups: int
    is_after: bool = False
    asked: Asked = NOTHING


@dataclass(frozen=True, slots=True)
class Branch:
    """Rows of one table that one stretch of one index holds.

    Attributes:
        table: user_task or a few rows of it, or task_candidate for tasks that others may do as well.
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
_STEP, _COMMUNITY = bindparam("step", type_=String), bindparam("community", type_=BigInteger)
_GRAM, _PATTERN = bindparam("gram", type_=String), bindparam("pattern", type_=String)
_URGENCY, _UNTIL = _hidden("urgency", Integer), _hidden("until", UtcDateTime)
_NOW, _SOON = _hidden("now", UtcDateTime), _hidden("soon", UtcDateTime)
_AFTER_RANK, _AFTER_DUE, _AFTER_ID = (
    bindparam("after_rank", type_=Integer),
    bindparam("after_due", type_=UtcDateTime),
    bindparam("after_id", type_=BigInteger),
)
# All of a key in one go: what PostgreSQL hides it behind costs something for each.
_BEHIND = select(_AFTER_RANK, _AFTER_DUE, _AFTER_ID).scalar_subquery()
_BEHIND_DUE = select(_AFTER_DUE, _AFTER_ID).scalar_subquery()


def written(count: int) -> ColumnElement[int]:
    """Write a limit into the text: PostgreSQL expects a tenth of all rows from one that it does not see."""
    return literal_column(str(count), Integer)


# --- pages -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def page_query(shape: Shape, view: View, limit: int, looked: int = LOOKED) -> Select[Any] | None:
    """Select the first rows of a view, or nothing where the actor has no group that it could show.

    The columns are those of TaskRow in its order, then `key_rank`, `due_sort` and `is_found`. Where common
    words are asked for, only the next `looked` tasks of the list are looked through; when there were so many,
    the last of them comes last, with `is_found` 0.
    """
    found = _found(shape, view, limit, looked) if shape.asked.text == "many" else _keys(shape, view, limit)
    if found is None:
        return None
    is_found = found.c.is_found if "is_found" in found.c else literal_column("1").label("is_found")
    return (
        select(*_row_columns(user_task), user_task.c.paused_until, null().label("ended_at"))
        .add_columns(found.c.rank.label("key_rank"), found.c.due_sort, is_found)
        .select_from(found)
        .join(user_task, user_task.c.id == found.c.id)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .order_by(is_found.desc(), found.c.rank, found.c.due_sort, found.c.id)
    )


def _found(shape: Shape, view: View, limit: int, looked: int) -> Subquery | None:
    """Look through the first keys of a view for words, and say where that ended."""
    keys = _keys(shape, view, looked)
    if keys is None:
        return None
    seen = select(keys).cte("seen").prefix_with("MATERIALIZED")
    place = (seen.c.rank, seen.c.due_sort, seen.c.id)
    said = (
        select(*place, literal_column("1", Integer).label("is_found"))
        .join(user_task, user_task.c.id == seen.c.id)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .where(_is_said())
        .order_by(*place)
        .limit(written(limit))
        .subquery()
    )
    last = (
        select(*place, literal_column("0", Integer).label("is_found"))
        .order_by(*place)
        .limit(written(1))
        .offset(written(looked - 1))
        .subquery()
    )
    return union_all(select(said), select(last)).subquery()


@lru_cache(maxsize=512)
def size_query(shape: Shape, view: View, most: int, looked: int = LOOKED) -> Select[*tuple[Any, ...]] | None:
    """Count the rows of a view up to a number, or nothing where the actor has no group.

    No more than `looked` tasks of each branch are looked at: `is_cut` says whether that left some out.
    """
    branches = _branches(shape, view)
    if not branches:
        return None
    if shape.asked.text == "many":
        found = _found(shape, view, most, looked)
        return None if found is None else select(func.sum(found.c.is_found), _is_cut(branches, looked))
    some = union_all(*(_some(branch, shape, most, looked) for branch in branches)).subquery()
    counted = select(some.c.id).distinct().limit(written(most)).subquery()
    size = select(func.count()).select_from(counted).scalar_subquery()
    return select(size, _is_cut(branches, looked))


def _some(branch: Branch, shape: Shape, most: int, looked: int) -> Select[Any]:
    """Take what is wanted of the first tasks that one stretch of an index holds, in whatever order."""
    table, asked = branch.table, shape.asked
    narrowing = [table.c[name] for name in ("process_key", "step_id", "scope_id", "rank")]
    early = (table.c.due_sort < _UNTIL,) if asked.due else ()
    first = select(branch.task_id.label("id"), table.c.due_sort, *narrowing).where(branch.condition, *early)
    seen = first.limit(written(looked)).subquery()
    return select(select(seen.c.id).where(*_narrowed(seen, asked)).limit(written(most)).subquery())


def _is_cut(branches: list[Branch], looked: int) -> ColumnElement[bool]:
    full = (
        select(one.task_id.label("id"))
        .where(one.condition)
        .offset(written(looked))
        .limit(written(1))
        .exists()
        for one in branches
    )
    return or_(*full).label("is_cut")


def _keys(shape: Shape, view: View, limit: int) -> Subquery | None:
    branches = _branches(shape, view)
    if not branches:
        return None
    is_flat = shape.asked.due or view in {View.LATE, View.SOON}
    united = union_all(*(_limited(branch, shape, is_flat, limit) for branch in branches)).subquery()
    keys = (united.c.rank, united.c.due_sort, united.c.id)
    return select(*keys).distinct().order_by(*keys).limit(written(limit)).subquery()


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
    found = select(task_id.label("id"), rank.label("rank"), table.c.due_sort).where(
        branch.condition, *_narrowed(table, shape.asked)
    )
    if shape.is_after:
        found = found.where(tuple_(*order) > (_BEHIND_DUE if is_flat else _BEHIND))
    return select(found.order_by(*order).limit(written(limit)).subquery())


def _narrowed(table: FromClause, asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.process:
        yield table.c.process_key == _PROCESS
    if asked.step:
        yield table.c.step_id == _STEP
    if asked.urgency:
        yield table.c.rank <= _URGENCY
    if asked.scope:
        yield table.c.scope_id == _COMMUNITY
    if asked.due:
        yield table.c.due_sort < _UNTIL


def _is_said() -> ColumnElement[bool]:
    """Say that the words stand in what lists say about a case."""
    texts = (instance.c.business_key, instance.c.title, instance.c.title_en, instance.c.place)
    return or_(*(func.lower(text).like(_PATTERN, escape=ESCAPE) for text in texts))


@lru_cache(maxsize=16)
def done_query(is_after: bool, limit: int) -> Select[Any]:
    """Select what the actor completed, latest first: the columns of TaskRow, end and scope of the case."""
    key = (task_history.c.ended_at, task_history.c.id)
    paused = cast(null(), UtcDateTime).label("paused_until")
    found = (
        select(*_row_columns(task_history), paused, task_history.c.ended_at)
        .add_columns(instance.c.ended_at.label("case_ended_at"), instance.c.scope_id.label("case_scope_id"))
        .join(instance, instance.c.id == task_history.c.instance_id)
        .where(task_history.c.actor_id == _ME, task_history.c.end_kind == "completed")
    )
    if is_after:
        found = found.where(tuple_(*key) < _BEHIND_DUE)
    return found.order_by(*(column.desc() for column in key)).limit(written(limit))


# --- branches ----------------------------------------------------------------------------------------------


def _branches(shape: Shape, view: View) -> list[Branch]:
    if view is View.FOLLOWED:
        return followed_of()
    if shape.asked.text == "few":
        few = _few()
        held, free, team = (
            mine_of(shape, few),
            own_of(shape, few, is_free=True),
            own_of(shape, few, is_free=False),
        )
        widened = [
            Branch(one.table, and_(one.condition, task_candidate.c.task_id.in_(select(few.c.id))))
            for one in widened_of(shape)
        ]
    else:
        held, free, team = mine_of(shape), own_of(shape, is_free=True), own_of(shape, is_free=False)
        widened = widened_of(shape)
    if view is View.MINE:
        return held
    if view is View.CLAIMABLE:
        return free + widened
    if view is View.WORK:
        return held + free + widened
    team = team + widened + held
    within = partial(within_view, view=view, is_later=shape.is_after)
    return [Branch(one.table, and_(one.condition, within(one.table))) for one in team]


def followed_of() -> list[Branch]:
    followed = select(case_follower.c.instance_id).where(case_follower.c.actor_id == _ME)
    return [Branch(user_task, user_task.c.instance_id.in_(followed))]


def _few() -> CTE:
    """Return the open tasks of the cases that a pair of characters leads to and the words stand in.

    Gathered before anything else: there are few, and no index of the lists leads to them.
    """
    found = (
        select(user_task)
        .join(case_gram, case_gram.c.instance_id == user_task.c.instance_id)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .where(case_gram.c.gram == _GRAM, _is_said())
    )
    return found.cte("few").prefix_with("MATERIALIZED")


def mine_of(shape: Shape, table: FromClause = user_task) -> list[Branch]:
    numbers = range(shape.people)
    return [Branch(table, table.c.assignee_id == _parameter("person", number)) for number in numbers]


def own_of(shape: Shape, table: FromClause = user_task, *, is_free: bool) -> list[Branch]:
    """Return the tasks of the actor's groups: those that nobody holds, or all."""
    held = (table.c.assignee_id.is_(None),) if is_free else ()
    numbers = range(shape.groups)
    return [Branch(table, and_(in_group(table, number), *held)) for number in numbers]


def widened_of(shape: Shape) -> list[Branch]:
    """Return the tasks of other groups that the actor's groups may take as well."""
    is_free = task_candidate.c.assignee_id.is_(None)
    numbers = range(shape.groups)
    return [Branch(task_candidate, and_(in_group(task_candidate, number), is_free)) for number in numbers]


def in_group(table: FromClause, number: int) -> ColumnElement[bool]:
    group, scope = _parameter("group", number, String), _parameter("scope", number)
    return and_(table.c.group_code == group, table.c.scope_id == scope)


def _parameter(name: str, number: int, kind: Any = BigInteger) -> Any:
    return bindparam(f"{name}_{number}", type_=kind)


def within_view(table: FromClause, view: View, *, is_later: bool = False) -> ColumnElement[bool]:
    """Say that a task belongs to a view; `is_later` where only such are asked for as are due from now on."""
    if view is View.LATE:
        return table.c.due_sort < _NOW
    if view is View.SOON and is_later:
        return table.c.due_sort < _SOON
    if view is View.SOON:
        return and_(table.c.due_sort >= _NOW, table.c.due_sort < _SOON)
    return true()
