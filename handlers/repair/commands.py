"""What people do with an order beside its steps: remark, cancel, come back on it, ask for a phone number."""

from sqlalchemy import exists, select

from engine import drafts, instances
from engine.ids import new_id
from engine.store.tables import instance
from engine.work import Work
from handlers.errors import ActionNotAllowed, RuleRefused
from handlers.estate import emergencies
from handlers.estate.authorisation import Purpose
from handlers.estate.revealing import REVEAL_PHONE, is_used_up
from handlers.repair import complaints, contacts, figures, orders, places, reporting, rules, visibility
from handlers.repair.orders import Order
from handlers.repair.records import Area, OrderState
from handlers.repair.reporting import Report, Reported
from handlers.shared import access_log, settled, tally
from handlers.shared.alarms import raise_alarm
from handlers.shared.permissions import Permission


def comment(work: Work, number: str, text: str) -> int:
    """Add a remark that everybody sees who may see the order."""
    order = visibility.seen(work, number)
    return drafts.comment(work, _instance(order), text)


def cancel(work: Work, number: str, reason: str) -> None:
    """Cancel an order; which step allows it to whom stands in the diagram.

    Raises:
        NotPermitted, ActionNotAllowed, RuleRefused: it cannot be cancelled now, or not by this actor.
    """
    order = visibility.seen(work, number)
    instances.cancel(work, _instance(order), reason)


def reopen(work: Work, number: str, text: str, *, idempotency_key: str | None = None) -> Reported:
    """Come back on a closed order for some time: a new case begins that points at the old one.

    It names the actor as the one to call, never whom the old order named: that may be the other party.

    Raises:
        ActionNotAllowed: neither the actor nor the own household reported it.
        RuleRefused: it is not closed, or closed too long ago.
    """
    old = visibility.seen(work, number)
    if old.house_id is None or old.fault_code is None:
        raise RuleRefused("not_reopenable", "此报修单不能再次报修，请新建报修")
    if not contacts.may_come_back(work, old):
        raise ActionNotAllowed("reopen_not_own", "此报修不是您或家人提交的，如仍有故障请新建报修")
    within = figures.of(work, old).reopen_within
    if old.state != OrderState.CLOSED or not rules.may_reopen(old.closed_at, work.now, within):
        raise RuleRefused(
            "reopen_too_late",
            "报修单 {number} 未办结，或办结已超过 {within}，请新建报修",
            number=number,
            within=within,
        )
    report = Report(
        area=Area(old.area),
        fault_code=old.fault_code,
        description=text,
        contact_name="",
        contact_phone="",
        house_id=old.house_id,
        urgency=old.urgency,
        contact_person_id=places.person_of(work),
    )
    reported = reporting.report_online(work, report, idempotency_key=idempotency_key)
    new = orders.by_id(work.connection, reported.order_id)
    if new.reopens_id is None:
        orders.change(work, new, reopens_id=old.id)
        orders.tell(work, old.id, "reopened", {"number": new.number})
    return reported


def reveal_contact(work: Work, number: str, purpose: str, reason: str = "") -> tuple[str, str]:
    """Show name and phone of who reported, after writing down who asked and why.

    Repair staff may for the orders they were sent to, until a day after the end; the desk and the leads for
    those of their community that something is still to be done about; whoever holds a step of the complaint
    while they hold it.

    Raises:
        OrderNotFound, ActionNotAllowed: this actor may not.
        FieldsInvalid: an emergency without a reason in words.
        RuleRefused: the actor has asked too often; security administrators are told.
    """
    order = visibility.seen(work, number)
    if not may_reveal(work, order):
        raise ActionNotAllowed("reveal_not_allowed", "您不能查看此报修单的联系电话")
    is_reporter = _is_reporter(work, order)
    if not (is_reporter or visibility.is_sent(work, order)):
        settled.require(work)
    is_emergency = purpose == Purpose.EMERGENCY
    if is_emergency:
        emergencies.require_told(reason)
    if not is_reporter and is_used_up(work):
        raise_alarm(work, "reveal_quota", work.actor.id, {})
        tally.add(work, "over")
        work.raise_after_commit(RuleRefused("reveal_quota", "查看次数已达上限，须主管同意才能多看"))
        return "", ""
    entry_id = new_id()
    sealed = work.engine.vault.seal("access_log", "detail", entry_id, reason.strip())
    detail = {"reason_id": str(entry_id), "reason": sealed}
    access_log.append(work, access_log.Entry(REVEAL_PHONE, "repair_order", order.id, purpose, detail))
    if is_emergency:
        emergencies.tell_security(work, entry_id)
    return orders.opened(work, order, "contact_name"), orders.opened(work, order, "contact_phone")


def may_reveal(work: Work, order: Order) -> bool:
    """Tell whether the actor may look the contact of an order up now, before they fill in a form in vain."""
    return (
        _is_reporter(work, order)
        or _is_of_desk(work, order)
        or visibility.is_sent(work, order)
        or complaints.is_in_hand(work, order)
    )


def _is_reporter(work: Work, order: Order) -> bool:
    return work.actor.kind == "resident" and order.reporter_account_id == work.actor.id


def _is_of_desk(work: Work, order: Order) -> bool:
    """Tell whether the actor leads or serves where an order is, and its case still goes on."""
    # Finance may look phones up too, but for fees, not out of somebody's report.
    needed = (Permission.OWNER_REVEAL_PHONE, Permission.REPAIR_DISPATCH)
    if not all(work.may(one, order.community_id) for one in needed):
        return False
    goes_on = exists().where(instance.c.id == order.instance_id, instance.c.ended_at.is_(None))
    return order.closed_at is None or bool(work.connection.execute(select(goes_on)).scalar_one())


def _instance(order: Order) -> int:
    if order.instance_id is None:
        raise RuleRefused("no_case", "报修单 {number} 没有流程", number=order.number)
    return int(order.instance_id)
