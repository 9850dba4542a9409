"""Checking a report and handing it to somebody: one step, thirty minutes, at night too."""

from engine import instances
from engine.bilingual import joined
from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.presence import present_at
from handlers.accounts.workforce import posts_of
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.repair import catalogue, media, notices, orders, reporting, rules
from handlers.repair.closing import close, merged
from handlers.repair.dispatching import assign, chosen, gave_back
from handlers.repair.merging import is_same_fault
from handlers.repair.orders import Order
from handlers.repair.records import OVER, OrderState, SecondCheck
from handlers.shared.answers import Answers


@service_task("repair.set_urgency")
def set_urgency(
    context: Context,
    *,
    fault_code: str | None,
    fault_urgency: str | None,
    hint_urgency: str | None,
    skill: str | None,
    charge: str | None,
) -> dict[str, Json]:
    """Settle how urgent an order is: the most urgent of table, words and person; it never falls.

    Returns:
        {"urgency"}: one of P0 to P3.
    """
    work, order = context.work, orders.of(context)
    urgency = rules.more_urgent(rules.more_urgent(fault_urgency, hint_urgency), order.urgency)
    raised_from = "table" if urgency == fault_urgency else "hint" if urgency == hint_urgency else "person"
    if urgency != order.urgency:
        orders.tell(work, order.id, "urgency_set", {"urgency": urgency, "from": raised_from})
    orders.change(
        work,
        order,
        fault_code=fault_code,
        urgency=urgency,
        urgency_from=order.urgency_from if urgency == order.urgency else raised_from,
        urgency_by=order.urgency_by if urgency == order.urgency else context.actor.id,
        skill=skill,
        charge=charge,
    )
    return {"urgency": urgency}


