"""Reads and changes the record of a case, and keeps what people wrote about it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context
from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.moving.records import (
    Kind,
    State,
    moving_case,
    moving_change,
    moving_note,
    moving_number,
)
from handlers.shared.numbers import next_number

Case = Row[Any]

NOTE_LENGTH = 2000
_PREFIXES = {Kind.TRANSFER: "T", Kind.REVERSAL: "V", Kind.MOVE_IN: "M", Kind.TENANT: "L"}


def by_number(connection: Connection, number: str) -> Case:
    """Return the case with a number.

    Raises:
        RecordNotFound: no such case.
    """
    return _one(connection, moving_case.c.number == number, number)


def by_id(connection: Connection, case_id: int) -> Case:
    """Return the case with an id.

    Raises:
        RecordNotFound: no such case.
    """
    return _one(connection, moving_case.c.id == case_id, str(case_id))


def of(context: Context) -> Case:
    """Return the case that a step is about."""
    return by_number(context.connection, context.business_key)


def _one(connection: Connection, condition: Any, wanted: str) -> Case:
    row = connection.execute(select(moving_case).where(condition)).one_or_none()
    if row is None:
        raise RecordNotFound("moving_case_not_found", "没有编号为 {number} 的办理单", number=wanted)
    return row


def add(work: Work, kind: Kind, house: Row[Any], noticed_at: datetime, channel: str) -> Case:
    """Write the record of a case that begins."""
    return work.connection.execute(
        insert(moving_case)
        .values(
            id=new_id(),
            number=next_number(work, _PREFIXES[kind], moving_number),
            kind=kind,
            community_id=house.community_id,
            house_id=house.id,
            noticed_at=noticed_at,
            channel=channel,
            registered_at=work.now,
            registered_by=work.actor.id,
            state=State.NOTICED,
        )
        .returning(moving_case)
    ).one()


def change(work: Work, case: Case, **values: object) -> Case:
    """Write new facts of a case and return it as it is now."""
    return work.connection.execute(
        update(moving_case).where(moving_case.c.id == case.id).values(**values).returning(moving_case)
    ).one()


def add_facts(work: Work, case: Case, **facts: Json) -> Case:
    """Keep codes, ids, counts and dates beside those that are kept already."""
    return change(work, case, facts={**case.facts, **facts})


def seal_proof(work: Work, case: Case, number: str) -> str | None:
    """Seal the number of a certificate for its case."""
    if not number:
        return None
    return work.engine.vault.seal("moving_case", "proof_number", case.id, number)


def note(work: Work, case: Case, kind: str, text: object) -> None:
    """Keep what a person wrote, sealed; nothing when they wrote nothing."""
    body = str(text or "").strip()[:NOTE_LENGTH]
    if not body:
        return
    note_id = new_id()
    work.connection.execute(
        insert(moving_note).values(
            id=note_id,
            case_id=case.id,
            at=work.now,
            kind=kind,
            actor_id=work.actor.id,
            body=work.engine.vault.seal("moving_note", "body", note_id, body),
        )
    )


def last_note(work: Work, case: Case, *kinds: str) -> str:
    """Open the newest note of some kinds."""
    row = work.connection.execute(
        select(moving_note)
        .where(moving_note.c.case_id == case.id, moving_note.c.kind.in_(kinds))
        .order_by(moving_note.c.id.desc())
        .limit(1)
    ).one_or_none()
    return "" if row is None else work.engine.vault.open("moving_note", "body", row.id, row.body)


def log_change(work: Work, case: Case, record: str, record_id: int, what: str) -> None:
    """Keep that a case changed something, so that it can be taken back."""
    work.connection.execute(
        insert(moving_change).values(
            id=new_id(), case_id=case.id, record=record, record_id=record_id, change=what, at=work.now
        )
    )
