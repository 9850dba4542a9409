"""The lists people work from: a limited index branch for each of their groups, united, paged by key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from engine import form_steps, rights
from engine.bilingual import named
from engine.errors import NotPermitted, RuleBroken
from engine.form_steps import OpenedForm
from engine.opening import END_OF_TIME
from engine.store.tables import case_follower, instance, task_candidate, task_history, user_task
from engine.store.types import UtcDateTime
from engine.work import Work

PAGE = 50
COUNTED_UP_TO = 1000
SOON = timedelta(hours=1)


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
class Place:
    """Where a page of open tasks ends: the key of its last row."""

    rank: int
    due_sort: datetime
    id: int


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of a list.

    Attributes:
        due_at: aware UTC, or None where the step has no limit.
        limit: share basis for colours: opened_at to due_at.
    """

    id: int
    instance_id: int
    business_key: str
    process_key: str
    title: str
    title_en: str
    place: str
    step_id: str
    name: str
    name_en: str
    group_code: str
    scope_id: int
    assignee_id: int | None
    rank: int
    opened_at: datetime
    due_at: datetime | None
    level: int
    paused_until: datetime | None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one view, and where the next page begins."""

    rows: tuple[TaskRow, ...]
    next: Place | None


def page(
    work: Work,
    view: View,
    *,
    after: Place | None = None,
    limit: int = PAGE,
    process_key: str | None = None,
) -> Page:
    """Return one page of open tasks in the order (rank, due, id), most urgent first.

    Args:
        after: the `next` of the page before.
        limit: at most 200.
        process_key: only tasks of this procedure.
    """
    if not 1 <= limit <= 200:
        raise RuleBroken("page_size", "每页 1 到 200 条，收到 {limit}", limit=limit)
    if view is View.DONE:
        return _done(work, after, limit)
    known = _parameters(work, after)
    if process_key is not None:
        known["process"] = process_key
    query = _page_query(_Shape(*_numbers(work), after is not None, process_key is not None), view, limit)
    if query is None:
        return Page((), None)
    rows = work.connection.execute(query, known).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        tuple(_row(row) for row in rows[:limit]),
        Place(last.key_rank, last.due_sort, last.id) if last is not None else None,
    )


def _first_of(limited: list[Select[Any]], limit: int) -> Select[Any]:
    """Unite branches that are limited each, and take the first keys of all."""
    keys = union_all(*(select(branch.subquery()) for branch in limited)).subquery()
    return (
        select(keys.c.id, keys.c.rank, keys.c.due_sort)
        .distinct()
        .order_by(keys.c.rank, keys.c.due_sort, keys.c.id)
        .limit(limit)
    )


Branch = tuple[Any, Any]  # the table whose index leads, and the condition


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a query's text depends on; building it costs more than running it, so texts are kept.

    Attributes:
        people: how many accounts' own tasks: the actor's and those of whom the actor stands in for.
        groups: how many candidate groups.
    """

    people: int
    groups: int
    is_after: bool = False
    of_process: bool = False


def _numbers(work: Work) -> tuple[int, int]:
    return 1 + len(work.grants.stands_in_for), len(_groups(work))


def _groups(work: Work) -> list[tuple[str, int]]:
    return sorted({(member.group, member.scope_id) for member in work.memberships})


def _parameters(work: Work, after: Place | None = None) -> dict[str, Any]:
    known: dict[str, Any] = {"me": work.actor.id, "now": work.now, "soon": work.now + SOON}
    for number, person in enumerate((work.actor.id, *work.grants.stands_in_for)):
        known[f"person_{number}"] = person
    for number, (group, scope_id) in enumerate(_groups(work)):
        known[f"group_{number}"], known[f"scope_{number}"] = group, scope_id
    if after is not None:
        known |= {"after_rank": after.rank, "after_due": after.due_sort, "after_id": after.id}
    return known