@completion("repair.accept")
def accept(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Check a report and assign it, ask the owner, or say why nothing will be done.

    Raises:
        RuleRefused: who entered a report by phone checks it too, without having read it back at night.
    Source: policy E2, C1.
    """
    given = Answers(answers)
    order = orders.of(context)
    orders.note(context.work, order.id, "acceptance", given.text("note"))
    return _OUTCOMES[given.outcome](context, order, given)


def _accept(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    order = checked(context, order, given)
    _require_complete(order)
    worker_id = chosen(context, order, given.id("worker_id"), gave_back(context.work, order))
    order = _accepted(context, order)
    return assign(context, order, worker_id, "chosen")


def _accepted(context: Context, order: Order) -> Order:
    orders.tell(context.work, order.id, "accepted")
    return orders.change(
        context.work,
        order,
        verified_at=order.verified_at or context.now,
        accepted_at=order.accepted_at or context.now,
        accepted_by=order.accepted_by or context.actor.id,
    )


def checked(context: Context, order: Order, given: Answers) -> Order:
    """Note the second look at what another clerk wrote down, or the read-back of one who is alone.

    Raises:
        RuleRefused: who wrote it down has not read it back, or another clerk is there to look.
    Source: policy C1.
    """
    if order.second_check != SecondCheck.PENDING:
        return order
    work = context.work
    check = SecondCheck.CHECKED
    if order.entered_by == context.actor.id:
        if not given.flag("read_back"):
            raise RuleRefused(
                "second_check",
                "电话报修须由另一位客服核对；夜间独自值班时，请向来电人复述，再勾选“来电报修由本人登记”那一项",
            )
        if _another_clerk(work, order.community_id):
            raise RuleRefused("not_alone", "现在还有其他客服在班，请由另一人核对")
        check = SecondCheck.READ_BACK
        notices.to_owner(work, order, "repair_read_back")
    return orders.checked(work, order, check)


def _another_clerk(work: Work, community_id: int) -> bool:
    """Tell whether somebody else works at the desk now; a substitute sits in the place of who is away."""
    there = present_at(work.connection, community_id, work.now)
    others = {one.account_id: one.instead_of for one in there if one.account_id != work.actor.id}
    ids = {*others, *(one for one in others.values() if one is not None)}
    return any(Post.CS in posts for posts in posts_of(work, ids, community_id).values())


def _require_complete(order: Order) -> None:
    missing = rules.missing_facts(
        {
            ("故障类型", "Kind of fault"): order.fault_code,
            ("位置", "Place"): order.place,
            ("联系电话", "Phone"): order.contact_phone,
            ("故障描述", "Description"): order.description,
            ("紧急程度", "Urgency"): order.urgency,
        }
    )
    if missing:
        raise RuleRefused("incomplete", "报修记录还缺：{missing}", missing=joined(missing))


def _more_info(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    if order.house_id is None:
        raise RuleRefused("nobody_to_ask", "此报修没有对应的住户，请直接电话询问")
    if not given.text("question"):
        raise FieldsInvalid({"question": ("请填写要业主补充的内容", {})})
    orders.note(context.work, order.id, "question", given.text("question"))
    orders.tell(context.work, order.id, "info_asked")
    order = orders.enter(context.work, order, OrderState.NEEDS_INFO)
    notices.to_owner(context.work, order, "repair_needs_info")
    return {}


def _reclassify(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    work = context.work
    code = given.text("fault_code") or order.fault_code
    fault = catalogue.fault(work, code)
    if fault is None:
        raise FieldsInvalid({"fault_code": ("请选择故障类型", {})})
    raised = rules.more_urgent(order.urgency, given.text("raise_to") or None)
    orders.tell(work, order.id, "reclassified", {"fault": code, "from": order.fault_code})
    values: dict[str, object] = {"fault_code": code}
    if raised != order.urgency:
        orders.tell(work, order.id, "urgency_raised", {"from": order.urgency, "to": raised})
        values |= {"urgency": raised, "urgency_from": "clerk", "urgency_by": context.actor.id}
    order = orders.change(work, order, **values)
    instances.describe(work, context.instance_id, reporting.subject_of(order, fault))
    return {"fault_code": code, "hint_urgency": raised, "confirm_by": reporting.confirm_by(order)}


def _duplicate(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    original = orders.by_id(context.connection, given.id("duplicate_of") or 0)
    if original.id == order.id or original.community_id != order.community_id:
        raise FieldsInvalid({"duplicate_of": ("请选择同一小区的另一张报修单", {})})
    if original.state in (*OVER, OrderState.MERGED):
        raise RuleRefused(
            "order_over", "报修单 {number} 已结束或已合并，请选择另一张", number=original.number
        )
    orders.tell(context.work, order.id, "duplicate", {"of": original.number})
    if is_same_fault(context.work, order, original):
        orders.tell(context.work, original.id, "merged_in", {"number": order.number})
        merged(context.work, orders.change(context.work, order, parent_id=original.id))
        return {}
    order = orders.change(context.work, order, duplicate_of_id=original.id)
    close(context.work, order, "duplicate", "repair_duplicate")
    return {}


def _out_of_scope(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    if not given.text("reason"):
        raise FieldsInvalid({"reason": ("请填写不受理的原因，业主会看到", {})})
    orders.note(context.work, order.id, "out_of_scope", given.text("reason"))
    close(context.work, order, "out_of_scope", "repair_out_of_scope")
    return {}


def _warranty(context: Context, order: Order, given: Answers) -> dict[str, Json]:
    order = checked(context, order, given)
    _accepted(context, order)
    notices.to_owner(context.work, order, "repair_warranty")
    return {"plan": "developer"}


_OUTCOMES = {
    "accept": _accept,
    "more_info": _more_info,
    "reclassify": _reclassify,
    "duplicate": _duplicate,
    "out_of_scope": _out_of_scope,
    "warranty": _warranty,
}


@completion("repair.supply_info")
def supply_info(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take what the owner adds; the clerk's time starts anew."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "answer", given.text("answer"))
    media.attach(work, order, given.ids("photos"))
    orders.tell(work, order.id, "info_given")
    orders.enter(work, order, OrderState.REPORTED)
    raised = reporting.raised_urgency(work, given.text("answer"), order.urgency)
    return {"hint_urgency": raised, "accept_from": work.now.isoformat()}
