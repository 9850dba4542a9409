"""What the inbox shows: views with their counts, rows in words, and where the next page begins."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine import following, inbox, incidents, reminders
from engine.inbox import Place, TaskDetail, TaskRow, View
from engine.reminders import Reminder
from engine.work import Work
from handlers.accounts.permissions import POST_NAMES
from web import listing
from web.numbers import end_of_page
from web.texts import lazy_gettext
from web.wishes import Wish
from web.words import TimeLeft, either, person_names, time_left

NAMES = {
    View.WORK: lazy_gettext("全部待办"),
    View.MINE: lazy_gettext("我的待办"),
    View.CLAIMABLE: lazy_gettext("可领取"),
    View.LATE: lazy_gettext("本组已超时"),
    View.SOON: lazy_gettext("本组一小时内到期"),
    View.TEAM: lazy_gettext("本组全部"),
    View.FOLLOWED: lazy_gettext("我关注的"),
    View.REMINDED: lazy_gettext("我的提醒"),
    View.DONE: lazy_gettext("我办结的"),
}
_ROW_FIELDS = tuple(name for name in TaskRow._fields if name not in ("ended_at", "is_shut"))
_LARGEST_RANK = 2**31 - 1
COUNTED = tuple(view for view in View if view is not View.DONE)
_KEPT_APART = frozenset({View.FOLLOWED, View.REMINDED})  # counted one by one, for nobody has many


@dataclass(frozen=True)
class Row:
    """One line of the list, in the reader's language."""

    id: int
    number: str
    title: str
    place: str
    step: str
    who: str
    is_mine: bool
    rank: int
    left: TimeLeft
    since: datetime
    is_open: bool
    group: str = ""
    scope_id: int = 0
    remind_at: datetime | None = None
    is_shut: bool = False


@dataclass(frozen=True)
class ViewLink:
    """One view beside the list."""

    view: View
    label: str
    count: str
    is_current: bool


@dataclass(frozen=True)
class ListScreen:
    """A list with everything around it.

    Attributes:
        view: which list it is, narrowed or not.
        looked: how many tasks were looked through for words, where the rest was not; else 0.
        stuck: how many cases stand still because of an incident that the person may look after.
    """

    wish: Wish
    view: View
    title: str
    views: tuple[ViewLink, ...]
    rows: tuple[Row, ...]
    after: str
    looked: int
    shown_at: datetime
    stuck: int


def list_screen(work: Work, wish: Wish, after: str, process_key: str | None) -> ListScreen:
    """Read one page of a list."""
    found = listing.of_wish(work, wish)
    reminded = reminders.every(work) if found.view is View.REMINDED else ()
    if found.view is View.FOLLOWED:
        page = inbox.Page(following.rows(work), None)
    elif found.view is View.REMINDED:
        page = inbox.Page(tuple(one.row for one in reminded), None)
    else:
        wanted = replace(found.wanted, process_key=process_key) if process_key else found.wanted
        page = inbox.page(work, found.view, after=read_place(after), wanted=wanted)
    return ListScreen(
        wish=wish,
        view=found.view,
        title=found.name or str(NAMES[found.view]),
        views=view_links(work, wish),
        rows=_with_moments(rows_of(work, page.rows), reminded),
        after=write_place(page.next) if page.next else "",
        looked=page.looked,
        shown_at=work.now,
        stuck=incidents.cases_stuck(work),
    )


def view_links(work: Work, wish: Wish) -> tuple[ViewLink, ...]:
    """Count every view; none is the current one where the list is narrowed."""
    current = None if wish.filter_id else wish.view
    counts = inbox.counts(work, [view for view in COUNTED if view not in _KEPT_APART])
    counts[View.FOLLOWED] = following.count(work)
    counts[View.REMINDED] = reminders.count(work)
    return tuple(
        ViewLink(view, str(label), _count(counts, view), view is current) for view, label in NAMES.items()
    )


def _with_moments(rows: tuple[Row, ...], reminded: Sequence[Reminder]) -> tuple[Row, ...]:
    moments = {one.row.id: one.remind_at for one in reminded}
    return tuple(replace(row, remind_at=moments.get(row.id)) for row in rows) if moments else rows


def _count(counts: Mapping[View, int], view: View) -> str:
    number = counts.get(view, 0)
    if view not in COUNTED:
        return ""
    return f"{inbox.COUNTED_UP_TO}+" if number >= inbox.COUNTED_UP_TO else str(number)


def rows_of(work: Work, rows: Iterable[TaskRow]) -> tuple[Row, ...]:
    """Say open or finished tasks in words."""
    listed = list(rows)
    names = person_names(work, (row.assignee_id for row in listed if row.assignee_id is not None))
    return tuple(_row(work, row, names) for row in listed)


def _row(work: Work, row: TaskRow, names: Mapping[int, str]) -> Row:
    is_mine = row.assignee_id == work.actor.id
    who = names.get(row.assignee_id, "") if row.assignee_id is not None else post_name(row.group_code)
    return Row(
        id=row.id,
        number=row.business_key,
        title=either(row.title, row.title_en),
        place=row.place,
        step=either(row.name, row.name_en),
        who=who,
        is_mine=is_mine,
        rank=row.rank,
        left=time_left(work.now, row.due_at, row.opened_at, paused=row.paused_until is not None),
        since=row.ended_at or row.opened_at,
        is_open=row.ended_at is None,
        group=row.group_code,
        scope_id=row.scope_id,
        is_shut=row.is_shut,
    )


def people_of(work: Work, rows: Iterable[Row]) -> tuple[tuple[int, str], ...]:
    """List who could be given one of the tasks of a list, each name once."""
    groups = {(row.group, row.scope_id) for row in rows if row.group}
    directory = work.engine.directory
    found = directory.all_recipients(work.connection, groups, work.now)
    return tuple(sorted(directory.names(work.connection, found).items(), key=lambda item: item[1]))


def task_row(work: Work, task_id: int) -> Row:
    """Say the line of one open task.

    Raises:
        TaskGone, TaskNotFound, NotPermitted.
    """
    return rows_of(work, [_of_detail(inbox.detail(work, task_id))])[0]


def _of_detail(detail: TaskDetail) -> TaskRow:
    task, case = detail.task, detail.case
    known = {**dict(case._mapping), **dict(task._mapping)}
    return TaskRow(**{name: known[name] for name in _ROW_FIELDS})


def post_name(code: str) -> str:
    """Say a post."""
    return either(*POST_NAMES[code]) if code in POST_NAMES else code


def write_place(place: Place) -> str:
    """Write the end of a page into an address."""
    body = json.dumps([place.rank, place.due_sort.isoformat(), str(place.id)])
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def read_place(text: str) -> Place | None:
    """Read the end of a page out of an address; anything else begins at the first page."""
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        rank, due_sort, number = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError, RecursionError):
        return None
    end = end_of_page(due_sort, number)
    return Place(rank, *end) if end and type(rank) is int and abs(rank) <= _LARGEST_RANK else None
