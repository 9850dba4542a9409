"""Rings phones for an urgent order until somebody says that they heard it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select

from engine.ids import new_id
from engine.ports import OutboxItem
from engine.store.dialects import insert_new
from engine.store.tables import user_task
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


@dataclass(frozen=True, slots=True)
class Ringing:
    """An urgent order for which the pages of a person ring."""

    number: str
    fault_code: str | None
    place: str


def own(work: Work) -> list[Ringing]:
    """Return the orders that ring for the actor, the oldest first; one lookup in an index where none does."""
    rows = work.connection.execute(
        select(outbox_call.c.params)
        .where(
            outbox_call.c.recipient == f"account:{work.actor.id}",
            outbox_call.c.template == TEMPLATE,
            outbox_call.c.acknowledged_at.is_(None),
        )
        .order_by(outbox_call.c.started_at)
    ).scalars()
    ids = list(dict.fromkeys(int(params["order_id"]) for params in rows))
    found = [orders.by_id(work.connection, order_id) for order_id in ids]
    return [Ringing(order.number, order.fault_code, order.place) for order in found]


def task_to_take(work: Work, number: str) -> int | None:
    """Return the step by which somebody takes an urgent order, while nobody has."""
    order = orders.by_number(work.connection, number)
    found: int | None = work.connection.execute(
        select(user_task.c.id).where(
            user_task.c.instance_id == order.instance_id, user_task.c.step_id == "take"
        )
    ).scalar()
    return found


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
    )
