"""Waiting for parts, with a date that the owner knows."""

from datetime import date, datetime, time

from engine import instances
from engine.deadlines import PAUSE_DECISION
from engine.durations import Duration
from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid
from handlers.repair import notices, orders
from handlers.repair.orders import Order
from handlers.repair.records import OrderState, repair_part
from handlers.repair.working import add_parts
from handlers.shared.answers import Answers
from handlers.shared.facts import local

_REASON = "parts"  # row of the table of pauses
_DELIVERED_BY = time(18)


@completion("repair.request_parts")
def request_parts(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take parts from the store, or have them bought by a day."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    in_stock = given.outcome == "in_stock"
    parts_at = None if in_stock else _arrival(work, order, work.now, given.day("parts_on"))
    add_parts(work, order, given.lines("parts"), "arrived" if in_stock else "ordered")
    outputs: dict[str, Json] = {"parts_asked_at": work.now.isoformat(), "reason": _REASON}
    if parts_at is None:
        orders.tell(work, order.id, "parts_in_stock")
        return outputs | {"plan": "ready", "next_step": "revisit"}
    orders.tell(work, order.id, "parts_ordered", {"expected_at": parts_at.isoformat()})
    orders.enter(work, order, OrderState.WAITING_PARTS)
    return outputs | {"parts_at": parts_at.isoformat(), "next_step": "none"}


@service_task("repair.tell_parts_date")
def tell_parts_date(context: Context, parts_at: str | None) -> None:
    """Tell the owner when the parts will be there, and each new date once."""
    order = orders.of(context)
    if parts_at and orders.tell(context.work, order.id, "parts_date", {"expected_at": parts_at}, context.key):
        notices.to_owner(context.work, order, "repair_parts_date", expected_at=parts_at)


@completion("repair.receive_parts")
def receive_parts(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note that parts came, come later, or cannot be had."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "parts", given.text("note"))
    if given.outcome == "delayed":
        parts_at = _arrival(work, order, _asked_at(work, order), given.day("parts_on"))
        orders.tell(work, order.id, "parts_delayed", {"expected_at": parts_at.isoformat()})
        return {"parts_at": parts_at.isoformat()}
    orders.tell(work, order.id, f"parts_{given.outcome}")
    if given.outcome != "arrived":
        return {}
    work.connection.execute(
        repair_part.update()
        .where(repair_part.c.order_id == order.id, repair_part.c.state == "ordered")
        .values(state="arrived")
    )
    order = orders.enter(work, order, OrderState.TAKEN)
    notices.to_worker(work, order, "repair_parts_arrived")
    notices.to_owner(work, order, "repair_parts_there")
    return {"plan": "ready", "next_step": "revisit"}


@service_task("repair.give_up_parts")
def give_up_parts(context: Context) -> dict[str, Json]:
    """Bring the lead in when parts cannot be had, or not in time."""
    order = orders.of(context)
    if orders.tell(context.work, order.id, "parts_given_up", key=context.key):
        notices.to_owner(context.work, order, "repair_parts_late")
        notices.to_post(context.work, order, Post.RPL, "repair_needs_lead")
    return {"next_step": "lead"}


def _asked_at(work: Work, order: Order) -> datetime:
    """Return when the parts that are awaited were ordered."""
    asked = orders.last_event(work, order.id, "parts_ordered")
    return asked.at if asked else work.now


def _arrival(work: Work, order: Order, since: datetime, day: date | None) -> datetime:
    """Return until when parts come on a day, which owners are told only while the wait for them lasts."""
    zone = work.engine.zone
    if day is None:
        raise FieldsInvalid({"parts_on": ("请填写预计到货日期", {})})
    if day < work.now.astimezone(zone).date():
        raise FieldsInvalid({"parts_on": ("到货日期不能早于今天", {})})
    last = _longest(work, order).after(since, zone)
    if day > last.astimezone(zone).date():
        problem = "最多等到 {latest}，更晚的请选“买不到”，由主管另作安排", {"latest": local(work, last)}
        raise FieldsInvalid({"parts_on": problem})
    return max(datetime.combine(day, _DELIVERED_BY, zone), work.now)


def _longest(work: Work, order: Order) -> Duration:
    """Return how long parts are awaited: the row of the table of pauses that the diagram reads, too."""
    (row,) = instances.table_of(work, order.instance_id, PAUSE_DECISION).evaluate({"reason": _REASON})
    longest = row["longest"]
    return longest if isinstance(longest, Duration) else Duration.parse(str(longest))


def wanted(work: Work, order: Order) -> list[Order]:
    """Return the material of an order, in the order it was written down."""
    return list(
        work.connection.execute(
            repair_part.select().where(repair_part.c.order_id == order.id).order_by(repair_part.c.id)
        )
    )
