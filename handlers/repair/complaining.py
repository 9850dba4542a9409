"""A repair that became a complaint: the answer, what was promised, and whether the owner is content."""

from datetime import date, datetime, time

from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid
from handlers.repair import crew, facts_desk, figures, media, notices, orders, remarks, rules
from handlers.repair.closing import close_merged
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Area, OrderState
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, Pairs, local, pairs
from handlers.shared.masks import mask_name, mask_phone

_DONE_BY = time(18)
_WRITTEN = (
    "return_visit", "complaint_said", "complaint_answer", "complaint_done", "complaint_problem",
    "complaint_visit",
)  # fmt: skip


@service_task("repair.raise_complaint")
def raise_complaint(context: Context) -> None:
    """Turn the third rejection, or a bad return visit, into a complaint, and tell who sees to it.

    Source: policy H2.
    """
    work, order = context.work, orders.of(context)
    if not orders.tell(work, order.id, "complaint_raised", key=context.key):
        return
    if order.state not in OVER:
        crew.end(work, order.id, "closed")
        order = orders.enter(work, order, OrderState.CLOSED, closed_at=work.now)
        close_merged(work, order, "complaint")
    order = orders.change(work, order, outcome="complaint")
    for post in (Post.PM, Post.CSL):
        tell_post(work, order, post, "repair_complaint")
    tell_owner(work, order, "repair_complaint_taken")


@form_data("repair.complaint_facts")
def complaint_facts(context: Context) -> Facts:
    """Say what was done, what the owner is not content with, and what has been answered since."""
    return {"facts": known(context.work, orders.of(context))}


def known(work: Work, order: Order) -> Pairs:
    """Say what was reported, what was done, and what was written since; the contact is masked."""
    reported = pairs(
        ("描述", orders.opened(work, order, "description")),
        ("报修时间", local(work, order.called_at)),
        ("联系人", mask_name(orders.opened(work, order, "contact_name"))),
        ("联系电话", mask_phone(orders.opened(work, order, "contact_phone"))),
    )
    written = remarks.latest(work, order, *_WRITTEN) + remarks.every(work, order, orders.ADDED_TO_COMPLAINT)
    return facts_desk.result(work, order) + reported + written


