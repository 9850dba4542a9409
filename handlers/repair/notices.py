"""Tells people what becomes of an order: ids and codes go into the outbox, texts are made when it is sent."""

from collections.abc import Iterable, Mapping

from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.repair.orders import Order
from handlers.shared.messages import notification


def to_owner(work: Work, order: Order, template: str, **params: Json) -> None:
    """Tell the person who reported, at the number they gave."""
    _put(work, order, f"repair_order:{order.id}", template, params)


def to_accounts(work: Work, order: Order, accounts: Iterable[int], template: str, **params: Json) -> None:
    """Tell members of staff."""
    for account_id in dict.fromkeys(accounts):
        _put(work, order, f"account:{account_id}", template, params)


def to_post(work: Work, order: Order, post: str, template: str, **params: Json) -> None:
    """Tell whoever holds a post in the order's community now."""
    recipients = work.engine.directory.recipients(work.connection, post, order.community_id, work.now)
    to_accounts(work, order, recipients, template, **params)


def to_worker(work: Work, order: Order, template: str, **params: Json) -> None:
    """Tell who has the order in hand, if anybody."""
    if order.worker_id is not None:
        to_accounts(work, order, [order.worker_id], template, **params)


def _put(work: Work, order: Order, recipient: str, template: str, params: Mapping[str, Json]) -> None:
    item = notification(
        template,
        [recipient],
        f"repair:{order.id}:{template}:{new_id()}",
        order_id=str(order.id),
        **params,
    )
    work.engine.outbox.put_many(work.connection, [item], work.now)
