"""Keeps what people type besides answers: drafts of a form, and remarks on a case; both sealed."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from engine import history, tasks
from engine.errors import Refused
from engine.history import Event
from engine.ids import new_id
from engine.ports import Json
from engine.rights import require_right
from engine.store.tables import case_comment, task_draft
from engine.work import Work

COMMENT_LENGTH = 2000


def save_draft(work: Work, task_id: int, answers: Mapping[str, Json]) -> None:
    """Keep what was typed so far, sealed, for this person and task."""
    _, task = tasks.locked(work, task_id)
    require_right(work, task)
    work.connection.execute(_own_draft(work, task_id, delete(task_draft)))
    draft_id = new_id()
    body = work.engine.vault.seal(
        "task_draft", "body", draft_id, json.dumps(dict(answers), ensure_ascii=False)
    )
    work.connection.execute(
        insert(task_draft).values(
            id=draft_id, task_id=task_id, actor_id=work.actor.id, body=body, saved_at=work.now
        )
    )


def draft(work: Work, task_id: int) -> dict[str, Json]:
    """Return what this person typed into this task's form before, or nothing."""
    row = work.connection.execute(_own_draft(work, task_id, select(task_draft))).one_or_none()
    if row is None:
        return {}
    opened: dict[str, Json] = json.loads(work.engine.vault.open("task_draft", "body", row.id, row.body))
    return opened


def _own_draft(work: Work, task_id: int, statement: Any) -> Any:
    return statement.where(task_draft.c.task_id == task_id, task_draft.c.actor_id == work.actor.id)


def comment(work: Work, instance_id: int, text: str, task_id: int | None = None) -> int:
    """Add a remark to a case, sealed; the caller has checked that the actor may see the case.

    Raises:
        Refused: empty or too long.
    """
    text = text.strip()
    if not text:
        raise Refused("comment_empty", "请填写内容")
    if len(text) > COMMENT_LENGTH:
        raise Refused(
            "comment_too_long", "最多 {most} 字，现有 {count} 字", most=COMMENT_LENGTH, count=len(text)
        )
    comment_id = new_id()
    work.connection.execute(
        insert(case_comment).values(
            id=comment_id,
            instance_id=instance_id,
            task_id=task_id,
            actor_id=work.actor.id,
            at=work.now,
            body=work.engine.vault.seal("case_comment", "body", comment_id, text),
        )
    )
    history.record(work, instance_id, [Event("commented", task_id=task_id)])
    return comment_id
