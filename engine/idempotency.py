"""Answers a request that is sent twice as it was answered the first time."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import and_, bindparam, delete, select, update

from engine.errors import RuleBroken
from engine.ports import Json
from engine.store.dialects import insert_new
from engine.store.tables import idempotency
from engine.work import Work

KEPT_FOR = timedelta(days=7)
_LONGEST_KEY = 100
_IS = and_(idempotency.c.key == bindparam("of_key"), idempotency.c.actor_id == bindparam("of_actor"))
_ANSWERED = select(idempotency).where(_IS)


def fingerprint(*parts: Json) -> str:
    """Digest what a request asks for, so that a key cannot be used for something else."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def recall(work: Work, key: str | None, command: str, digest: str) -> dict[str, Json] | None:
    """Return the answer given before to this key; with None the key is this Work's until it ends.

    Whoever comes at the same moment with the same key waits here for the first one's end.

    Raises:
        RuleBroken: the key was used for another request, or is too long to be kept.
    """
    if key is None:
        return None
    if len(key) > _LONGEST_KEY:
        raise RuleBroken("idempotency_key_too_long", "提交编号有误，请刷新页面后重新提交")
    mine = {
        "key": key,
        "actor_id": work.actor.id,
        "command": command,
        "fingerprint": digest,
        "answer": {},
        "created_at": work.now,
    }
    if insert_new(work.connection, idempotency, [mine]):
        return None
    row = work.connection.execute(_ANSWERED, _named(work, key)).one()
    if (row.command, row.fingerprint) != (command, digest):
        raise RuleBroken("idempotency_key_reused", "这个提交编号已用于另一项内容，请刷新页面后重新提交")
    answer: dict[str, Json] = row.answer
    return answer


def was_answered(work: Work, key: str | None, command: str, digest: str) -> bool:
    """Tell, before anything costly is done, whether this very request was answered already."""
    if not key or len(key) > _LONGEST_KEY:
        return False
    row = work.connection.execute(_ANSWERED, _named(work, key)).one_or_none()
    return row is not None and (row.command, row.fingerprint) == (command, digest)


def is_used(work: Work, key: str | None) -> bool:
    """Tell whether the actor has sent something under a key, whatever it was."""
    if not key or len(key) > _LONGEST_KEY:
        return False
    return work.connection.execute(_ANSWERED, _named(work, key)).first() is not None


def once(work: Work, key: str | None, command: str, digest: str, act: Callable[[], object]) -> None:
    """Do something unless this very request did it before.

    Raises:
        RuleBroken: as `recall`.
    """
    if recall(work, key, command, digest) is None:
        act()


def remember(work: Work, key: str | None, answer: dict[str, Json]) -> None:
    """Keep the answer for a key that `recall` gave to this Work."""
    if key is not None and answer:
        work.connection.execute(update(idempotency).where(_IS).values(answer=answer), _named(work, key))


def give_back(work: Work, key: str | None) -> None:
    """Let a key be used again: what it was for did not happen, though this Work commits."""
    if key is not None:
        work.connection.execute(delete(idempotency).where(_IS), _named(work, key))


def _named(work: Work, key: str) -> dict[str, object]:
    return {"of_key": key, "of_actor": work.actor.id}


def forget_old(work: Work) -> int:
    """Delete answers that nobody will ask for again."""
    return work.connection.execute(
        delete(idempotency).where(idempotency.c.created_at < work.now - KEPT_FOR)
    ).rowcount
