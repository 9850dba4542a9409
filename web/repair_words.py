"""Says the states and facts of repair orders in the reader's language."""

from collections.abc import Mapping

from flask_babel.speaklater import LazyString

from engine.bilingual import Text
from handlers.repair import rules
from handlers.repair.queries import OrderLine, OrderView
from handlers.repair.records import OrderState
from handlers.repair.story import Sentence
from web.texts import gettext, lazy_gettext
from web.words import either, filled, listed, moment, money, written

STATES: Mapping[OrderState, LazyString] = {
    OrderState.REGISTERING: lazy_gettext("登记中"),
    OrderState.REPORTED: lazy_gettext("待受理"),
    OrderState.NEEDS_INFO: lazy_gettext("待补充"),
    OrderState.ASSIGNED: lazy_gettext("已派单"),
    OrderState.TAKEN: lazy_gettext("已接单"),
    OrderState.APPOINTED: lazy_gettext("已预约"),
    OrderState.ARRIVED: lazy_gettext("已到场"),
    OrderState.QUOTED: lazy_gettext("报价中"),
    OrderState.WAITING_PARTS: lazy_gettext("等配件"),
    OrderState.OBSERVING: lazy_gettext("观察中"),
    OrderState.OUTSOURCED: lazy_gettext("外包维修"),
    OrderState.WORKING: lazy_gettext("维修中"),
    OrderState.FINISHED: lazy_gettext("待确认"),
    OrderState.REWORK: lazy_gettext("返工中"),
    OrderState.CONFIRMED: lazy_gettext("已确认"),
    OrderState.MERGED: lazy_gettext("已合并处理"),
    OrderState.CLOSED: lazy_gettext("已完成"),
    OrderState.CANCELLED: lazy_gettext("已取消"),
}


def state_words(line: OrderLine) -> str:
    """Say where an order stands, or that its complaint goes on."""
    return gettext("投诉处理中") if line.is_complaint else str(STATES[OrderState(line.state)])


# Which of the five stages (reported, accepted, visit, repair, done) a state stands in; 5 is past all.
NEXT: Mapping[OrderState, int] = {
    OrderState.REGISTERING: 0,
    OrderState.REPORTED: 1,
    OrderState.NEEDS_INFO: 1,
    OrderState.ASSIGNED: 2,
    OrderState.TAKEN: 2,
    OrderState.APPOINTED: 2,
    OrderState.ARRIVED: 3,
    OrderState.QUOTED: 3,
    OrderState.WAITING_PARTS: 3,
    OrderState.OBSERVING: 3,
    OrderState.OUTSOURCED: 3,
    OrderState.WORKING: 3,
    OrderState.REWORK: 3,
    OrderState.MERGED: 3,
    OrderState.FINISHED: 4,
    OrderState.CONFIRMED: 5,
    OrderState.CLOSED: 5,
    OrderState.CANCELLED: 5,
}

# What people are told instead of the codes of the tables.
URGENCIES = {
    "P0": lazy_gettext("紧急"),
    "P1": lazy_gettext("加急"),
    "P2": lazy_gettext("一般"),
    "P3": lazy_gettext("不急"),
}

# How somebody stands to a house.
RELATIONS = {
    "owner": lazy_gettext("业主"),
    "co_owner": lazy_gettext("共有人"),
    "agent": lazy_gettext("代理人"),
    "tenant": lazy_gettext("租户"),
    "family": lazy_gettext("家庭成员"),
}

# Events of an order that say more than the step which they happened in, and its outcome.
_TELLING = frozenset(
    {
        "urgency_set", "urgency_raised", "alarmed", "acknowledged", "reclassified", "duplicate", "assigned",
        "taken_urgent", "transferred", "returned", "appointed", "visit_late", "rebooked", "quoted",
        "quote_agreed", "vendor_accepted", "added",
        "parts_ordered", "parts_date", "parts_delayed", "parts_given_up", "finished", "signed",
        "rejected", "auto_confirmed", "complaint_raised", "complaint_added",
        "complaint_promised", "complaint_sent", "complaint_mended", "complaint_not_mended",
        "complaint_closed", "complaint_unreached", "merged_in", "merged", "closed_with",
        "reopened", "complaint_withdrawn",
    }
)  # fmt: skip


def tells(one: Sentence) -> bool:
    """Tell whether an event is worth a line of its own in the story of a case."""
    return one.kind in _TELLING and one.params.get("charge_fen") != rules.yuan(0)


def event_said(one: Sentence) -> str:
    """Say an event of an order in the reader's language."""
    text = filled(one.text, {key: _word(value) for key, value in one.params.items()})
    return text + gettext("：") + one.quote if one.quote else text


def _word(value: Text) -> Text:
    return str(URGENCIES[value]) if isinstance(value, str) and value in URGENCIES else value


def order_facts(order: OrderView) -> list[tuple[str, str]]:
    """List what a resident wants to know of a report, leaving out what is not known yet."""
    line = order.line
    pairs = [
        (gettext("状态"), state_words(line)),
        (gettext("维修人员"), line.worker),
        (gettext("上门时间"), _window(order)),
        (gettext("报修内容"), description(order)),
        (gettext("联系人"), " ".join(filter(None, (order.contact_name, order.contact_phone)))),
        (gettext("报修时间"), moment(line.called_at)),
        (gettext("检查情况"), order.finding),
        (gettext("维修结果"), order.result),
        (gettext("用料"), listed(order.materials)),
        (gettext("收费"), money(order.charge_fen) if order.charge_fen else ""),
        *charge_lines(order),
        (gettext("合并到"), order.duplicate_of or ""),
    ]
    return [(label, text) for label, text in pairs if text]


def charge_lines(order: OrderView) -> list[tuple[str, str]]:
    """Say what the charge is made up of."""
    return [
        (written(one.name), f"{one.quantity} {written(one.unit)} × {money(one.price_fen)}".replace("  ", " "))
        for one in order.charges
    ]


def desk_facts(order: OrderView) -> list[tuple[str, str]]:
    """List what staff want to know of a report besides: urgency, marks, quote, rating."""
    line = order.line
    quote = money(order.quote_total_fen) if order.quote_total_fen is not None else ""
    pairs = [
        (gettext("紧急程度"), str(URGENCIES[line.urgency]) if line.urgency else ""),
        *order_facts(order),
        (gettext("报价"), quote),
        (gettext("评价"), " / ".join(str(mark) for mark in order.rating)),
        (gettext("业主的话"), order.rating_text),
        (gettext("再次报修"), order.reopens or ""),
        (gettext("标记"), listed(line.marks)),
    ]
    return [(label, text) for label, text in pairs if text]


def _window(order: OrderView) -> str:
    line = order.line
    if line.window_from is None:
        return ""
    begin = moment(line.window_from)
    return f"{begin} – {moment(line.window_to)[-5:]}" if line.window_to else begin


def description(order: OrderView) -> str:
    """Say what was reported; where the name of the fault stands for it, in the reader's language."""
    line = order.line
    return either(line.fault, line.fault_en) if order.description == line.fault else order.description
