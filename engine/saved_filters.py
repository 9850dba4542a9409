"""Keeps what somebody narrows the inbox to: under a name, or for a few hours; sealed, and theirs alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from engine import case_texts, filters
from engine.errors import RuleBroken
from engine.ids import new_id
from engine.inbox_queries import View
from engine.narrowing import Narrowing
from engine.store.tables import inbox_filter
from engine.work import Work

LONGEST_NAME = 20
LONGEST_TEXT = 50
MOST = 20
VIEWS = (View.WORK, View.MINE, View.CLAIMABLE, View.TEAM)


@dataclass(frozen=True, slots=True)
class Filter:
    """A list, and what it is narrowed to.

    Attributes:
        name: "" where it was not saved under one.
    """

    view: View
    wanted: Narrowing
    name: str = ""
    id: int = 0


def keep(work: Work, found: Filter) -> int:
    """Keep a filter, in the place of the one of its id if that is the actor's, and return its id.

    Raises:
        RuleBroken: it asks for nothing, its name or text is too long, the name is taken, there are too many.
    """
    _check(found)
    _forget_unnamed(work)
    named = saved(work) if found.name else ()
    known = {one.id for one in named}
    if any(one.name == found.name and one.id != found.id for one in named):
        raise RuleBroken("filter_name_taken", "已有名为“{name}”的筛选，请换一个名称", name=found.name)
    if found.id not in known and len(named) >= MOST:
        raise RuleBroken("too_many_filters", "最多保存 {most} 个筛选，请先删除一些", most=MOST)
    filter_id = found.id if found.id in known else new_id()
    values = {
        "is_named": bool(found.name),
        "body": work.engine.vault.seal("inbox_filter", "body", filter_id, _written(found)),
        "saved_at": work.now,
    }
    if filter_id in known:
        work.connection.execute(update(inbox_filter).where(inbox_filter.c.id == filter_id).values(values))
    else:
        row = {"id": filter_id, "actor_id": work.actor.id, **values}
        work.connection.execute(inbox_filter.insert().values(row))
    return filter_id


def saved(work: Work) -> tuple[Filter, ...]:
    """Return the actor's filters that have a name, in the order in which they were first saved."""
    return _read(work, inbox_filter.c.is_named)


def opened(work: Work, filter_id: int) -> Filter | None:
    """Return one of the actor's filters; None where it was deleted or forgotten, or is somebody else's."""
    found = _read(work, inbox_filter.c.id == filter_id)
    return found[0] if found else None


def remove(work: Work, filter_id: int) -> None:
    """Delete one of the actor's filters; of one that is gone nothing is left to be deleted."""
    own = (inbox_filter.c.id == filter_id, inbox_filter.c.actor_id == work.actor.id)
    work.connection.execute(delete(inbox_filter).where(*own))


def _check(found: Filter) -> None:
    if found.wanted == Narrowing() and not found.name:
        raise RuleBroken("filter_empty", "请至少选择一个筛选条件")
    if len(found.name) > LONGEST_NAME:
        raise RuleBroken("filter_name", "名称最多 {most} 字", most=LONGEST_NAME)
    text = found.wanted.text
    if len(text) > LONGEST_TEXT or (text and not case_texts.pieces(text)):
        raise RuleBroken("filter_text", "文字请填 2 到 {most} 字", most=LONGEST_TEXT)


def _forget_unnamed(work: Work) -> None:
    work.connection.execute(
        delete(inbox_filter).where(
            inbox_filter.c.actor_id == work.actor.id,
            inbox_filter.c.is_named.is_(False),
            inbox_filter.c.saved_at < work.now - filters.KEPT,
        )
    )


def _read(work: Work, which: ColumnElement[bool]) -> tuple[Filter, ...]:
    rows: Sequence[Any] = work.connection.execute(
        select(inbox_filter)
        .where(inbox_filter.c.actor_id == work.actor.id, which)
        .order_by(inbox_filter.c.id)
    ).all()
    bodies = ((row, work.engine.vault.open("inbox_filter", "body", row.id, row.body)) for row in rows)
    read = ((row.id, json.loads(body)) for row, body in bodies)
    return tuple(_of_body(filter_id, body) for filter_id, body in read if "view" in body)


def _written(found: Filter) -> str:
    wanted = found.wanted
    body = {
        "view": found.view.value,
        "name": found.name,
        "process": wanted.process_key,
        "step": wanted.step_id,
        "urgency": wanted.urgency,
        "community": wanted.scope_id,
        "minutes": wanted.within // timedelta(minutes=1) if wanted.within is not None else None,
        "text": wanted.text,
    }
    return json.dumps(body, ensure_ascii=False)


def _of_body(filter_id: int, body: dict[str, Any]) -> Filter:
    minutes = body["minutes"]
    wanted = Narrowing(
        process_key=body["process"],
        step_id=body["step"],
        urgency=body["urgency"],
        scope_id=body["community"],
        within=timedelta(minutes=minutes) if minutes is not None else None,
        text=body["text"],
    )
    return Filter(View(body["view"]), wanted, body["name"], filter_id)
