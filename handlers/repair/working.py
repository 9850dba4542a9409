"""The repair itself: finding the cause, watching, working, finishing."""

from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.work import Work
from handlers.errors import RuleRefused
from handlers.repair import charging, crew, media, notices, orders, rules, signing
from handlers.repair.closing import close
from handlers.repair.orders import Order
from handlers.repair.records import Area, OrderState, repair_part
from handlers.shared.answers import Answers

_PLANS = {"outsource": "vendor", "developer": "developer", "major": "major"}
_AFTER_DIAGNOSIS = {"not_found": OrderState.OBSERVING, "quote": OrderState.QUOTED}  # else the work begins


@completion("repair.diagnose")
def diagnose(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note what is wrong and how it goes on."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    if given.outcome == "quote":
        _require_payer(order)
    orders.note(work, order.id, "finding", given.text("finding"))
    media.attach(work, order, given.ids("photos"))
    orders.tell(work, order.id, "diagnosed", {"outcome": given.outcome})
    state = _AFTER_DIAGNOSIS.get(given.outcome, OrderState.WORKING)
    order = orders.enter(work, order, state)
    if state is OrderState.OBSERVING:
        notices.to_owner(work, order, "repair_observing")
    return {
        "plan": _PLANS.get(given.outcome, "new"),
        "parts_needed": given.flag("parts_needed") or given.outcome == "parts",
        "next_step": "lead" if given.outcome == "other" else "none",
    }


def _require_payer(order: Order) -> None:
    if order.area == Area.COMMON:
        raise RuleRefused("no_payer", "公共部位不向业主报价；费用较大时请选择大修立项")


@completion("repair.observe")
def observe(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note what the owner said some days after a fault that could not be found."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "observation", given.text("note"))
    orders.tell(work, order.id, "observed", {"outcome": given.outcome})
    if given.outcome == "gone":
        close(work, order, "fault_gone", "repair_fault_gone")
        return {"next_step": "none"}
    return {"next_step": "lead"}


@completion("repair.record_work")
def record_work(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note how the work went; unsafe work stops, and the lead decides."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    if given.outcome == "extra":
        _require_payer(order)
    orders.note(work, order.id, "work", given.text("note"))
    orders.tell(work, order.id, "worked", {"outcome": given.outcome})
    if given.outcome == "extra":
        orders.enter(work, order, OrderState.QUOTED)
    if given.outcome != "stop":
        return {"next_step": "none"}
    urgency = rules.more_urgent(order.urgency, given.text("raise_to") or None)
    if urgency != order.urgency:
        orders.tell(work, order.id, "urgency_raised", {"from": order.urgency, "to": urgency})
        orders.change(work, order, urgency=urgency, urgency_from="repairer", urgency_by=context.actor.id)
    return {"next_step": "lead"}


@completion("repair.finish")
def finish(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note that it is repaired, with what, and for how much; an owner who signs on the spot has confirmed it.

    Returns:
        asks_marks among them: it was signed for, and somebody of the home can still rate it in the app.
    Raises:
        RuleRefused: the charge is above the agreed quote.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    is_again = charging.is_free_rework(work, order)
    charge_fen = charging.settle(work, order, given)
    asked: dict[str, Json] = {} if is_again else {"charge_fen": charge_fen}
    orders.note(work, order.id, "finished", given.text("note"))
    media.attach(work, order, given.ids("photos"))
    add_parts(work, order, given.lines("parts"), "used")
    is_signed = given.flag("signed")
    asks_marks = is_signed and signing.can_be_rated(work, order)
    if is_signed:
        order = _ended(work, order, charge_fen, "finished", asked)
        order = signing.confirm(work, order, given.ids("signature"), charge_fen)
        template = "repair_signed_rate" if asks_marks else "repair_signed"
        notices.to_owner(work, order, template, charge_fen=charge_fen)
    else:
        _ended(work, order, charge_fen, "finished", asked)
        notices.to_owner(work, order, "repair_finished", charge_fen=0 if is_again else charge_fen)
    return {"repaired": True, "next_step": "none", "signed": is_signed, "asks_marks": asks_marks}


def finished(work: Work, order: Order, charge_fen: int, told: str) -> None:
    """Bring an order to the point where the owner is asked.

    Args:
        told: the event by which its story tells it.
    """
    order = _ended(work, order, charge_fen, told, {"charge_fen": charge_fen})
    notices.to_owner(work, order, "repair_finished", charge_fen=charge_fen)


def _ended(work: Work, order: Order, charge_fen: int, told: str, params: dict[str, Json]) -> Order:
    crew.end(work, order.id, "finished")
    orders.tell(work, order.id, told, params)
    return orders.enter(work, order, OrderState.FINISHED, finished_at=work.now, charge_fen=charge_fen)


def add_parts(work: Work, order: Order, lines: list[Answers], state: str) -> None:
    """Write material that was wanted or used."""
    rows = [
        {
            "id": new_id(),
            "order_id": order.id,
            "name": line.text("name"),
            "quantity": line.text("quantity") or "1",
            "unit": line.text("unit"),
            "state": state,
            "at": work.now,
            "by": work.actor.id,
        }
        for line in lines
        if line.text("name")
    ]
    if rows:
        work.connection.execute(repair_part.insert(), rows)
