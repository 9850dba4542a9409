"""Lets a phone ring for urgent work until somebody takes it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from engine.ids import new_id
from engine.ports import Json, OutboxItem
from engine.store.dialects import insert_new
from engine.work import SYSTEM, Work
from handlers.shared import limits
from handlers.shared.alarms import raise_alarm
from handlers.shared.case_facts import is_waiting_for_somebody
from handlers.shared.channels import Message
from handlers.shared.messages import message_to, recipients_of
from handlers.shared.outbox import JobContext, put
from handlers.shared.records import outbox_call

CALL = "call"
RING = "ring"


def urgent_call(template: str, recipients: Iterable[str], dedup_key: str, **args: Json) -> OutboxItem:
    """Return the job that makes phones ring, every minute, until the task is taken or a call acknowledged.

    Args:
        recipients: as for `messages.notification`.
        args: `task_id` of the task that somebody has to take, and what the text is written from.
    """
    return OutboxItem(CALL, {"template": template, "to": list(recipients), **args}, dedup_key)


def acknowledge_own(work: Work) -> int:
    """Note that the actor has heard every call that still rings for them, and return how many there were."""
    return work.connection.execute(
        outbox_call.update()
        .where(
            outbox_call.c.recipient.in_((str(work.actor.id), f"account:{work.actor.id}")),
            outbox_call.c.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=work.now, acknowledged_by=work.actor.id)
    ).rowcount


def call(context: JobContext) -> None:
    """Begin one call for each person."""
    job = context.job
    with context.engine.work(SYSTEM) as work:
        rows = [
            {
                "id": new_id(),
                "call_key": f"{job.key}:{recipient}",
                "recipient": recipient,
                "template": job.args["template"],
                "params": {key: value for key, value in job.args.items() if key not in ("to", "template")},
                "started_at": work.now,
                "rings": 0,
            }
            for recipient in recipients_of(work, job.args)
        ]
        insert_new(work.connection, outbox_call, rows)
        for row in rows:
            put(work, _ring_job(str(row["call_key"]), 1))
        context.done(work)


def ring(context: JobContext) -> None:
    """Call once; unless somebody answered, plan the next call or, after the last, raise an alarm."""
    call_key = str(context.job.args["call"])
    with context.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(outbox_call).where(outbox_call.c.call_key == call_key)).one()
        is_over = row.acknowledged_at is not None or _is_taken(work, row.params)
        message = None if is_over else _message(work, context, row)
    is_answered = message is not None and context.channels.voice.ring(message)
    with context.engine.work(SYSTEM) as work:
        if not is_over:
            _note(work, row.id, call_key, row.rings + 1, is_answered=is_answered)
        context.done(work)


def _note(work: Work, call_id: int, call_key: str, rings: int, *, is_answered: bool) -> None:
    values: dict[str, object] = {"rings": rings}
    if is_answered:
        values["acknowledged_at"] = work.now
    elif rings >= limits.RINGS:
        values["given_up_at"] = work.now
        raise_alarm(work, "unanswered_call", call_id, {})
    else:
        put(work, _ring_job(call_key, rings + 1, work.now + limits.RING_EVERY))
    work.connection.execute(outbox_call.update().where(outbox_call.c.id == call_id).values(**values))


def _message(work: Work, context: JobContext, row: Row[Any]) -> Message | None:
    """Write what is read out, or nothing for somebody who has no phone."""
    address = context.book.address(work, row.recipient)
    if address is None or not address.phone:
        return None
    write = partial(context.book.templates[row.template].written, work, row.params)
    return message_to(context.job.key, row.template, address.phone, address.language, write)


def _is_taken(work: Work, params: Mapping[str, Json]) -> bool:
    task_id = params.get("task_id")
    return task_id is not None and not is_waiting_for_somebody(work, int(str(task_id)))


def _ring_job(call_key: str, number: int, not_before: datetime | None = None) -> OutboxItem:
    return OutboxItem(RING, {"call": call_key}, f"{call_key}:ring:{number}", not_before)
