"""Reports by phone: picking up is the start, entering follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from engine import idempotency, instances, tasks
from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.store.tables import user_task
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.estate.people import phone_index
from handlers.repair import catalogue, intake, locating, media, notices, orders, reporting, rules
from handlers.repair.orders import Order
from handlers.repair.phone_numbers import require_shown
from handlers.repair.records import Area, Channel, OrderState
from handlers.repair.reporting import PROCESS, Site
from handlers.shared.answers import Answers
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of

_START = "repair_phone"


@dataclass(frozen=True)
class Call:
    """A call that was picked up.

    Attributes:
        task_id: the task 来电登记, in the hands of who picked up.
    """

    number: str
    instance_id: int
    task_id: int


def press_call(
    work: Work, community_id: int, caller: str = "", *, idempotency_key: str | None = None
) -> Call:
    """Stamp the server's time on a call, and open the task of entering it.

    Args:
        caller: number that the telephone shows; empty where it is withheld.
    Raises:
        FieldsInvalid: what was typed is no number that a telephone shows.
    Source: policy E1.
    """
    work.require(Permission.REPAIR_DISPATCH, community_id)
    digits = require_shown(caller)
    digest = idempotency.fingerprint(str(community_id), caller)
    earlier = idempotency.recall(work, idempotency_key, "repair.call", digest)
    if earlier is not None:
        return Call(str(earlier["number"]), int(str(earlier["instance"])), int(str(earlier["task"])))
    order = _picked_up(work, community_id, digits)
    started = instances.start(
        work,
        PROCESS,
        reporting.subject_of(order, None),
        message=_START,
        variables={"called_at": work.now.isoformat()},
    )
    orders.change(work, order, instance_id=started.id)
    task_id: int = work.connection.execute(
        select(user_task.c.id).where(user_task.c.instance_id == started.id)
    ).scalar_one()
    tasks.claim(work, task_id)
    answer: dict[str, Json] = {
        "number": order.number,
        "instance": str(started.id),
        "task": str(task_id),
    }
    idempotency.remember(work, idempotency_key, answer)
    return Call(order.number, started.id, task_id)


def _picked_up(work: Work, community_id: int, digits: str) -> Order:
    order = reporting.new_order(work, Site(community_id, None, None, ""), Area.PRIVATE, Channel.PHONE)
    orders.tell(work, order.id, "call_picked_up")
    if not digits:
        return order
    return orders.change(
        work,
        order,
        contact_phone=orders.sealed(work, order.id, "contact_phone", digits),
        phone_index=phone_index(vault_of(work.engine), digits),
    )


@completion("repair.register_call")
def register_call(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Enter a report by phone; later than the step allows it is marked (policy E1).

    Returns:
        What the case needs to know of the fault; the time for accepting runs from the entry.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    pressed_at = order.called_at
    called_at, is_backdated = rules.called_at_of(pressed_at, given.moment("called_at"))
    order = _entered(work, order, given)
    late = rules.is_late_entry(called_at, work.now, _time_to_enter(context, pressed_at))
    orders.tell(work, order.id, "call_entered", {"late": late, "backdated": is_backdated})
    order = orders.enter(
        work,
        order,
        OrderState.REPORTED,
        called_at=called_at,
        entered_at=work.now,
        entered_by=work.actor.id,
        is_backdated=is_backdated,
        is_late_entry=late,
    )
    media.attach(work, order, given.ids("photos"))
    fault = catalogue.fault(work, order.fault_code)
    instances.describe(work, context.instance_id, reporting.subject_of(order, fault))
    notices.to_owner(work, order, "repair_received")
    return {
        "fault_code": order.fault_code,
        "hint_urgency": reporting.raised_urgency(work, given.text("description"), None),
        "confirm_by": reporting.confirm_by(order),
        "accept_from": work.now.isoformat(),
    }


def _time_to_enter(context: Context, pressed_at: datetime) -> timedelta | None:
    """Return how long entering may take: what the diagram says of this step, counted from the button."""
    due_at: datetime | None = context.connection.execute(
        select(user_task.c.original_due_at).where(user_task.c.id == context.task_id)
    ).scalar_one_or_none()
    return due_at - pressed_at if due_at else None


def _entered(work: Work, order: Order, given: Answers) -> Order:
    area = Area(given.text("area") or Area.PRIVATE)
    site = locating.site_of_call(work, order, area, given)
    phone = given.text("contact_phone") or orders.opened(work, order, "contact_phone")
    return orders.change(
        work,
        order,
        area=area,
        building_id=site.building_id,
        house_id=site.house_id,
        place=site.text,
        fault_code=given.text("fault_code"),
        **reporting.described(work, order.id, given.text("description"), _contact(work, order, given), phone),
    )


def _contact(work: Work, order: Order, given: Answers) -> str:
    """Return whom to ask for: who was named, else the one person whose number rang."""
    name = given.text("contact_name")
    rang = orders.opened(work, order, "contact_phone")
    if name or not rang:
        return _named(name)
    callers = {one.person_id for one in intake.by_phone(work, order.community_id, rang)}
    return _named(intake.name_of(work, callers.pop()) if len(callers) == 1 else "")


def _named(name: str) -> str:
    if not name:
        raise FieldsInvalid({"contact_name": ("请填写联系人", {})})
    return name
