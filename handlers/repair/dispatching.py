"""Puts orders into people's hands: assigning, taking, handing over, giving back."""

from collections.abc import Collection

from engine.ports import Json
from engine.service_tasks import Context, completion, successor
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import RuleRefused
from handlers.repair import booked, calls, catalogue, crew, figures, notices, orders, rules
from handlers.repair.closing import close
from handlers.repair.orders import Order
from handlers.repair.records import OrderState
from handlers.shared.answers import Answers

_GAVE_BACK = ("returned", "transferred")


def sendable(work: Work, order: Order, not_again: frozenset[int] = frozenset()) -> list[int]:
    """Return who can be sent, the best first; with nobody on shift it falls to the shift lead.

    Args:
        not_again: whom not to send a second time.
    """
    proposed = [one.id for one in crew.proposals(work, order, not_again)]
    if proposed:
        return proposed
    leads = crew.shift_leads(work, order.community_id)
    if not leads:
        leads = list(
            work.engine.directory.recipients(work.connection, Post.RPL, order.community_id, work.now)
        )
    return [lead for lead in leads if lead not in not_again]


def gave_back(work: Work, order: Order) -> frozenset[int]:
    """Return who gave the order back or handed it on."""
    past = crew.past_workers(work.connection, order.id)
    return frozenset(worker for worker, end_kind in past.items() if end_kind in _GAVE_BACK)


def assign(context: Context, order: Order, worker_id: int, mode: str) -> dict[str, Json]:
    """Send somebody, and tell them and the owner; the same step sends once.

    Returns:
        {"worker_id", "assigned_at"}: for the assignee and the limits of the next step.
    """
    known = crew.assigned_by(context.connection, context.key)
    if known is None:
        crew.assign(context.work, order, worker_id, mode, context.key)
        orders.tell(context.work, order.id, "assigned", {"worker_id": str(worker_id), "mode": mode})
        order = orders.enter(context.work, order, OrderState.ASSIGNED, worker_id=worker_id)
        notices.to_worker(context.work, order, "repair_assigned")
        notices.to_owner(context.work, order, "repair_dispatched", worker_id=str(worker_id))
    return {"worker_id": str(known or worker_id), "assigned_at": context.now.isoformat()}


def chosen(context: Context, order: Order, worker_id: int | None, not_again: frozenset[int]) -> int:
    """Check a chosen worker, or choose the best when nobody was chosen.

    Raises:
        RuleRefused: nobody can be sent, or the chosen one cannot now.
    """
    able = sendable(context.work, order, not_again)
    if not able:
        raise RuleRefused("no_worker", "现在没有可派的维修人员，请联系工程主管")
    if worker_id is None:
        return able[0]
    if worker_id not in able:
        raise RuleRefused(
            "worker_not_free", "所选维修人员此刻不能派单（不在班、请假、无此技能或已退单），请另选一人"
        )
    return worker_id


def not_for_rework(work: Work, order: Order) -> frozenset[int]:
    """Return who must not do a rework: from some rework on, whoever was there before it was asked for.

    Whom the lead sends all the same is not among them.
    """
    return not_for_reworks(work, [order])[order.id]


def not_for_reworks(work: Work, reworked: Collection[Order]) -> dict[int, frozenset[int]]:
    """Return the same for each of some orders, by its id; what is asked does not grow with them."""
    known = figures.of_each(work, reworked)
    by_others = [one.id for one in reworked if one.rework_count > known[one.id].reworks_by_the_same]
    refused = crew.sent_before_refusal(work.connection, by_others)
    return {one.id: refused.get(one.id, frozenset()) for one in reworked}


def not_instead(work: Work, order: Order) -> frozenset[int]:
    """Return who does not come in the place of who was sent: who gave it back, or whom the owner refused."""
    return gave_back(work, order) | not_for_rework(work, order)


