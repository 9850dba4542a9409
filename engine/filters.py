"""Keeps, sealed and for a few hours, what somebody looked for, so that it never stands in an address."""

import json
from datetime import timedelta

from sqlalchemy import delete, select

from engine.errors import RuleBroken
from engine.ids import new_id
from engine.store.tables import inbox_filter
from engine.work import Work

LONGEST_TEXT = 100
KEPT = timedelta(hours=12)


def keep_search(work: Work, text: str, among: str = "cases") -> int:
    """Keep a search and return its id; what the person looked for long ago is forgotten.

    Args:
        among: what was looked through; nothing else is looked through by this id.
    Raises:
        RuleBroken: nothing was typed, or too much.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise RuleBroken(
            "search_text", "请输入要查找的单号、房屋、电话或文字，最多 {most} 字", most=LONGEST_TEXT
        )
    work.connection.execute(
        delete(inbox_filter).where(
            inbox_filter.c.actor_id == work.actor.id,
            inbox_filter.c.is_named.is_(False),
            inbox_filter.c.saved_at < work.now - KEPT,
        )
    )
    search_id = new_id()
    body = work.engine.vault.seal(
        "inbox_filter", "body", search_id, json.dumps({"text": text, "among": among})
    )
    work.connection.execute(
        inbox_filter.insert().values(
            id=search_id, actor_id=work.actor.id, is_named=False, body=body, saved_at=work.now
        )
    )
    return search_id


def search_text(work: Work, search_id: int, among: str = "cases") -> str:
    """Return what the actor looked for; "" when it was forgotten, somebody else's, or among other things."""
    row = work.connection.execute(
        select(inbox_filter).where(
            inbox_filter.c.id == search_id,
            inbox_filter.c.actor_id == work.actor.id,
            inbox_filter.c.saved_at >= work.now - KEPT,
        )
    ).one_or_none()
    if row is None:
        return ""
    body = json.loads(work.engine.vault.open("inbox_filter", "body", row.id, row.body))
    is_other = "view" in body or body.get("among", "cases") != among
    return "" if is_other else str(body["text"])
