"""Settles what a finished repair costs: lines of the price list, never more than the owner agreed to."""

from sqlalchemy import select

from engine.ids import new_id
from engine.work import Work
from handlers.repair import pricing, quoting, rules
from handlers.repair.orders import Order
from handlers.repair.records import repair_charge_line
from handlers.shared.answers import Answers


def settle(work: Work, order: Order, given: Answers) -> int:
    """Write what is charged, line by line, and return the sum in fen; a free rework leaves it as it was.

    Raises:
        RuleRefused: it is above the agreed quote, or a line counts nothing.
        FieldsInvalid: a line names what is not on the price list.
    """
    if is_free_rework(work, order):
        return int(order.charge_fen)
    lines = pricing.priced(work, given, promised(work, order))
    charge_fen = rules.total_fen(lines)
    rules.require_within_quote(charge_fen, quoting.agreed_fen(work, order))
    # A repair that is done again is charged anew, never on top.
    work.connection.execute(repair_charge_line.delete().where(repair_charge_line.c.order_id == order.id))
    rows = [
        {"id": new_id(), "order_id": order.id, **pricing.row_values(line, position)}
        for position, line in enumerate(lines, 1)
    ]
    if rows:
        work.connection.execute(repair_charge_line.insert(), rows)
    return charge_fen


def is_free_rework(work: Work, order: Order) -> bool:
    """Tell whether a repair is done again without a quote agreed to since it was finished."""
    agreed = quoting.agreed_quote(work, order)
    return order.finished_at is not None and (agreed is None or agreed.decided_at <= order.finished_at)


def promised(work: Work, order: Order) -> dict[str, int]:
    """Return the prices of the quote that the owner agreed to, in fen by code."""
    return {
        line.price_code: line.price_fen
        for line in quoting.lines_of(work, quoting.agreed_quote(work, order))
        if line.price_code
    }


def lines_of(work: Work, order: Order) -> list[Order]:
    """Return the lines of what was charged, in their order."""
    return list(
        work.connection.execute(
            select(repair_charge_line)
            .where(repair_charge_line.c.order_id == order.id)
            .order_by(repair_charge_line.c.position)
        )
    )
