"""Quotes: priced before any work, checked inside, answered by the owner."""

from sqlalchemy import select

from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.work import Work
from handlers.errors import RuleRefused
from handlers.repair import notices, orders, pricing, rules
from handlers.repair.closing import close
from handlers.repair.orders import Order
from handlers.repair.records import OrderState, repair_quote, repair_quote_line
from handlers.shared.answers import Answers


def last_quote(work: Work, order: Order) -> Order | None:
    """Return the newest quote of an order."""
    return work.connection.execute(
        select(repair_quote)
        .where(repair_quote.c.order_id == order.id)
        .order_by(repair_quote.c.id.desc())
        .limit(1)
    ).one_or_none()


def lines_of(work: Work, quote: Order | None) -> list[Order]:
    """Return the lines of a quote in their order."""
    if quote is None:
        return []
    return list(
        work.connection.execute(
            select(repair_quote_line)
            .where(repair_quote_line.c.quote_id == quote.id)
            .order_by(repair_quote_line.c.position)
        )
    )


def agreed_quote(work: Work, order: Order) -> Order | None:
    """Return the quote that the owner agreed to last; None when nothing was agreed."""
    return work.connection.execute(
        select(repair_quote)
        .where(repair_quote.c.order_id == order.id, repair_quote.c.decision == "agreed")
        .order_by(repair_quote.c.id.desc())
        .limit(1)
    ).one_or_none()


def agreed_fen(work: Work, order: Order) -> int | None:
    """Return what the owner agreed to pay; None when nothing was agreed."""
    agreed = agreed_quote(work, order)
    return None if agreed is None else int(agreed.total_fen)


@completion("repair.record_quote")
def record_quote(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Write a quote; what stands on the public price list costs what it says there.

    Returns:
        {"quote_fen"}: the total, which decides who checks it.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    lines = pricing.priced(work, given)
    total_fen = rules.quote_total_fen(lines)
    quote_id = new_id()
    work.connection.execute(
        repair_quote.insert().values(
            id=quote_id, order_id=order.id, made_at=work.now, made_by=work.actor.id, total_fen=total_fen
        )
    )
    work.connection.execute(
        repair_quote_line.insert(),
        [
            {"id": new_id(), "quote_id": quote_id, **pricing.row_values(line, position)}
            for position, line in enumerate(lines, 1)
        ],
    )
    orders.note(work, order.id, "quote", given.text("note"))
    orders.tell(work, order.id, "quoted", {"total_fen": total_fen})
    orders.enter(work, order, OrderState.QUOTED)
    return {"quote_fen": total_fen}


@completion("repair.check_quote")
def check_quote(context: Context, answers: dict[str, Json]) -> None:
    """Note what a lead, or above a limit the project manager, thinks of a quote.

    Raises:
        RuleRefused: nobody checks their own quote.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    quote = _open_quote(work, order)
    if quote.made_by == context.actor.id:
        raise RuleRefused("own_quote", "报价人不能审核自己的报价")
    orders.note(work, order.id, "quote_check", given.text("note"))
    orders.tell(work, order.id, "quote_checked", {"outcome": given.outcome})
    if given.outcome == "reject":
        values: dict[str, object] = {
            "decision": "returned",
            "decided_at": work.now,
            "decided_by": work.actor.id,
        }
    elif quote.checked_by is None:
        values = {"checked_by": work.actor.id, "checked_at": work.now}
    else:
        values = {"approved_by": work.actor.id, "approved_at": work.now}
    work.connection.execute(repair_quote.update().where(repair_quote.c.id == quote.id).values(**values))


@completion("repair.answer_quote")
def answer_quote(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note the owner's answer; who declines keeps what was made safe and ends the order."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    quote = _open_quote(work, order)
    decision = {"agree": "agreed", "revise": "returned", "decline": "declined"}[given.outcome]
    how = "online" if work.actor.kind == "resident" else "phone"  # else somebody records what was said
    work.connection.execute(
        repair_quote.update()
        .where(repair_quote.c.id == quote.id)
        .values(decision=decision, decided_at=work.now, decided_by=work.actor.id, decided_how=how)
    )
    orders.note(work, order.id, "quote_answer", given.text("reason"))
    orders.tell(work, order.id, f"quote_{decision}", {"total_fen": quote.total_fen, "how": how})
    if decision == "declined":
        close(work, order, "owner_declined", "repair_quote_declined")
        return {"quote_agreed": False, "next_step": "none"}
    notices.to_worker(work, order, f"repair_quote_{decision}")
    if decision == "agreed":
        orders.enter(work, order, OrderState.WORKING)
    return {"quote_agreed": decision == "agreed", "next_step": "none"}


def _open_quote(work: Work, order: Order) -> Order:
    quote = last_quote(work, order)
    if quote is None or quote.decision is not None:
        raise RuleRefused("no_open_quote", "报修单 {number} 没有待答复的报价", number=order.number)
    return quote
