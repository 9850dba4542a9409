"""Repairing again what a complaint was about: somebody else is sent, comes, and shows what was done."""

from datetime import datetime

from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, successor
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.repair import booked, crew, figures, media, notices, orders, remarks, visiting
from handlers.repair.complaining import judged_by_others, known, tell_owner, tell_post
from handlers.repair.dispatching import sendable
from handlers.repair.fact_lines import worker_options
from handlers.repair.facts_field import job
from handlers.repair.orders import Order
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, local, pairs


def whom_to_send(work: Work, order: Order) -> list[int]:
    """Return who can repair again, the best first: nobody who was sent before.

    Where nobody else can, whoever sends goes themselves.
    """
    before = frozenset(crew.past_workers(work.connection, order.id))
    return sendable(work, order, before) or [work.actor.id]


@form_data("repair.send_again_facts")
def send_again_facts(context: Context) -> Facts:
    """Say what the complaint is about and what was promised by when, and who can repair it again."""
    work, order = context.work, orders.of(context)
    promised = local(work, _moment(work, order, "complaint_promised", "promised_at"))
    again = remarks.latest(work, order, "complaint_not_mended")
    options = {"workers": worker_options(work, whom_to_send(work, order))}
    return {"facts": known(work, order) + pairs(("答应办好的时间", promised)) + again, "options": options}


@completion("repair.send_again")
def send_again(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Send somebody who was not there before, at a time that was agreed on with the owner.

    Returns:
        {"again_id"}: who comes.
    Raises:
        RuleRefused: somebody who worked on the order decides, or the chosen one cannot go.
        FieldsInvalid: the visit is past, later than what was promised, or while they are expected elsewhere.
    Source: policy H2.
    """
    given = Answers(answers)
    work, order = context.work, judged_by_others(context)
    worker_id = given.id("worker_id")
    if worker_id not in whom_to_send(work, order):
        raise RuleRefused("not_again_by", "所选人员此刻不能派，或上次去过，请另选一人")
    visit_at = _agreed(work, order, given.moment("visit_at"))
    booked.require_free(work, order, worker_id, visit_at)
    orders.note(work, order.id, "complaint_again", given.text("measure"))
    sent: dict[str, Json] = {"worker_id": str(worker_id), "visit_at": visit_at.isoformat()}
    orders.tell(work, order.id, "complaint_sent", sent)
    notices.to_accounts(work, order, [worker_id], "repair_assigned")
    window = figures.of(work, order).visit_window
    window_from, window_to = max(visit_at - window, work.now), visit_at + window
    order = orders.change(work, order, window_from=window_from, window_to=window_to)
    tell_owner(
        work,
        order,
        "repair_appointed",
        worker_id=str(worker_id),
        window_from=window_from.isoformat(),
        window_to=window_to.isoformat(),
    )
    return {"again_id": str(worker_id)}


def _agreed(work: Work, order: Order, visit_at: datetime | None) -> datetime:
    agreed = visiting.bookable(work, visit_at)
    promised_at = _moment(work, order, "complaint_promised", "promised_at")
    if promised_at is not None and work.now < promised_at < agreed:
        problem = "答应业主 {latest} 前办好，请选更早的时间", {"latest": local(work, promised_at)}
        raise FieldsInvalid({"visit_at": problem})
    return agreed


@successor("repair.again_id")
def handed_to(context: Context, worker_id: int) -> None:
    """Let somebody else come again because of a complaint, where they are expected nowhere else then.

    Raises:
        RuleRefused: they are.
    """
    booked.require_able_to_come(context.work, orders.of(context), worker_id)


@form_data("repair.visit_again_facts")
def visit_again_facts(context: Context) -> Facts:
    """Say what is to do this time, when the owner expects it, and what they were answered."""
    work, order = context.work, orders.of(context)
    written = remarks.latest(work, order, "complaint_again", "complaint_answer")
    added = remarks.every(work, order, orders.ADDED_TO_COMPLAINT)
    return {"facts": job(work, order) + written + added}


@completion("repair.visit_again")
def visit_again(context: Context, answers: dict[str, Json]) -> None:
    """Note when somebody came, what they did and how it looks now; or that it could not be repaired.

    Raises:
        RuleRefused: whoever repaired it before goes again.
        FieldsInvalid: the arrival is ahead, or before the visit was agreed on.
    """
    given = Answers(answers)
    work, order = context.work, judged_by_others(context)
    arrived_at = _arrived(work, order, given.moment("arrived_at"))
    is_mended = given.outcome == "mended"
    media.attach(work, order, given.ids("photos"))
    orders.note(work, order.id, "complaint_done" if is_mended else "complaint_not_mended", given.text("done"))
    event = "complaint_mended" if is_mended else "complaint_not_mended"
    orders.tell(work, order.id, event, {"arrived_at": arrived_at.isoformat()})
    if is_mended:
        tell_owner(work, order, "repair_complaint_done")
        tell_post(work, order, Post.CSL, "repair_complaint_visit")
    elif (sent := orders.last_event(work, order.id, "complaint_sent")) is not None:
        notices.to_accounts(work, order, [sent.actor_id], "repair_complaint_not_mended")


def _arrived(work: Work, order: Order, arrived_at: datetime | None) -> datetime:
    sent = orders.last_event(work, order.id, "complaint_sent")
    since = sent.at.replace(second=0, microsecond=0) if sent else None  # a form knows no seconds
    if arrived_at is None or arrived_at > work.now or (since is not None and arrived_at < since):
        raise FieldsInvalid({"arrived_at": ("到场时间要在派人之后、现在之前", {})})
    return arrived_at


def _moment(work: Work, order: Order, kind: str, name: str) -> datetime | None:
    told = orders.last_event(work, order.id, kind)
    return datetime.fromisoformat(told.params[name]) if told else None