@completion("repair.take")
def take(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take an order, hand it to a colleague, or give it back to the next best.

    Returns:
        The worker from now on, and whether the lead has to decide: nobody else is free, or it was given
        back too often.
    """
    given = Answers(answers)
    order = orders.of(context)
    if given.outcome == "taken":
        return _taken(context, order) | {"needs_lead": False}
    orders.note(context.work, order.id, given.outcome, given.text("note"))
    if given.outcome == "transfer":
        return _handed_over(context, order, given) | {"needs_lead": False}
    return _given_back(context, order, given.text("reason_code"))


def _taken(context: Context, order: Order) -> dict[str, Json]:
    if order.worker_id != context.actor.id:  # a substitute is who goes
        crew.assign(context.work, order, context.actor.id, "substitute", context.key)
    crew.taken(context.work, order.id)
    calls.stop(context.work, order)
    order = orders.enter(
        context.work, order, OrderState.TAKEN, worker_id=context.actor.id, taken_at=context.now
    )
    notices.to_owner(context.work, order, "repair_taken", worker_id=str(context.actor.id))
    return {"worker_id": str(context.actor.id)}


def _handed_over(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    colleague = given.id("colleague_id")
    if colleague is None or colleague == context.actor.id:
        raise RuleRefused("no_colleague", "请选择要转给的同事")
    chosen(context, order, colleague, not_instead(context.work, order) | {context.actor.id})
    crew.end(context.work, order.id, "transferred")
    orders.tell(context.work, order.id, "transferred", {"to": str(colleague)})
    return assign(context, order, colleague, "transferred")


def _given_back(context: Context, order: Order, reason_code: str) -> dict[str, Json]:
    crew.end(context.work, order.id, "returned")
    returns = order.return_count + 1
    orders.tell(context.work, order.id, "returned", {"reason": reason_code, "count": returns})
    order = orders.change(context.work, order, return_count=returns, worker_id=None)
    next_best = [one.id for one in crew.proposals(context.work, order, not_instead(context.work, order))]
    if not next_best or returns >= figures.of(context.work, order).returns_before_lead:
        order = orders.enter(context.work, order, OrderState.REPORTED)
        notices.to_post(context.work, order, Post.RPL, "repair_needs_lead")
        return {"needs_lead": True}
    return assign(context, order, next_best[0], "automatic") | {"needs_lead": False}


@successor("repair.worker_id")
def handed_to(context: Context, worker_id: int) -> None:
    """Let the order follow one of its steps into other hands, and tell who comes and whom they come to.

    Raises:
        RuleRefused: a visit is agreed on, and the new one is expected elsewhere then.
    """
    work, order = context.work, orders.of(context)
    if order.worker_id == worker_id:
        return
    if order.state == OrderState.APPOINTED:
        booked.require_able_to_come(work, order, worker_id)
    if order.worker_id == context.actor.id:
        crew.end(work, order.id, "transferred")
    crew.assign(work, order, worker_id, "handed", context.key)
    if order.state != OrderState.ASSIGNED:
        crew.taken(work, order.id)
    orders.tell(work, order.id, "transferred", {"to": str(worker_id)})
    order = orders.change(work, order, worker_id=worker_id)
    notices.to_worker(work, order, "repair_assigned")
    if order.state != OrderState.APPOINTED:
        notices.to_owner(work, order, "repair_dispatched", worker_id=str(worker_id))
        return
    notices.to_owner(
        work,
        order,
        "repair_appointed",
        worker_id=str(worker_id),
        window_from=order.window_from.isoformat(),
        window_to=order.window_to.isoformat(),
    )


@completion("repair.lead_decide")
def lead_decide(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Let the engineering lead send somebody again, or give an order up while nobody can be harmed."""
    given = Answers(answers)
    order = orders.of(context)
    orders.note(context.work, order.id, "lead_decision", given.text("reason"))
    orders.tell(context.work, order.id, "lead_decided", {"outcome": given.outcome})
    if given.outcome == "close":
        is_urgent = catalogue.is_urgent(context.work, order.instance_id, order.urgency)
        if not rules.may_close_as_absent(order.area, is_urgent=is_urgent):
            raise RuleRefused("others_at_risk", "公共部位和紧急故障必须处理完，不能直接关闭")
        close(context.work, order, "lead_closed", "repair_closed_by_lead")
        return {}
    worker_id = chosen(context, order, given.id("worker_id"), frozenset())
    return assign(context, order, worker_id, "chosen") | {"on_site": False, "plan": "new"}


@completion("repair.plan_rework")
def plan_rework(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Plan a repair again: by the same person for a while, then by somebody who was not there before."""
    given = Answers(answers)
    order = orders.of(context)
    orders.note(context.work, order.id, "rework_cause", given.text("cause"))
    orders.note(context.work, order.id, "rework_measure", given.text("measure"))
    worker_id = chosen(context, order, given.id("worker_id"), not_for_rework(context.work, order))
    sent = assign(context, order, worker_id, "rework")
    return sent | {"on_site": False, "repaired": False, "plan": "new", "reworks": order.rework_count}
