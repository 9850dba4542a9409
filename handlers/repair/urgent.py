"""What happens at once when a fault is urgent: ring, verify beside, take, arrive, make safe."""

from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from handlers.accounts.permissions import Post
from handlers.repair import calls, catalogue, crew, media, notices, orders
from handlers.repair.accepting import checked
from handlers.repair.closing import close
from handlers.repair.dispatching import sendable
from handlers.repair.orders import Order
from handlers.repair.records import OrderState, SecondCheck
from handlers.shared.answers import Answers


@service_task("repair.alarm_shift")
def alarm_shift(
    context: Context, fault_code: str | None, skill: str | None, urgency: str | None
) -> dict[str, Json]:
    """Ring whoever can help, until one of them acknowledges.

    Where the table of limits says so, that is everybody of the repair staff on shift, whatever their skill:
    somebody must be there first.

    Returns:
        {"alarmed_at"}: from which the limits of the rescue run.
    Source: policy E2.
    """
    order = orders.of(context)
    rung = _to_ring(context, order, urgency)
    params: dict[str, Json] = {"accounts": [str(one) for one in rung], "fault": fault_code, "skill": skill}
    if orders.tell(context.work, order.id, "alarmed", params, context.key):
        calls.ring(context.work, order, rung, context.key)
        if not rung:
            notices.to_post(context.work, order, Post.PM, "repair_nobody_to_ring")
    return {"alarmed_at": context.now.isoformat()}


def _to_ring(context: Context, order: Order, urgency: str | None) -> list[int]:
    work = context.work
    present = sorted(one.id for one in crew.candidates(work, order) if one.is_on_shift and not one.is_away)
    if present and catalogue.rings_all(work, context.instance_id, urgency):
        return present
    able = [one.id for one in crew.proposals(work, order)]
    return able or sendable(work, order)


@completion("repair.verify")
def verify(context: Context, answers: dict[str, Json]) -> None:
    """Note what the clerk heard when asking back, while the repair staff are on their way.

    Raises:
        RuleRefused: who entered a call confirms it too, without having read it back alone on duty.
    Source: policy C1.
    """
    given = Answers(answers)
    order = orders.of(context)
    orders.note(context.work, order.id, "verification", given.text("note"))
    orders.tell(context.work, order.id, "verified", {"outcome": given.outcome})
    if given.outcome == "confirmed":
        order = checked(context, order, given)
    orders.change(
        context.work,
        order,
        verified_at=context.now,
        accepted_at=order.accepted_at or context.now,
        accepted_by=order.accepted_by or context.actor.id,
    )


@completion("repair.confirm_false_alarm")
def confirm_false_alarm(context: Context, answers: dict[str, Json]) -> None:
    """Call off a false alarm, or let the rescue go on."""
    given = Answers(answers)
    order = orders.of(context)
    orders.note(context.work, order.id, "false_alarm", given.text("reason"))
    if given.outcome != "false_alarm":
        orders.tell(context.work, order.id, "alarm_is_real")
        return
    notices.to_worker(context.work, order, "repair_called_back")
    close(context.work, order, "false_alarm", "repair_false_alarm")


@completion("repair.take_urgent")
def take_urgent(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take an urgent order: whoever says so first goes, and every phone stops ringing."""
    work, order = context.work, orders.of(context)
    minutes = Answers(answers).count("minutes")
    worker_id = context.actor.id
    crew.assign(work, order, worker_id, "urgent", context.key)
    crew.taken(work, order.id)
    calls.stop(work, order)
    orders.tell(work, order.id, "taken_urgent", {"worker_id": str(worker_id), "minutes": minutes})
    order = orders.enter(work, order, OrderState.TAKEN, worker_id=worker_id, taken_at=work.now)
    notices.to_owner(work, order, "repair_help_coming", worker_id=str(worker_id), minutes=minutes)
    return {"worker_id": str(worker_id), "assigned_at": work.now.isoformat()}


@completion("repair.arrive_urgent")
def arrive_urgent(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note that somebody is on the spot."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "situation", given.text("situation"))
    media.attach(work, order, given.ids("photos"))
    order = orders.checked(work, order, SecondCheck.CHECKED)
    order = orders.enter(
        work,
        order,
        OrderState.ARRIVED,
        arrived_at=work.now,
        verified_at=order.verified_at or work.now,  # seen with one's own eyes
    )
    notices.to_owner(work, order, "repair_arrived", worker_id=str(context.actor.id))
    return {"on_site": True}


@completion("repair.control")
def control(context: Context, answers: dict[str, Json]) -> None:
    """Note that the danger is over, and tell those concerned."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "control", given.text("note"))
    media.attach(work, order, given.ids("photos"))
    orders.tell(work, order.id, "controlled", {"measures": list(given.choices("measures"))})
    order = orders.change(work, order, controlled_at=work.now)
    notices.to_owner(work, order, "repair_controlled")
