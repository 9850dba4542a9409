"""Reads and changes repair orders, and keeps what happened to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from engine import case_texts
from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context
from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.repair.records import OrderState, SecondCheck, repair_event, repair_note, repair_order

Order = Row[Any]

NOTE_LENGTH = 2000
# Kinds of event and note: what residents added unasked, while the repair went on and while the complaint did.
ADDED = "added"
ADDED_TO_COMPLAINT = "complaint_added"


@dataclass(frozen=True)
class Note:
    """What a person wrote about an order."""

    kind: str
    at: datetime
    actor_id: int
    text: str


class OrderNotFound(RecordNotFound):
    """There is no such order, or this actor may not know of it."""


def by_number(connection: Connection, number: str) -> Order:
    """Return the order with a number.

    Raises:
        OrderNotFound: no such order.
    """
    return _one(connection, repair_order.c.number == number, number)


def by_id(connection: Connection, order_id: int) -> Order:
    """Return the order with an id.

    Raises:
        OrderNotFound: no such order.
    """
    return _one(connection, repair_order.c.id == order_id, str(order_id))


def of(context: Context) -> Order:
    """Return the order that a case is about."""
    return by_number(context.connection, context.business_key)


def _one(connection: Connection, condition: Any, wanted: str) -> Order:
    row = connection.execute(select(repair_order).where(condition)).one_or_none()
    if row is None:
        raise OrderNotFound("order_not_found", "没有编号为 {number} 的报修单", number=wanted)
    return row


def reworked(connection: Connection, numbers: Collection[str]) -> list[Order]:
    """Return those of some orders that were sent back as not repaired."""
    wanted = repair_order.c.number.in_(numbers) & (repair_order.c.rework_count > 0)
    return list(connection.execute(select(repair_order).where(wanted)))


def change(work: Work, order: Order, **values: object) -> Order:
    """Write new facts of an order and return it as it is now; its words lead to its case from then on."""
    changed = work.connection.execute(
        update(repair_order).where(repair_order.c.id == order.id).values(**values).returning(repair_order)
    ).one()
    if not values.keys().isdisjoint(("search_text", "instance_id")) and changed.instance_id is not None:
        case_texts.note(work, changed.instance_id, changed.search_text)
    return changed


def enter(work: Work, order: Order, state: OrderState, **values: object) -> Order:
    """Bring an order into a state and tell its story on; entering a state again changes only the values."""
    if order.state == state:
        return change(work, order, **values) if values else order
    tell(work, order.id, "state", {"from": order.state, "to": state.value})
    return change(work, order, state=state, state_at=work.now, **values)


def tell(
    work: Work, order_id: int, kind: str, params: dict[str, Json] | None = None, key: str | None = None
) -> bool:
    """Add an event to an order's story.

    Args:
        params: ids, codes, counts and moments (ISO 8601) only.
        key: of the step that tells it.
    Returns:
        False when that step told it before: whatever goes with the event must not be done again.
    """
    unique = f"{key}:{kind}" if key else None
    if unique and was_told(work, unique):
        return False
    work.connection.execute(
        insert(repair_event).values(
            id=new_id(),
            order_id=order_id,
            at=work.now,
            kind=kind,
            actor_id=work.actor.id,
            params=params or {},
            key=unique,
        )
    )
    return True


def events(work: Work, order_id: int, kind: str) -> list[Row[Any]]:
    """Return what an order's story tells of one kind, oldest first."""
    return list(
        work.connection.execute(
            select(repair_event)
            .where(repair_event.c.order_id == order_id, repair_event.c.kind == kind)
            .order_by(repair_event.c.id)
        )
    )


def last_event(work: Work, order_id: int, kind: str) -> Row[Any] | None:
    """Return the newest event of one kind; None where there was none."""
    told = events(work, order_id, kind)
    return told[-1] if told else None


def checked(work: Work, order: Order, check: SecondCheck) -> Order:
    """Note that what was written down at a call was looked at again (policy C1); once is enough."""
    if order.second_check != SecondCheck.PENDING:
        return order
    tell(work, order.id, "second_checked", {"how": check.value})
    return change(work, order, second_check=check, second_check_by=work.actor.id, second_check_at=work.now)


def was_told(work: Work, key: str) -> bool:
    """Tell whether a step did its part before."""
    return (
        work.connection.execute(select(repair_event.c.id).where(repair_event.c.key == key)).first()
        is not None
    )


def note(work: Work, order_id: int, kind: str, text: object) -> None:
    """Keep what a person wrote, sealed; nothing when they wrote nothing."""
    body = str(text or "").strip()[:NOTE_LENGTH]
    if not body:
        return
    note_id = new_id()
    work.connection.execute(
        insert(repair_note).values(
            id=note_id,
            order_id=order_id,
            at=work.now,
            kind=kind,
            actor_id=work.actor.id,
            body=work.engine.vault.seal("repair_note", "body", note_id, body),
        )
    )


def notes(work: Work, order_id: int, *kinds: str) -> list[Note]:
    """Open every note of some kinds, oldest first; the caller has asked who may see the order."""
    rows = work.connection.execute(
        select(repair_note)
        .where(repair_note.c.order_id == order_id, repair_note.c.kind.in_(kinds))
        .order_by(repair_note.c.id)
    )
    unseal = work.engine.vault.open
    return [
        Note(row.kind, row.at, row.actor_id, unseal("repair_note", "body", row.id, row.body)) for row in rows
    ]


def opened(work: Work, order: Order, column: str) -> str:
    """Open a sealed column of an order; empty when it holds nothing."""
    sealed = getattr(order, column)
    return work.engine.vault.open("repair_order", column, order.id, sealed) if sealed else ""


def sealed(work: Work, order_id: int, column: str, value: str | None) -> str | None:
    """Seal a value for a column of an order."""
    return work.engine.vault.seal("repair_order", column, order_id, value) if value else None
