"""The lists people work from: a limited index branch for each of their groups, united, paged by key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from engine import form_steps, handing, rights
from engine.errors import RuleBroken
from engine.form_steps import OpenedForm
from engine.inbox_counts import COUNTED_UP_TO, PARTS, counts_query
from engine.inbox_queries import LOOKED, Shape, View, done_query, page_query, size_query
from engine.narrowing import EVERYTHING, Narrowing, asked
from engine.opening import END_OF_TIME
from engine.store import plain
from engine.store.tables import instance, user_task
from engine.work import Work

PAGE = 30
SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of open tasks ends: the key of its last row."""

    rank: int
    due_sort: datetime
    id: int


class TaskRow(NamedTuple):  # a frozen dataclass takes ten times as long to make, for each line
    """One line of a list.

    Attributes:
        due_at: aware UTC, or None where the step has no limit.
        is_shut: the actor finished it and may not look at its case any more; title and place are empty.
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
    is_shut: bool = False


_FIELDS = len(TaskRow._fields) - 1  # all that is read


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one view, and where the next page begins.

    Attributes:
        looked: how many tasks were looked through for words, where there are more of them; else 0.
    """

    rows: tuple[TaskRow, ...]
    next: Place | None
    looked: int = 0


def page(
    work: Work,
    view: View,
    *,
    after: Place | None = None,
    limit: int = PAGE,
    wanted: Narrowing = EVERYTHING,
) -> Page:
    """Return one page of open tasks in the order (rank, due, id), most urgent first.

    Where the time left is asked for, as in the views LATE and SOON, the order is (due, id).

    Args:
        after: the `next` of the page before.
        limit: at most 200.
        wanted: only these; what somebody completed is not narrowed.
    """
    if not 1 <= limit <= 200:
        raise RuleBroken("page_size", "每页 1 到 200 条，收到 {limit}", limit=limit)
    if view is View.SOON and after is not None:
        # Of two beginnings PostgreSQL may take the earlier one, and pass over all that is late.
        after = max(after, Place(0, work.now, 0), key=lambda place: (place.due_sort, place.id))
    known = _parameters(work, after)
    if view is View.DONE:
        return _done(work, known, limit)
    shape, narrowed = _shape(work, wanted, is_after=after is not None)
    known |= narrowed
    query = page_query(shape, view, limit + 1, LOOKED)
    if query is None:
        return Page((), None)
    rows = plain.rows(work.connection, query, known)
    found = [row for row in rows if row[-1]]
    last = found[limit - 1] if len(found) > limit else None
    ended = rows[-1] if len(rows) > len(found) and last is None else None
    end = last if last is not None else ended
    return Page(
        tuple([TaskRow(*row[:_FIELDS]) for row in found[:limit]]),
        Place(end[-3], end[-2], end[0]) if end is not None else None,
        LOOKED if ended is not None else 0,
    )


@dataclass(frozen=True, slots=True)
class Size:
    """How many tasks are wanted.

    Attributes:
        is_least: there may be more, further down than was looked.
    """

    count: int
    is_least: bool = False


def size(work: Work, view: View, wanted: Narrowing, most: int) -> Size:
    """Count the open tasks of a view that are wanted, up to a number, and no further than a page looks."""
    shape, narrowed = _shape(work, wanted, is_after=False)
    query = size_query(shape, view, most, LOOKED)
    if query is None:
        return Size(0)
    count, is_cut = work.connection.execute(query, _parameters(work) | narrowed).one()
    return Size(int(count or 0), bool(is_cut) and (count or 0) < most)


def _shape(work: Work, wanted: Narrowing, *, is_after: bool) -> tuple[Shape, dict[str, Any]]:
    what, known = asked(work, wanted)
    return Shape(*_numbers(work), is_after=is_after, asked=what), known


def _done(work: Work, known: dict[str, Any], limit: int) -> Page:
    rows = work.connection.execute(done_query("after_id" in known, limit + 1), known).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        tuple(_finished(work, row) for row in rows[:limit]),
        Place(0, last.ended_at, last.id) if last is not None else None,
    )


def _finished(work: Work, row: Row[Any]) -> TaskRow:
    """Say what the actor finished, without the address once only the finished step would tell it."""
    shown = TaskRow(*row[:_FIELDS])
    is_over = rights.is_long_over(work, shown.place, row.case_ended_at)
    if not is_over or work.may("case.read", row.case_scope_id):
        return shown
    return shown._replace(title="", title_en="", place="", is_shut=True)


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


def counts(work: Work, views: Iterable[View]) -> dict[View, int]:
    """Count open tasks of each view, up to COUNTED_UP_TO; one statement for all."""
    wanted = tuple(view for view in views if view in PARTS)
    if not wanted:
        return {}
    parts, query = counts_query(Shape(*_numbers(work)), wanted)
    (row,) = plain.rows(work.connection, query, _parameters(work))
    sizes = dict(zip(parts, row, strict=True))
    return {view: min(sum(sizes[part] for part in PARTS[view]), COUNTED_UP_TO) for view in wanted}


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task and all that its page shows; to whom the trade keeps from it, nothing of its form.

    Attributes:
        may_complete: whether this actor may complete it now.
        may_claim: whether it is unassigned and this actor is a candidate.
        is_kept_out: this actor did what it checks or is barred from it, so somebody else has to.
        task: the row of the task with every column.
        case: the row of its instance.
    """

    task: Row[Any]
    case: Row[Any]
    opened: OpenedForm
    may_complete: bool
    may_claim: bool
    is_candidate: bool
    is_kept_out: bool


def detail(work: Work, task_id: int) -> TaskDetail:
    """Read a task for its page.

    Raises:
        TaskGone, TaskNotFound: it is not open, or the actor is neither candidate nor may see the case.
    """
    task = work.connection.execute(select(user_task).where(user_task.c.id == task_id)).one_or_none()
    if task is None:
        raise rights.gone(work, task_id)
    case = work.connection.execute(select(instance).where(instance.c.id == task.instance_id)).one()
    right = rights.right_to(work, task)
    candidate = right is not None or rights.candidate_right(work, task) is not None
    if not candidate:
        rights.require_known(work, task, case)
    is_barred = work.actor.kind == "staff" and work.actor.id in handing.barred(work, case, task)
    kept_out = is_barred or (candidate and rights.checks_own(work, task, case))
    active = case.state == "active" and not kept_out
    return TaskDetail(
        task=task,
        case=case,
        opened=OpenedForm(None, [], {}, {}) if is_barred else form_steps.opened(work, case, task),
        may_complete=right is not None and active,
        may_claim=candidate and active and task.assignee_id is None,
        is_candidate=candidate,
        is_kept_out=kept_out,
    )


__all__ = [
    "COUNTED_UP_TO",
    "END_OF_TIME",
    "Page",
    "Place",
    "TaskDetail",
    "TaskRow",
    "View",
    "counts",
    "detail",
    "page",
    "size",
]
