"""Tells residents how their report stands, who comes when, and what happens next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_date

from handlers.repair.queries import OrderLine, OrderView
from handlers.repair.records import OVER, Area, OrderState
from web.repair_words import charge_lines, description
from web.story import PAUSE_REASONS
from web.texts import gettext, lazy_gettext
from web.words import calendar_day, clock_time, listed, local_date, moment, moment_short, money

VISIT_AGAIN = "visit_again"  # the step of a complaint in which somebody comes again


@dataclass(frozen=True)
class Standing:
    """What the words are made from.

    Attributes:
        due_at: until when the step that is open now is to be done.
        called_by: until when somebody calls the resident back after the repair; None where nobody will.
        complaint: the step of the complaint that is open now; None where there is none.
        is_reviewed: the complaint went as far as it goes inside the company.
        is_rated, is_low_rated: the resident gave marks, and one of them is bad.
        is_asked: something waits for the resident.
        is_urgent: repair staff were told at once.
        outcome: how it ended.
        reopen_until: until when a closed report can be taken up again.
        is_stuck: something went wrong and the case stands still.
        pause: why the open step waits and until when that is planned; None while its clock goes.
    """

    line: OrderLine
    now: datetime
    due_at: datetime | None = None
    is_asked: bool = False
    is_urgent: bool = False
    outcome: str | None = None
    reopen_until: datetime | None = None
    is_stuck: bool = False
    pause: tuple[str, datetime] | None = None
    called_by: datetime | None = None
    is_rated: bool = False
    is_low_rated: bool = False
    complaint: str | None = None
    is_reviewed: bool = False

    @property
    def due(self) -> str:
        """Say the limit of the open step; empty when it has none, or it is past."""
        return moment_short(self.due_at, self.now) if self.due_at and self.due_at > self.now else ""


def what_next(standing: Standing) -> str:
    """Say in one or two sentences what happens next and by when; empty where there is nothing to say."""
    if standing.is_stuck and not standing.is_asked:
        return gettext("办理中遇到问题，我们正在查看。着急请打前台电话。")
    if standing.pause is not None and not standing.is_asked:
        return _paused(*standing.pause, standing.now)
    return _NEXT[OrderState(standing.line.state)](standing)


def _paused(reason: str, until: datetime, now: datetime) -> str:
    why = PAUSE_REASONS.get(reason, reason)
    return gettext("暂停中（%(why)s），预计 %(at)s 继续。", why=why, at=moment_short(until, now))


def visit_day(at: datetime, now: datetime) -> str:
    """Name a day as people do: today, tomorrow, else the date with the day of the week.

    The year stands before the date where it is not this one.
    """
    date, today = local_date(at), local_date(now)
    if date == today:
        return gettext("今天")
    if date == today + timedelta(days=1):
        return gettext("明天")
    return str(format_date(date, "MM-dd EEE" if date.year == today.year else "yyyy-MM-dd EEE"))


def visit_window(line: OrderLine, now: datetime) -> str:
    """Say between when the repairer comes; empty while nobody knows, and once somebody is there.

    Of a report with a complaint it is when somebody comes again.
    """
    is_agreed = line.state == OrderState.APPOINTED or line.is_complaint
    if not is_agreed or line.window_from is None or line.window_to is None:
        return ""
    window = f"{visit_day(line.window_from, now)} {clock_time(line.window_from)}–{clock_time(line.window_to)}"
    return gettext("%(window)s（已过）", window=window) if line.window_to < now else window


def own_facts(order: OrderView) -> list[tuple[str, str]]:
    """List what a resident wants to know of a report besides who comes and what is next."""
    line = order.line
    marks = zip((gettext("速度"), gettext("质量"), gettext("态度")), order.rating, strict=False)
    pairs = [
        (gettext("维修人员"), line.worker if line.state in OVER else ""),
        (gettext("报修内容"), description(order)),
        (gettext("联系人"), " ".join(filter(None, (order.contact_name, order.contact_phone)))),
        (gettext("报修时间"), moment(line.called_at)),
        (gettext("没有维修的原因"), order.refusal),
        (gettext("维修人员的话"), order.visit_note if line.state in _BEFORE_ARRIVAL else ""),
        (gettext("检查情况"), order.finding),
        (gettext("维修结果"), order.result),
        (gettext("用料"), listed(order.materials)),
        (gettext("收费"), money(order.charge_fen) if order.charge_fen else ""),
        *charge_lines(order),
        (gettext("您的评价"), " · ".join(f"{label} {mark}" for label, mark in marks)),
        (gettext("您的话"), order.rating_text),
        *zip(_ANSWERS, order.complaint, strict=True),
    ]
    return [(str(label), text) for label, text in pairs if text]


def _reported(standing: Standing) -> str:
    if standing.is_urgent:
        return gettext("已通知抢险人员，客服同时核实。人先离开危险的地方。")
    if standing.due:
        return gettext("客服会在 %(at)s 前受理并派人。", at=standing.due)
    return gettext("客服正在受理，很快会派人。")


def _assigned(standing: Standing) -> str:
    if standing.is_asked:
        return gettext("上次上门没有见到您。请在下面选一个方便的时间。")
    name, wished = _worker(standing), standing.line.proposed_at
    if wished is not None and wished > standing.now:
        at = moment_short(wished, standing.now)
        return gettext("您希望 %(at)s 上门，%(name)s会和您确认。", at=at, name=name)
    return gettext("已派给%(name)s，接单后会和您约时间。", name=name)


def _waiting_parts(standing: Standing) -> str:
    if standing.due:
        return gettext("正在等配件，预计 %(at)s 前到货，到了马上继续。", at=standing.due)
    return gettext("正在等配件，到货后马上继续。")


def _taken(standing: Standing) -> str:
    return gettext("%(name)s已接单，会和您约上门时间。", name=_worker(standing))


def _appointed(standing: Standing) -> str:
    if standing.line.window_to is not None and standing.line.window_to < standing.now:
        return gettext("约定的时间已过，还没有登记到场。请打前台电话询问，不用一直等。")
    window = visit_window(standing.line, standing.now)
    if standing.line.area == Area.COMMON:
        return gettext("%(name)s %(window)s 到现场。", name=_worker(standing), window=window)
    return gettext("%(name)s %(window)s 上门，请留人在家。", name=_worker(standing), window=window)


def _quoted(standing: Standing) -> str:
    if standing.is_asked:
        return gettext("请在下面答复报价。您同意以前不会动工。")
    return gettext("正在准备和审核报价，好了会请您确认。您同意以前不会动工。")


def _finished(standing: Standing) -> str:
    if not standing.is_asked:
        return gettext("已修完，由工程主管验收。")
    return gettext("请在下面确认修好没有，并打分。")


def _confirmed(standing: Standing) -> str:
    if standing.is_asked:
        return gettext("已当面签字确认。请在下面评价；没修好也在下面说。")
    return _call_back(standing) or gettext("谢谢您的确认。")


def _call_back(standing: Standing) -> str:
    """Say who calls back until when, where the table of return visits says so."""
    if standing.called_by is None:
        return ""
    if standing.called_by <= standing.now:
        return gettext("客服会尽快打电话给您，听听您的意见。")
    at = moment_short(standing.called_by, standing.now)
    if standing.is_low_rated:
        return gettext("抱歉没让您满意。客服会在 %(at)s 前打电话给您。", at=at)
    return gettext("谢谢。客服会在 %(at)s 前打电话给您，问问修得怎么样。", at=at)


def _closed(standing: Standing) -> str:
    if standing.complaint in _COMPLAINT:
        return _COMPLAINT[standing.complaint](standing)
    if standing.is_reviewed:
        return gettext("投诉已复核答复并办结，见下。仍不满意，可以拨打 12345，或找业主委员会、街道办事处。")
    if standing.outcome in UNREPAIRED:
        said = str(UNREPAIRED[standing.outcome])
        if standing.reopen_until is None:
            return said
        return said + gettext(
            "有不同意见，%(at)s 前可以从这里再次报修。", at=calendar_day(standing.reopen_until)
        )
    return _call_back(standing) or (gettext("谢谢您的评价。") if standing.is_rated else "") + _ended(standing)


def _answering(standing: Standing) -> str:
    if standing.due:
        return gettext("已转为投诉。项目经理会在 %(at)s 前面见您并答复。", at=standing.due)
    return gettext("已转为投诉。项目经理会尽快面见您并答复。")


def _carrying_out(standing: Standing) -> str:
    if standing.due:
        return gettext("投诉已答复，见下。答应您的事会在 %(at)s 前办好。", at=standing.due)
    return gettext("投诉已答复，见下。答应您的事会尽快办好。")


def _visiting_again(standing: Standing) -> str:
    is_ahead = standing.line.window_to is not None and standing.line.window_to > standing.now
    return _appointed(standing) if is_ahead else _carrying_out(standing)


def _asking(standing: Standing) -> str:
    if standing.due:
        return gettext("投诉已答复，见下。客服主管会在 %(at)s 前打电话问您满意不满意。", at=standing.due)
    return gettext("投诉已答复，见下。客服主管会尽快打电话问您满意不满意。")


def _reviewing(standing: Standing) -> str:
    if standing.due:
        return gettext("您还不满意，已交品质部复核，会在 %(at)s 前答复您。", at=standing.due)
    return gettext("您还不满意，已交品质部复核，会尽快答复您。")


def _ended(standing: Standing) -> str:
    if standing.reopen_until is None:
        return gettext("已办结。")
    return gettext("已办结。%(at)s 前又坏了，可以从这里再次报修。", at=calendar_day(standing.reopen_until))


def _always(text: object) -> Callable[[Standing], str]:
    return lambda _standing: str(text)


def _worker(standing: Standing) -> str:
    return standing.line.worker or gettext("维修人员")


# What an owner reads of a report that ended without a repair.
UNREPAIRED: Mapping[str | None, object] = {
    "out_of_scope": lazy_gettext("不在物业维修范围，没有受理，原因见下。"),
    "duplicate": lazy_gettext("同一件事已有报修在办理，这一张不再另办。"),
    "false_alarm": lazy_gettext("核实为误报，没有维修。"),
    "lead_closed": lazy_gettext("已由工程主管关闭，没有维修。"),
    "major_rejected": lazy_gettext("大修没有获得批准，没有维修，原因见下。"),
    "owner_declined": lazy_gettext("您没有同意报价，没有维修。"),
}
# What the owner reads of a complaint: the answer, what was done about it, and the last word of the review.
_ANSWERS = (lazy_gettext("对投诉的答复"), lazy_gettext("怎么办好的"), lazy_gettext("品质部的答复"))
_BEFORE_ARRIVAL = (OrderState.ASSIGNED, OrderState.TAKEN, OrderState.APPOINTED)

_COMPLAINT: Mapping[str | None, Callable[[Standing], str]] = {
    "answer_complaint": _answering,
    "carry_out": _carrying_out,
    "send_again": _always(lazy_gettext("投诉已答复，见下。工程主管会换一位师傅来修，并告诉您上门时间。")),
    VISIT_AGAIN: _visiting_again,
    "ask_complainant": _asking,
    "review_complaint": _reviewing,
}

_NEXT: Mapping[OrderState, Callable[[Standing], str]] = {
    OrderState.REGISTERING: _always(lazy_gettext("客服正在登记您的来电。")),
    OrderState.REPORTED: _reported,
    OrderState.NEEDS_INFO: _always(lazy_gettext("客服有一件事要问您，请在下面回答。")),
    OrderState.ASSIGNED: _assigned,
    OrderState.TAKEN: _taken,
    OrderState.APPOINTED: _appointed,
    OrderState.ARRIVED: _always(lazy_gettext("维修人员已到场。")),
    OrderState.QUOTED: _quoted,
    OrderState.WAITING_PARTS: _waiting_parts,
    OrderState.OBSERVING: _always(lazy_gettext("暂时没有查到原因，观察几天后客服会打电话给您。")),
    OrderState.OUTSOURCED: _always(lazy_gettext("已请外部单位来修，物业会验收。")),
    OrderState.WORKING: _always(lazy_gettext("正在维修，修完会请您确认。")),
    OrderState.FINISHED: _finished,
    OrderState.REWORK: _always(lazy_gettext("已记下您不满意的地方，会再派人来修。")),
    OrderState.CONFIRMED: _confirmed,
    OrderState.MERGED: _always(lazy_gettext("这处故障已有报修在办，一起处理，修好会通知您。")),
    OrderState.CLOSED: _closed,
    OrderState.CANCELLED: _always(lazy_gettext("这张报修已取消。")),
}
