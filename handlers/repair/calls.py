"""Rings phones for an urgent order until somebody says that they heard it."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, select

from engine.ids import new_id
from engine.ports import OutboxItem
from engine.store.dialects import insert_new
from engine.work import Work
from handlers.errors import ActionNotAllowed
from handlers.repair import orders
from handlers.repair.orders import Order
from handlers.shared.calls import RING
from handlers.shared.records import outbox_call

TEMPLATE = "repair_alarm"


def ring(work: Work, order: Order, accounts: Iterable[int], key: str) -> None:
    """Begin to ring people; the same step rings once. How often it repeats stands in the table of limits."""
    keys = {f"{_prefix(order)}{key}:{account_id}": f"account:{account_id}" for account_id in accounts}
    rows = [
        {
            "id": new_id(),
            "call_key": call_key,
            "recipient": recipient,
            "template": TEMPLATE,
            "params": {"order_id": str(order.id)},
            "started_at": work.now,
            "rings": 0,
        }
        for call_key, recipient in keys.items()
    ]
    insert_new(work.connection, outbox_call, rows)
    jobs = [OutboxItem(RING, {"call": call_key}, f"{call_key}:ring:1") for call_key in keys]
    work.engine.outbox.put_many(work.connection, jobs, work.now)


def stop(work: Work, order: Order) -> int:
    """Let every phone that still rings for an order be silent, and return how many there were."""
    return work.connection.execute(
        outbox_call.update()
        .where(_ringing(order))
        .values(acknowledged_at=work.now, acknowledged_by=work.actor.id)
    ).rowcount


def ringing(work: Work, order: Order) -> list[int]:
    """Return whose phones ring for an order."""
    rows = work.connection.execute(select(outbox_call.c.recipient).where(_ringing(order))).scalars()
    return [int(recipient.rpartition(":")[2]) for recipient in rows]


def acknowledge(work: Work, number: str) -> None:
    """Say that one has heard the alarm: no phone rings for this order any more, and the story says who.

    Raises:
        ActionNotAllowed: the actor was not called, or somebody else acknowledged.
    """
    order = orders.by_number(work.connection, number)
    if work.actor.id not in ringing(work, order):
        raise ActionNotAllowed("not_called", "这次呼叫没有打给您，或已有人应答")
    stop(work, order)
    orders.tell(work, order.id, "acknowledged")


def _prefix(order: Order) -> str:
    return f"repair_order:{order.id}:"


def _ringing(order: Order) -> ColumnElement[bool]:
    prefix = _prefix(order)
    return and_(
        outbox_call.c.call_key >= prefix,
        outbox_call.c.call_key < prefix[:-1] + ";",  # the character after the colon: an index range
        outbox_call.c.acknowledged_at.is_(None),
        outbox_call.c.given_up_at.is_(None),
    )
