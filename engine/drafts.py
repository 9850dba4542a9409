"""Keeps what people type besides answers: drafts of a form, and remarks on a case; both sealed."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from engine import history, inbox, tasks
from engine.errors import Refused
from engine.history import Event
from engine.ids import new_id
from engine.ports import Json
from engine.rights import require_right
from engine.store.tables import case_comment, task_draft
from engine.work import Work

COMMENT_LENGTH = 2000
DRAFT_LENGTH = 64_000
_MARK = "~"  # between the name of a smaller form and its field: stands in no name of a field
DRAFTS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed into a task's form and has not sent.

    Attributes:
        beside: what they typed into the smaller forms of its page: (form, field) -> value.
    """

    answers: dict[str, Json]
    saved_at: datetime
    beside: dict[tuple[str, str], Json] = field(default_factory=dict)


def save_draft(
    work: Work, task_id: int, answers: Mapping[str, Json], touched: Collection[str] | None = None
) -> None:
    """Keep what was typed so far, sealed, for this person and task.

    Args:
        touched: keys of the fields that were typed into; the others stay as they were kept before, so that
            two open pages of one form do not undo each other. None replaces everything.
    Raises:
        TaskGone, TaskNotFound, NotPermitted: the person may not complete the task now.
        Refused("draft_too_long").
    """
    _, task = tasks.locked(work, task_id)  # also keeps two pages of the same person apart
    require_right(work, task)
    kept = _kept(work, task_id)
    if touched is None:
        _store(work, task_id, _beside(kept) | dict(answers))
        return
    _store(work, task_id, kept | {key: answers.get(key) for key in touched})


def save_beside(work: Work, task_id: int, form: str, answers: Mapping[str, Json]) -> None:
    """Keep what was typed so far into one of the smaller forms of a task's page, in place of what was before.

    Raises:
        TaskGone, TaskNotFound, NotPermitted: the person may not look at the task.
        Refused("draft_too_long").
    """
    inbox.detail(work, task_id)
    tasks.locked(work, task_id)
    kept = _without(_kept(work, task_id), form)
    _store(work, task_id, kept | _marked(form, answers))


def forget_beside(work: Work, task_id: int, form: str) -> None:
    """Forget what was typed into one of the smaller forms: it was sent."""
    kept = _kept(work, task_id)
    left = _without(kept, form)
    if left != kept:
        _store(work, task_id, left)


def _beside(kept: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in kept.items() if _MARK in key}


def _marked(form: str, answers: Mapping[str, Json]) -> dict[str, Json]:
    return {f"{form}{_MARK}{key}": value for key, value in answers.items()}


def _without(kept: Mapping[str, Json], form: str) -> dict[str, Json]:
    return {key: value for key, value in kept.items() if not key.startswith(f"{form}{_MARK}")}


def keep_unsent(work: Work, task_id: int, answers: Mapping[str, Json], form: str = "") -> None:
    """Keep what somebody typed for a task that is no longer theirs, so that they can copy it.

    Args:
        form: which of the smaller forms; "" for the step's own.
    Raises:
        TaskNotFound: there never was such a task.
    """
    tasks.instance_of(work, task_id)
    kept = _kept(work, task_id)
    _store(
        work,
        task_id,
        _without(kept, form) | _marked(form, answers) if form else _beside(kept) | dict(answers),
    )


def draft(work: Work, task_id: int) -> Draft | None:
    """Return what this person typed into this task's form before, whether it is open or not."""
    row = _row(work, task_id)
    if row is None:
        return None
    opened = _opened(work, row)
    beside = {whole: opened.pop(whole) for whole in _beside(opened)}
    named = {(form, key): beside[whole] for whole in beside for form, _, key in [whole.partition(_MARK)]}
    return Draft(opened, row.saved_at, named)


def _row(work: Work, task_id: int) -> Any:
    return work.connection.execute(_own(work, task_id, select(task_draft))).one_or_none()


def _opened(work: Work, row: Any) -> dict[str, Json]:
    opened: dict[str, Json] = json.loads(work.engine.vault.open("task_draft", "body", row.id, row.body))
    return opened


def _kept(work: Work, task_id: int) -> dict[str, Json]:
    row = _row(work, task_id)
    return _opened(work, row) if row is not None else {}


def discard_draft(work: Work, task_id: int) -> None:
    """Forget what this person typed into this task's form, but not what stands in the smaller ones."""
    _store(work, task_id, _beside(_kept(work, task_id)))


def _delete(work: Work, task_id: int) -> None:
    work.connection.execute(_own(work, task_id, delete(task_draft)))


def forget_all(work: Work, actor_id: int) -> None:
    """Delete every draft of somebody who leaves; for commands that have asked who may."""
    work.connection.execute(delete(task_draft).where(task_draft.c.actor_id == actor_id))


def forget_old(work: Work) -> int:
    """Delete drafts that nobody came back to."""
    return work.connection.execute(
        delete(task_draft).where(task_draft.c.saved_at < work.now - DRAFTS_KEPT)
    ).rowcount


def _store(work: Work, task_id: int, answers: Mapping[str, Json]) -> None:
    text = json.dumps(dict(answers), ensure_ascii=False)
    if len(text) > DRAFT_LENGTH:
        raise Refused("draft_too_long", "填写的内容过长，无法保存草稿")
    _delete(work, task_id)
    if not answers:
        return
    draft_id = new_id()
    work.connection.execute(
        insert(task_draft).values(
            id=draft_id,
            task_id=task_id,
            actor_id=work.actor.id,
            body=work.engine.vault.seal("task_draft", "body", draft_id, text),
            saved_at=work.now,
        )
    )


def _own(work: Work, task_id: int, statement: Any) -> Any:
    return statement.where(task_draft.c.task_id == task_id, task_draft.c.actor_id == work.actor.id)


def comment(work: Work, instance_id: int, text: str, task_id: int | None = None) -> int:
    """Add a remark to a case, sealed; the caller has checked that the actor may see the case.

    Raises:
        Refused: empty or too long.
    """
    if not text.strip():
        raise Refused("comment_empty", "请填写内容")
    return comment_beside(work, instance_id, text, task_id)


def comment_beside(work: Work, instance_id: int, text: str, task_id: int | None = None) -> int:
    """Do the same where something else goes with the remark, which may then be empty.

    Raises:
        Refused: too long.
    """
    text = text.strip()
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
