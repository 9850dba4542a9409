"""Builds the statement behind the counts of the lists: every view at once, each up to a number."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, false, func, not_, or_, select, union_all

from engine.inbox_queries import (
    Branch,
    Shape,
    View,
    followed_of,
    in_group,
    mine_of,
    own_of,
    widened_of,
    within_view,
    written,
)
from engine.store.tables import user_task

COUNTED_UP_TO = 1000

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
    return case((known >= written(COUNTED_UP_TO), written(0)), else_=size)


def _size(shape: Shape, part: str) -> ColumnElement[int]:
    """Count a part; `outside` and `widened` without what belongs to the actor's own groups.

    They are limited before that is left out, which keeps sums right: what is left out is counted elsewhere.
    """
    view = {"late": View.LATE, "soon": View.SOON}.get(part.partition("_")[0], View.TEAM)
    kind = part.rpartition("_")[2]
    if kind == "outside":
        mine = _first(mine_of(shape), view, "group_code", "scope_id").subquery()
        found = select(mine.c.id).where(not_(_is_own(shape, mine)))
    elif kind == "mine":
        found = _first(mine_of(shape), view)
    elif kind == "followed":
        found = _first(followed_of(), view)
    elif not shape.groups:
        return written(0)
    elif kind == "widened":
        ids = _first(widened_of(shape), view).distinct().subquery()  # widened to two of the groups, perhaps
        tasks = user_task.join(ids, ids.c.id == user_task.c.id)
        found = select(ids.c.id).select_from(tasks).where(not_(_is_own(shape, user_task)))
    else:
        found = _first(own_of(shape, is_free=kind == "free"), view)
    return select(func.count()).select_from(found.subquery()).scalar_subquery()


def _first(branches: Sequence[Branch], view: View, *also: str) -> Select[Any]:
    """Take as many tasks of some branches as are counted."""
    limited = [
        select(
            select(one.task_id.label("id"), *(one.table.c[name] for name in also))
            .where(one.condition, within_view(one.table, view))
            .limit(written(COUNTED_UP_TO))
            .subquery()
        )
        for one in branches
    ]
    united = union_all(*limited).subquery()
    return select(united).limit(written(COUNTED_UP_TO))


def _is_own(shape: Shape, table: FromClause) -> ColumnElement[bool]:
    return or_(false(), *(in_group(table, number) for number in range(shape.groups)))
