"""Agreeing on a time, coming, and finding nobody at home."""

from datetime import datetime, timedelta

from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.repair import booked, catalogue, crew, figures, media, notices, orders
from handlers.repair.orders import Order
from handlers.repair.records import OrderState
from handlers.shared.answers import Answers
from handlers.shared.facts import local


@completion("repair.appoint")
def appoint(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Agree on a time, or come right away; the owner sees who comes and when.

    Returns:
        The agreed time, and until when somebody who comes is on time. The limit of a further visit, after
        parts or in vain, runs from here; that of the first one runs from the assignment.
    Raises:
        FieldsInvalid: the time cannot be booked, or the repairer is expected elsewhere then.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    visit_at = work.now
    if given.outcome == "fixed":
        visit_at = bookable(work, given.moment("visit_at"))
        booked.require_free(work, order, order.worker_id, visit_at)
    if "late_reason" in answers:  # cases that began earlier do not ask
        _explain_lateness(work, order, visit_at, given.text("late_reason"))
    orders.note(work, order.id, "appointment", given.text("note"))
    orders.tell(work, order.id, "appointed", {"visit_at": visit_at.isoformat()})
    window = figures.of(work, order).visit_window
    window_from, window_to = max(visit_at - window, work.now), visit_at + window
    order = orders.enter(work, order, OrderState.APPOINTED, window_from=window_from, window_to=window_to)
    notices.to_owner(
        work,
        order,
        "repair_appointed",
        worker_id=str(order.worker_id),
        window_from=window_from.isoformat(),
        window_to=window_to.isoformat(),
    )
    agreed: dict[str, Json] = {"visit_at": visit_at.isoformat(), "visit_by": window_to.isoformat()}
    is_further = order.arrived_at is not None or order.absent_count > 0
    return agreed | ({"assigned_at": work.now.isoformat()} if is_further else {})


def bookable(work: Work, moment: datetime | None) -> datetime:
    """Check when somebody is to come.

    Raises:
        FieldsInvalid: nothing was chosen, or it is past or too far ahead.
    """
    if moment is None:
        raise FieldsInvalid({"visit_at": ("请选择上门时间", {})})
    if moment < work.now - timedelta(minutes=1):
        raise FieldsInvalid({"visit_at": ("上门时间不能早于现在", {})})
    latest = last_bookable(work)
    if moment > latest:
        problem = "最晚可约到 {latest}，请选更早的时间", {"latest": local(work, latest)}
        raise FieldsInvalid({"visit_at": problem})
    return moment


def last_bookable(work: Work) -> datetime:
    """Return until when a visit can be agreed on now."""
    return work.now + figures.booking(work).within


def arrive_by(work: Work, order: Order) -> datetime:
    """Return when somebody is there at the latest, unless another time is agreed on."""
    is_further = order.arrived_at is not None or order.absent_count > 0
    since = None if is_further else crew.sent_at(work.connection, order.id)
    within = catalogue.arrive_within(work, order.instance_id, order.urgency, order.fault_code)
    return (since or work.now) + within


def _explain_lateness(work: Work, order: Order, visit_at: datetime, reason: str) -> None:
    """Keep why a visit is later than the limit of arriving; what the owner proposed needs no reason.

    Raises:
        FieldsInvalid: nobody says why.
    """
    limit = arrive_by(work, order)
    window = figures.of(work, order).visit_window
    is_proposed = order.proposed_at is not None and abs(visit_at - order.proposed_at) <= window
    if visit_at <= max(limit, work.now) or is_proposed:
        return
    if not reason:
        problem = "约定时间晚于到场时限 {limit}，请选择原因", {"limit": local(work, limit)}
        raise FieldsInvalid({"late_reason": problem})
    orders.tell(work, order.id, "visit_late", {"why": reason})


@completion("repair.arrive")
def arrive(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note an arrival, or that nobody was there.

    Returns:
        How often nobody was there lately; for an absence also why the clock may pause and since when.
    Raises:
        FieldsInvalid: nobody was there, but the agreed hours have hardly begun.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "arrival", given.text("note"))
    media.attach(work, order, given.ids("photos"))
    if given.outcome == "absent":
        return _absent(work, order, given)
    orders.tell(work, order.id, "arrived")
    order = orders.enter(work, order, OrderState.ARRIVED, arrived_at=work.now)
    notices.to_owner(work, order, "repair_arrived", worker_id=str(context.actor.id))
    return {"absences": len(absences(work, order)), "harms_others": False}


def waits_until(work: Work, order: Order) -> datetime | None:
    """Return until when whoever comes waits at the door before nobody counts as at home."""
    if order.window_from is None:
        return None
    begun: datetime = order.window_from
    return begun + figures.absent_after(work, order)


def _absent(work: Work, order: Order, given: Answers) -> dict[str, Json]:
    until = waits_until(work, order)
    if until is not None and work.now < until:
        problem = (
            "请等到 {until}，那时还没人再记业主不在",
            {"until": local(work, until)},
        )
        raise FieldsInvalid({"outcome": problem})
    orders.tell(
        work,
        order.id,
        "absent",
        {"called": given.count("called_times"), "card_left": given.flag("card_left")},
    )
    count = len(absences(work, order))
    order = orders.enter(
        work,
        order,
        OrderState.ASSIGNED,
        absent_count=order.absent_count + 1,
        window_from=None,
        window_to=None,
    )
    notices.to_owner(work, order, "repair_nobody_home", count=count)
    return {
        "absences": count,
        "harms_others": given.flag("harms_others"),
        "reason": "owner_absent",
        "absent_at": work.now.isoformat(),
    }


def absences(work: Work, order: Order) -> list[datetime]:
    """Return when nobody was at home, as far back as it counts."""
    since = work.now - figures.of(work, order).absences_within
    return [one.at for one in orders.events(work, order.id, "absent") if one.at > since]


@completion("repair.rebook")
def rebook(context: Context, answers: dict[str, Json]) -> None:
    """Keep the owner's proposal of a new time; the repairer settles it."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    visit_at = bookable(work, given.moment("visit_at"))
    booked.require_free(work, order, order.worker_id, visit_at)
    orders.note(work, order.id, "rebooking", given.text("note"))
    orders.tell(work, order.id, "rebooked", {"visit_at": visit_at.isoformat()})
    order = orders.change(work, order, proposed_at=visit_at)
    notices.to_worker(work, order, "repair_rebooked", visit_at=visit_at.isoformat())
