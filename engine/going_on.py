"""Finds the task to open after one was done: the case's own next step first, then the next in the list."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, literal_column, select

from engine import inbox, rights, tasks
from engine.inbox import Page, Place, TaskRow, View
from engine.narrowing import EVERYTHING, Narrowing
from engine.store.tables import instance, user_task
from engine.work import Work

_LOOKED_AT = (5, 50)  # nearly always one of the first will do, and rows cost

# Reads so many rows of the list that somebody works through, from a place on.
ReadPage = Callable[[Place | None, int], Page]

# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_PLACE = select(user_task.c.instance_id, user_task.c.rank, user_task.c.due_sort).where(
    user_task.c.id == bindparam("task_id")
)
# What the rule of four eyes asks of a task and of its case.
_TASK = select(
    *user_task.c["id", "instance_id", "called_process", "step_id"],
    *user_task.c["assignee_id", "group_code", "scope_id"],
).where(user_task.c.id == bindparam("task_id"))
_CASE = select(*instance.c["id", "bundle_id", "starter_id"]).where(instance.c.id == bindparam("case_id"))
_OWN = (
    select(user_task.c.id)
    .where(user_task.c.instance_id == bindparam("case_id"), user_task.c.assignee_id == bindparam("me"))
    .order_by(user_task.c.id)
    .limit(literal_column("1"))
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands in every list, noted before it leaves them.

    Attributes:
        place: None when it is not open any more.
    """

    instance_id: int
    place: Place | None


def standing(work: Work, task_id: int) -> Standing:
    """Note where a task stands.

    Raises:
        TaskNotFound: there never was such a task.
    """
    row = work.connection.execute(_PLACE, {"task_id": task_id}).one_or_none()
    if row is None:
        return Standing(tasks.instance_of(work, task_id), None)
    return Standing(row.instance_id, Place(row.rank, row.due_sort, task_id))


def next_task(work: Work, left: Standing, read_page: ReadPage) -> int | None:
    """Return the task to go on with: the step of the same case that is the actor's own, else the next in the
    list after the one that was left, else the first of the list."""
    mine = {"case_id": left.instance_id, "me": work.actor.id}
    own = work.connection.execute(_OWN, mine).scalar_one_or_none()
    if own is not None:
        return int(own)
    found = _first_to_do(work, read_page, left.place) if left.place else None
    return found if found is not None else _first_to_do(work, read_page, None)


def read_view(work: Work, view: View, wanted: Narrowing = EVERYTHING) -> ReadPage:
    """Return what reads the pages of a view; what somebody has done holds nothing to do."""
    shown = View.WORK if view in (View.DONE, View.FOLLOWED, View.REMINDED) else view
    return lambda place, limit: inbox.page(work, shown, after=place, limit=limit, wanted=wanted)


def _first_to_do(work: Work, read_page: ReadPage, after: Place | None) -> int | None:
    for limit in _LOOKED_AT:
        page = read_page(after, limit)
        found = next(
            (row.id for row in page.rows if _may_be_done(work, row) and _is_for_me(work, row.id)), None
        )
        if found is not None or page.next is None:
            return found
    return None


def _may_be_done(work: Work, row: TaskRow) -> bool:
    """Pass over what others hold and what waits for a planned moment."""
    holders = (None, work.actor.id, *work.grants.stands_in_for)
    return row.ended_at is None and row.paused_until is None and row.assignee_id in holders


def _is_for_me(work: Work, task_id: int) -> bool:
    """Pass over the check of what the actor did (policy C1)."""
    task = work.connection.execute(_TASK, {"task_id": task_id}).one()
    case = work.connection.execute(_CASE, {"case_id": task.instance_id}).one()
    return not rights.checks_own(work, task, case)