@completion("repair.answer_complaint")
def answer_complaint(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take down what the owner said and tell them what is decided, with the day of what is promised.

    Where every lead of repair worked on the order, the manager who answers also sees to what was promised.

    Returns:
        {"promised_at", "carrier_id"}: by when it has to be done, and by whom if by no lead of repair; nothing
        where nothing was promised.
    Raises:
        RuleRefused: somebody who worked on the order answers.
        FieldsInvalid: an owner whom nobody met, or a day that is past or too far away.
    Source: policy H2.
    """
    given = Answers(answers)
    work, order = context.work, judged_by_others(context)
    if given.text("met") == "nobody" and order.area == Area.PRIVATE:
        raise FieldsInvalid({"met": ("户内维修要见业主；找不到人请选没联系上", {})})
    promised_at = None
    if given.outcome != "nothing":
        promised_at = _promised(work, order, given.day("promised_on"))
    orders.note(work, order.id, "complaint_said", given.text("said"))
    orders.note(work, order.id, "complaint_answer", given.text("answer"))
    tell_owner(work, order, "repair_complaint_answered")
    how: dict[str, Json] = {"met": given.text("met"), "decision": given.outcome}
    if promised_at is None:
        orders.tell(work, order.id, "complaint_answered", how)
        tell_post(work, order, Post.CSL, "repair_complaint_visit")
        return {}
    moment = promised_at.isoformat()
    orders.tell(work, order.id, "complaint_promised", how | {"promised_at": moment})
    leads = work.engine.directory.recipients(work.connection, Post.RPL, order.community_id, work.now)
    able = [one for one in leads if one not in crew.past_workers(context.connection, order.id)]
    told = able or [context.actor.id]
    notices.to_accounts(work, order, told, "repair_complaint_promise", promised_at=moment)
    return {"promised_at": moment, "carrier_id": None if able else str(context.actor.id)}


def _promised(work: Work, order: Order, day: date | None) -> datetime:
    zone = work.engine.zone
    if day is None:
        raise FieldsInvalid({"promised_on": ("请填写答应业主的日期", {})})
    if day < work.now.astimezone(zone).date():
        raise FieldsInvalid({"promised_on": ("日期不能早于今天", {})})
    last = work.now + figures.promise_within(work, order)
    if day > last.astimezone(zone).date():
        problem = "最晚答应到 {latest}", {"latest": local(work, last)}
        raise FieldsInvalid({"promised_on": problem})
    return max(datetime.combine(day, _DONE_BY, zone), work.now)


@completion("repair.carry_out_complaint")
def carry_out_complaint(context: Context, answers: dict[str, Json]) -> None:
    """Note that what the owner was promised is done; a further repair has steps of its own.

    Raises:
        RuleRefused: somebody who worked on the order reports on it.
    """
    given = Answers(answers)
    work, order = context.work, judged_by_others(context)
    orders.note(work, order.id, "complaint_done", given.text("done"))
    media.attach(work, order, given.ids("photos"))
    orders.tell(work, order.id, "complaint_carried_out")
    tell_owner(work, order, "repair_complaint_done")
    tell_post(work, order, Post.CSL, "repair_complaint_visit")


@completion("repair.visit_complainant")
def visit_complainant(context: Context, answers: dict[str, Json]) -> None:
    """Note whether the owner is content with the answer: it ends there, or quality reviews it.

    Whom three calls did not reach is not counted among the content: the complaint ends as not reached.

    Raises:
        RuleRefused: somebody who worked on the order, or repaired it again, asks.
    """
    given = Answers(answers)
    work, order = context.work, checked_by_others(context)
    orders.note(work, order.id, "complaint_visit", given.text("comment"))
    orders.note(work, order.id, "complaint_problem", given.text("problem"))
    orders.tell(work, order.id, "complaint_visited", {"grade": given.outcome})
    if given.outcome == "c":
        tell_post(work, order, Post.QA, "repair_complaint_review")
        return
    end = "complaint_unreached" if given.outcome == "unreachable" else "complaint_closed"
    orders.tell(work, order.id, end)
    tell_owner(work, order, f"repair_{end}")


@completion("repair.review_complaint")
def review_complaint(context: Context, answers: dict[str, Json]) -> None:
    """End a complaint with the last answer inside the company, and name the ways outside.

    Raises:
        RuleRefused: somebody who worked on the order, or repaired it again, reviews it.
    """
    given = Answers(answers)
    work, order = context.work, checked_by_others(context)
    orders.note(work, order.id, "complaint_finding", given.text("finding"))
    orders.note(work, order.id, "complaint_review", given.text("answer"))
    orders.tell(work, order.id, "complaint_reviewed")
    tell_owner(work, order, "repair_complaint_reviewed")


def judged_by_others(context: Context) -> Order:
    """Return the order that a complaint is about.

    Raises:
        RuleRefused: the actor worked on it.
    """
    order = orders.of(context)
    rules.require_not_complained_of(context.actor.id, crew.past_workers(context.connection, order.id))
    return order


def checked_by_others(context: Context) -> Order:
    """Return the order whose complaint was answered, and carried out.

    Raises:
        RuleRefused: the actor worked on it, or repaired it again.
    """
    order = orders.of(context)
    rules.require_not_complained_of(context.actor.id, crew.came_to(context.connection, order))
    return order


def tell_post(work: Work, order: Order, post: str, template: str) -> None:
    """Tell a post of a complaint, but for those of it who worked on the order or repaired it again."""
    there = work.engine.directory.recipients(work.connection, post, order.community_id, work.now)
    out = crew.came_to(work.connection, order)
    notices.to_accounts(work, order, (one for one in there if one not in out), template)


def tell_owner(work: Work, order: Order, template: str, **params: Json) -> None:
    """Tell the owner about their complaint; a common part was rejected by the lead of repair, not by them."""
    if order.area == Area.PRIVATE:
        notices.to_owner(work, order, template, **params)
