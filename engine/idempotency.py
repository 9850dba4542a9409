"""Answers a request that is sent twice as it was answered the first time."""

import hashlib
import json
from datetime import timedelta

from sqlalchemy import delete, insert, select

from engine.errors import RuleBroken
from engine.ports import Json
from engine.store.tables import idempotency
from engine.work import Work

KEPT_FOR = timedelta(days=7)


def fingerprint(*parts: Json) -> str:
    """Digest what a request asks for, so that a key cannot be used for something else."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def recall(work: Work, key: str | None, command: str, digest: str) -> dict[str, Json] | None:
    """Return the answer given before to this key, or None.

    Raises:
        RuleBroken: the key was used for another request.
    """
    if key is None:
        return None
    row = work.connection.execute(
        select(idempotency.c.command, idempotency.c.fingerprint, idempotency.c.answer).where(
            idempotency.c.key == key, idempotency.c.actor_id == work.actor.id
        )
    ).one_or_none()
    if row is None:
        return None
    if (row.command, row.fingerprint) != (command, digest):
        raise RuleBroken("idempotency_key_reused", "这个提交编号已用于另一项内容，请刷新页面后重新提交")
    answer: dict[str, Json] = row.answer
    return answer


def remember(work: Work, key: str | None, command: str, digest: str, answer: dict[str, Json]) -> None:
    """Keep the answer; two transactions with one key cannot both commit."""
    if key is None:
        return
    work.connection.execute(
        insert(idempotency).values(
            key=key,
            actor_id=work.actor.id,
            command=command,
            fingerprint=digest,
            answer=answer,
            created_at=work.now,
        )
    )


def forget_old(work: Work) -> int:
    """Delete answers that nobody will ask for again."""
    return work.connection.execute(
        delete(idempotency).where(idempotency.c.created_at < work.now - KEPT_FOR)
    ).rowcount
