"""Tells the story of an order in plain sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.bilingual import Text
from engine.work import Work
from handlers.repair import orders, remarks, visibility
from handlers.repair.fact_lines import CHANNEL_NAMES, charge
from handlers.repair.records import repair_event
from handlers.shared.facts import local

# kind of event -> sentence; each is the key of its translation
_SENTENCES: Mapping[str, str] = {
    "reported": "{who}报修（{channel}）",
    "call_picked_up": "{who}接到来电",
    "call_entered": "{who}完成来电登记",
    "urgency_set": "紧急程度定为 {urgency}",
    "urgency_raised": "{who}把紧急程度由 {from} 提高到 {to}",
    "alarmed": "系统呼叫在班维修人员",
    "acknowledged": "{who}应答了呼叫",
    "verified": "{who}核实了报修",
    "alarm_is_real": "{who}确认不是误报",
    "accepted": "{who}受理",
    "second_checked": "{who}完成二次核对",
    "info_asked": "{who}请业主补充信息",
    "info_given": "{who}补充了信息",
    "added": "{who}补充说明",
    "reclassified": "{who}更改了故障类型",
    "duplicate": "{who}判定与 {of} 重复",
    "assigned": "派给{worker_id}",
    "taken_urgent": "{who}接单，约 {minutes} 分钟到场",
    "transferred": "{who}转给{to}",
    "returned": "{who}退单（第 {count} 次）",
    "lead_decided": "{who}作出处置",
    "appointed": "{who}预约 {visit_at} 上门",
    "visit_late": "约定时间晚于到场时限：{why}",
    "rebooked": "{who}希望改约 {visit_at}",
    "visit_moved": "{who}改约到 {visit_at} 上门",
    "arrived": "{who}到场",
    "absent": "{who}上门未遇",
    "controlled": "{who}控制了险情",
    "diagnosed": "{who}完成诊断",
    "observed": "{who}回电了解观察情况",
    "worked": "{who}记录了施工情况",
    "quoted": "{who}报价 {total_fen}",
    "quote_checked": "{who}审核了报价",
    "quote_agreed": "{who}同意报价 {total_fen}",
    "quote_returned": "{who}要求修改报价",
    "quote_declined": "{who}不同意报价",
    "parts_in_stock": "{who}领到配件",
    "parts_ordered": "{who}申购配件，预计 {expected_at} 到货",
    "parts_date": "已告知业主配件 {expected_at} 到货",
    "parts_delayed": "配件延期至 {expected_at}",
    "parts_arrived": "配件到货",
    "parts_unavailable": "配件无法采购",
    "parts_given_up": "配件未能按时到货，转工程主管",
    "major_decided": "{who}决定了大修立项",
    "engaged": "{who}委托外包单位",
    "vendor_arrived": "外包单位到场",
    "vendor_finished": "外包单位完工",
    "vendor_judged": "{who}验收外包工程",
    "vendor_accepted": "外包工程验收合格，费用：{charge_fen}",
    "finished": "{who}完工，费用：{charge_fen}",
    "call_failed": "{who}致电业主，未接通",
    "confirmed": "{who}确认修好",
    "signed": "业主在{who}的手机上签字，确认修好",
    "rated": "{who}作了评价",
    "rejected": "{who}不满意（第 {count} 次）",
    "auto_confirmed": "一直未联系到业主，系统自动确认",
    "complaint_raised": "转为投诉",
    "complaint_added": "{who}补充说明",
    "complaint_answered": "{who}答复了投诉",
    "complaint_promised": "{who}答复了投诉，答应 {promised_at} 前办好",
    "complaint_sent": "派{worker_id}于 {visit_at} 上门重修",
    "complaint_mended": "{who} {arrived_at} 到场，重修好了",
    "complaint_not_mended": "{who} {arrived_at} 到场，没有修成",
    "complaint_carried_out": "{who}办好了答应的事",
    "complaint_visited": "{who}回访了投诉",
    "complaint_reviewed": "{who}复核并答复了投诉，投诉办结",
    "complaint_closed": "投诉办结",
    "complaint_unreached": "三次电话没打通，投诉按没联系上办结",
    "complaint_withdrawn": "{who}撤销了投诉",
    "return_visited": "{who}回访",
    "merged_in": "{number} 合并到本单",
    "merged": "合并到 {of}",
    "closed_with": "随 {number} 一起办结",
    "closed": "办结",
    "reopened": "再次报修为 {number}",
}

# What an owner said on the phone is not said by whoever writes it down (domain.md section 2 decision 3).
_BY_PHONE: Mapping[str, str] = {
    "confirmed": "业主电话确认修好（{who}代录）",
    "rejected": "业主电话说不满意（第 {count} 次，{who}代录）",
    "quote_agreed": "业主电话同意报价 {total_fen}（{who}代录）",
    "quote_returned": "业主电话要求修改报价（{who}代录）",
    "quote_declined": "业主电话不同意报价（{who}代录）",
}

# What is done again without a new quote costs nothing further; the sum was said when it was first finished.
_FINISHED_AGAIN = "{who}返工完工，不再收费"

_LATE_REASONS: Mapping[str, Text] = {
    "owner": ("业主要求", "the owner wishes so"),
    "parts": ("等配件或工具", "waiting for parts or tools"),
    "busy": ("人手排不开", "nobody is free earlier"),
    "other": ("其他", "other"),
}

_QUOTED = (orders.ADDED, orders.ADDED_TO_COMPLAINT)

# The others would only repeat what another event says better.
_STATES: Mapping[str, str] = {"cancelled": "{who}取消了报修", "taken": "{who}已接单"}


@dataclass(frozen=True)
class Sentence:
    """One sentence of a story.

    Attributes:
        text: Chinese template with `{named}` params; the key of its translation.
        quote: what the person wrote with it.
    """

    at: datetime
    kind: str
    text: str
    params: Mapping[str, Text]
    quote: str = ""


def story(work: Work, number: str) -> list[Sentence]:
    """Tell what happened to an order, in order of time.

    Raises:
        OrderNotFound: there is none, or not for this actor.
    """
    order = visibility.seen(work, number)
    rows = work.connection.execute(
        select(repair_event).where(repair_event.c.order_id == order.id).order_by(repair_event.c.id)
    ).all()
    people = {row.actor_id for row in rows}
    people |= {
        int(str(row.params[key])) for row in rows for key in ("worker_id", "to") if _is_id(row.params, key)
    }
    names = work.engine.directory.names(work.connection, people)
    is_own = work.actor.kind == "resident"
    kinds = _QUOTED if is_own else remarks.readable(work, order, *_QUOTED)
    written = {(note.at, note.actor_id): note.text for note in orders.notes(work, order.id, *kinds)}
    taken_at_once = {row.at for row in rows if row.kind == "taken_urgent"}  # the same, said with more
    told = []
    for row in rows:
        text = _template(row.kind, row.params)
        if text is not None and not (row.kind == "state" and row.at in taken_at_once):
            params = _params(work, row.params, names.get)
            quote = written.get((row.at, row.actor_id), "") if row.kind in _QUOTED else ""
            said = {"who": names.get(row.actor_id, ""), **params}
            told.append(Sentence(row.at, row.kind, text, said, quote))
    return told


def _template(kind: str, params: Mapping[str, object]) -> str | None:
    if kind == "state":
        return _STATES.get(str(params.get("to")))
    if "phone" in (params.get("by"), params.get("how")):
        return _BY_PHONE.get(kind) or _SENTENCES.get(kind)
    if kind == "finished" and "charge_fen" not in params:
        return _FINISHED_AGAIN
    return _SENTENCES.get(kind)


def _is_id(params: Mapping[str, object], key: str) -> bool:
    return str(params.get(key, "")).isdecimal()


def _params(
    work: Work, params: Mapping[str, object], name_of: Callable[[int], str | None]
) -> dict[str, Text]:
    said: dict[str, Text] = {}
    for key, value in params.items():
        if key in {"worker_id", "to"} and str(value).isdecimal():
            said[key] = name_of(int(str(value))) or ""
        elif key.endswith("_fen"):
            said[key] = charge(int(str(value)))
        elif key.endswith("_at"):
            said[key] = local(work, datetime.fromisoformat(str(value)))
        elif key == "why":
            said[key] = _LATE_REASONS.get(str(value), str(value))
        elif key == "channel":
            said[key] = CHANNEL_NAMES[str(value)]
        else:
            said[key] = "" if value is None else str(value)
    return said
