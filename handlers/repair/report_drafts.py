"""Keeps a report that a resident has begun and not sent, sealed, for a few days."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine import idempotency
from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.errors import ActionNotAllowed, RuleRefused
from handlers.repair.records import repair_report_draft

KEPT = timedelta(days=3)
_LENGTH = 16_000
_PLACE = ("repair_report_draft", "body")


@dataclass(frozen=True)
class Begun:
    """A report that was begun."""

    answers: dict[str, Json]
    saved_at: datetime


def save(work: Work, answers: Mapping[str, Json], key: str | None = None) -> None:
    """Keep what a resident has filled in so far; each has one report in the making.

    Args:
        key: of the form; what comes in after the report itself is let go.
    Raises:
        ActionNotAllowed: only residents begin reports here.
        RuleRefused("draft_too_long").
    """
    if work.actor.kind != "resident":
        raise ActionNotAllowed("residents_only", "只有住户在这里报修")
    text = json.dumps(dict(answers), ensure_ascii=False)
    if len(text) > _LENGTH:
        raise RuleRefused("draft_too_long", "填写的内容过长，无法保存草稿")
    forget(work)
    work.connection.execute(
        repair_report_draft.delete().where(repair_report_draft.c.saved_at < work.now - KEPT)
    )
    if idempotency.is_used(work, key):
        return
    draft_id = new_id()
    work.connection.execute(
        repair_report_draft.insert().values(
            id=draft_id,
            account_id=work.actor.id,
            body=work.engine.vault.seal(*_PLACE, draft_id, text),
            saved_at=work.now,
        )
    )


def begun(work: Work) -> Begun | None:
    """Return what the actor has begun and not sent."""
    row = work.connection.execute(
        repair_report_draft.select().where(
            repair_report_draft.c.account_id == work.actor.id,
            repair_report_draft.c.saved_at >= work.now - KEPT,
        )
    ).one_or_none()
    if row is None:
        return None
    answers: dict[str, Json] = json.loads(work.engine.vault.open(*_PLACE, row.id, row.body))
    return Begun(answers, row.saved_at)


def forget(work: Work) -> None:
    """Let go of what the actor has begun."""
    work.connection.execute(
        repair_report_draft.delete().where(repair_report_draft.c.account_id == work.actor.id)
    )