@lru_cache(maxsize=512)
def _page_query(shape: _Shape, view: View, limit: int) -> Select[Any] | None:
    branches = _branches(shape, view)
    if not branches:
        return None
    limited = [_limited(branch, _order(view), shape, limit + 1) for branch in branches]
    keys = union_all(*(select(branch.subquery()) for branch in limited)).subquery()
    found = (
        select(keys.c.id, keys.c.rank, keys.c.due_sort)
        .distinct()
        .order_by(keys.c.rank, keys.c.due_sort, keys.c.id)
        .limit(limit + 1)
        .subquery()
    )
    return (
        select(
            user_task,
            found.c.rank.label("key_rank"),
            instance.c.business_key,
            instance.c.title,
            instance.c.title_en,
            instance.c.place,
        )
        .join(found, found.c.id == user_task.c.id)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .order_by(found.c.rank, found.c.due_sort, found.c.id)
    )


def _order(view: View) -> Any:
    """Return what leads a view's key: the rank of each task, or nothing where the latest come first."""
    return literal(0) if view in {View.LATE, View.SOON} else None


def _branches(shape: _Shape, view: View) -> list[Branch]:
    mine: list[Branch] = [
        (user_task, user_task.c.assignee_id == bindparam(f"person_{number}"))
        for number in range(shape.people)
    ]
    if view is View.MINE:
        return mine
    if view is View.FOLLOWED:
        followed = select(case_follower.c.instance_id).where(case_follower.c.actor_id == bindparam("me"))
        return [(user_task, user_task.c.instance_id.in_(followed))]
    numbers = range(shape.groups)
    claimable = [_of_group(user_task, number, user_task.c.assignee_id.is_(None)) for number in numbers]
    widened = [_of_group(task_candidate, number, None) for number in numbers]
    if view is View.CLAIMABLE:
        return claimable + widened
    if view is View.WORK:
        return mine + claimable + widened
    team = [_of_group(user_task, number, None) for number in numbers] + widened + mine
    if view is View.TEAM:
        return team
    return [(table, and_(condition, _is_due(table, view))) for table, condition in team]


def _of_group(table: Any, number: int, also: Any) -> Branch:
    condition = and_(
        table.c.group_code == bindparam(f"group_{number}"), table.c.scope_id == bindparam(f"scope_{number}")
    )
    return table, condition if also is None else and_(condition, also)


def _is_due(table: Any, view: View) -> Any:
    if view is View.LATE:
        return table.c.due_sort < bindparam("now")
    return and_(table.c.due_sort >= bindparam("now"), table.c.due_sort < bindparam("soon"))


def _limited(branch: Branch, flat_rank: Any, shape: _Shape, limit: int) -> Select[Any]:
    table, condition = branch
    task_id = table.c.task_id if table is task_candidate else table.c.id
    rank = table.c.rank if flat_rank is None else flat_rank
    found = select(task_id.label("id"), rank.label("rank"), table.c.due_sort).where(condition)
    if table is task_candidate:
        found = found.join(user_task, user_task.c.id == task_id).where(user_task.c.assignee_id.is_(None))
    if shape.of_process:
        found = found.where(user_task.c.process_key == bindparam("process"))
    if shape.is_after:
        due, last = bindparam("after_due", type_=UtcDateTime), bindparam("after_id", type_=BigInteger)
        if flat_rank is None:
            here = tuple_(table.c.rank, table.c.due_sort, task_id)
            found = found.where(here > tuple_(bindparam("after_rank", type_=Integer), due, last))
        else:
            found = found.where(tuple_(table.c.due_sort, task_id) > tuple_(due, last))
    order = (table.c.due_sort, task_id) if flat_rank is not None else (rank, table.c.due_sort, task_id)
    return found.order_by(*order).limit(limit)


def _done(work: Work, after: Place | None, limit: int) -> Page:
    found = (
        select(task_history, instance.c.business_key, instance.c.title, instance.c.title_en, instance.c.place)
        .join(instance, instance.c.id == task_history.c.instance_id)
        .where(task_history.c.actor_id == work.actor.id, task_history.c.end_kind == "completed")
        .order_by(task_history.c.ended_at.desc(), task_history.c.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        ended = literal(after.due_sort, type_=task_history.c.ended_at.type)
        found = found.where(
            tuple_(task_history.c.ended_at, task_history.c.id) < tuple_(ended, literal(after.id))
        )
    rows = work.connection.execute(found).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        tuple(_row(row) for row in rows[:limit]),
        Place(0, last.ended_at, last.id) if last is not None else None,
    )


def _row(row: Row[Any]) -> TaskRow:
    facts = dict(row._mapping)
    return TaskRow(
        id=row.id,
        instance_id=row.instance_id,
        business_key=row.business_key,
        process_key=row.process_key,
        title=row.title,
        title_en=row.title_en,
        place=row.place,
        step_id=row.step_id,
        name=row.name,
        name_en=row.name_en,
        group_code=row.group_code,
        scope_id=row.scope_id,
        assignee_id=row.assignee_id,
        rank=facts.get("rank", 0),
        opened_at=row.opened_at,
        due_at=row.due_at,
        level=row.level,
        paused_until=facts.get("paused_until"),
        ended_at=facts.get("ended_at"),
    )


def counts(work: Work, views: Iterable[View]) -> dict[View, int]:
    """Count open tasks of each view, up to COUNTED_UP_TO; one statement for all."""
    query = _counts_query(_Shape(*_numbers(work)), tuple(views))
    if query is None:
        return {}
    return {View(row.view): row.n for row in work.connection.execute(query, _parameters(work))}


@lru_cache(maxsize=512)
def _counts_query(shape: _Shape, views: tuple[View, ...]) -> CompoundSelect[Any] | None:
    parts = []
    for view in views:
        branches = [_limited(branch, _order(view), shape, COUNTED_UP_TO) for branch in _branches(shape, view)]
        if branches:
            united = union_all(*(select(branch.subquery().c.id) for branch in branches)).subquery()
            capped = select(united.c.id).distinct().limit(COUNTED_UP_TO).subquery()
            parts.append(
                select(literal(view.value).label("view"), func.count().label("n")).select_from(capped)
            )
    return union_all(*parts) if parts else None


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task and all that its page shows.

    Attributes:
        may_complete: whether this actor may complete it now.
        may_claim: whether it is unassigned and this actor is a candidate.
        task: the row of the task with every column.
        case: the row of its instance.
    """

    task: Row[Any]
    case: Row[Any]
    opened: OpenedForm
    may_complete: bool
    may_claim: bool
    is_candidate: bool


def detail(work: Work, task_id: int) -> TaskDetail:
    """Read a task for its page.

    Raises:
        TaskGone, TaskNotFound: it is not open.
        NotPermitted: the actor is neither candidate nor may see the case.
    """
    task = work.connection.execute(select(user_task).where(user_task.c.id == task_id)).one_or_none()
    if task is None:
        raise rights.gone(work, task_id)
    case = work.connection.execute(select(instance).where(instance.c.id == task.instance_id)).one()
    right = rights.right_to(work, task)
    candidate = right is not None or rights.candidate_right(work, task) is not None
    if not candidate and not rights.may_see(work, case):
        raise NotPermitted("not_a_candidate", "任务“{name}”不属于您的岗位或范围", name=named(task))
    active = case.state == "active"
    return TaskDetail(
        task=task,
        case=case,
        opened=form_steps.opened(work, case, task),
        may_complete=right is not None and active,
        may_claim=candidate and active and task.assignee_id is None,
        is_candidate=candidate,
    )


__all__ = ["END_OF_TIME", "Page", "Place", "TaskDetail", "TaskRow", "View", "counts", "detail", "page"]
