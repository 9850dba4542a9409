"""What invented people answer at each step, and how long they take for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine.ports import Json
from engine.work import Work
from handlers.demo.fates import Script
from handlers.repair import booked, orders, outsourcing, pricing, quoting
from handlers.repair.dispatching import gave_back, not_for_rework, sendable
from handlers.repair.orders import Order
from handlers.repair.repairing_again import whom_to_send

Answers = dict[str, Json]
Step = tuple[str, str]

# process and step -> median minutes until it is done, and how far they spread (sigma of the logarithm)
PACE: dict[Step, tuple[float, float]] = {
    ("repair", "register_call"): (4, 0.5),
    ("repair", "accept"): (9, 0.8),
    ("repair", "supply_info"): (180, 1.0),
    ("repair", "confirm"): (600, 1.2),
    ("repair", "record_confirmation"): (240, 0.7),
    ("repair", "inspect"): (400, 0.8),
    ("repair", "plan_rework"): (200, 0.8),
    ("repair_urgent", "verify"): (2.5, 0.6),
    ("repair_urgent", "confirm_false_alarm"): (6, 0.6),
    ("repair_urgent", "take"): (1.6, 0.6),
    ("repair_urgent", "arrive"): (7, 0.5),
    ("repair_urgent", "control"): (9, 0.6),
    ("repair_visit", "take"): (8, 0.8),
    ("repair_visit", "appoint"): (25, 0.8),
    ("repair_visit", "arrive"): (75, 0.8),
    ("repair_visit", "rebook"): (700, 0.8),
    ("repair_visit", "lead_decide"): (14, 0.7),
    ("repair_work", "diagnose"): (14, 0.6),
    ("repair_work", "observe"): (2900, 0.2),
    ("repair_work", "do_work"): (55, 0.8),
    ("repair_work", "finish"): (12, 0.7),
    ("repair_quote", "write_quote"): (12, 0.7),
    ("repair_quote", "check"): (70, 0.8),
    ("repair_quote", "approve"): (400, 0.8),
    ("repair_quote", "answer"): (300, 1.2),
    ("repair_parts", "request"): (25, 0.7),
    ("repair_parts", "receive"): (3000, 0.4),
    ("repair_outsource", "decide_major"): (8000, 0.5),
    ("repair_outsource", "engage"): (110, 0.7),
    ("repair_outsource", "vendor_arrive"): (1100, 0.5),
    ("repair_outsource", "vendor_finish"): (1900, 0.5),
    ("repair_outsource", "accept_work"): (500, 0.7),
    ("repair_return_visit", "visit_by_clerk"): (1300, 0.7),
    ("repair_return_visit", "visit_by_lead"): (700, 0.7),
    ("repair_complaint", "answer_complaint"): (500, 0.6),
    ("repair_complaint", "carry_out"): (1300, 0.5),
    ("repair_complaint", "send_again"): (300, 0.5),
    ("repair_complaint", "visit_again"): (1300, 0.5),
    ("repair_complaint", "ask_complainant"): (900, 0.7),
    ("repair_complaint", "review_complaint"): (1500, 0.5),
}
_RESCUED = ("repair_urgent", "control")  # withdraws what is open beside it
_BESIDE_THE_RESCUE = (("repair_urgent", "verify"), ("repair_urgent", "confirm_false_alarm"))
PHOTOGRAPHED = frozenset(
    {("repair_complaint", "visit_again"), ("repair_work", "finish"), ("repair_outsource", "vendor_finish")}
)
_WAITED = timedelta(minutes=20)  # at a door that nobody opens
_BADLY_MARKED = {"bad_mark", "complaint"}
_OWNER_NEVER_ANSWERS = {"silence", "phone_answer"}


@dataclass
class Doing:
    """A step that somebody does now.

    Attributes:
        photo: id of a photo they took, at steps that ask for one.
    """

    work: Work
    script: Script
    task: Any
    random: Random
    photo: str = ""

    @property
    def order(self) -> Order:
        """The order of the case."""
        return orders.by_number(self.work.connection, self.task.business_key)

    @property
    def now(self) -> datetime:
        """The moment it is done."""
        return self.work.now

    def times(self) -> int:
        """How often this step was done before in this case."""
        return self.script.times(self.task.called_process, self.task.step_id)

    def worker(self, *not_again: int) -> str:
        """Choose the best who can be sent."""
        order = self.order
        able = sendable(self.work, order, gave_back(self.work, order) | frozenset(not_again))
        return str(able[0]) if able else ""


def delay(script: Script, step: Step, random: Random) -> timedelta | None:
    """Draw how long somebody takes for a step; None when nobody does it."""
    if script.stall == step or (script.stall in _BESIDE_THE_RESCUE and step == _RESCUED):
        return None
    if step == ("repair", "confirm") and script.fate in _OWNER_NEVER_ANSWERS:
        return None
    median, sigma = PACE[step]
    if script.stall is not None:  # get there in time
        median, sigma = median / 3, sigma / 2
    taken = timedelta(seconds=round(60 * min(median * random.lognormvariate(0, sigma), median * 12)))
    is_in_vain = script.fate == "absent" and step == ("repair_visit", "arrive")
    return max(taken, _WAITED) if is_in_vain else taken


def answers(doing: Doing) -> Answers:
    """Return what somebody answers at a step."""
    return _ANSWERS[doing.task.called_process, doing.task.step_id](doing)


def moment(now: datetime, **later: float) -> str:
    """Write a moment as the form does, to the minute."""
    return (now + timedelta(**later)).isoformat(timespec="minutes")


def _register(doing: Doing) -> Answers:
    script = doing.script
    caller = script.caller
    place: Answers = (
        {"place": "一层大厅", "building_id": "none"}
        if script.area == "common"
        else {"house_id": str(caller.house_id)}
    )
    return place | {
        "called_at": doing.order.called_at.isoformat(timespec="minutes"),
        "area": script.area,
        "contact_name": caller.name,
        "contact_phone": caller.phone,
        "fault_code": script.fault,
        "description": script.text,
    }


def _accept(doing: Doing) -> Answers:
    script = doing.script
    if script.fate == "more_info" and not doing.times():
        return {"outcome": "more_info", "question": "请说明是哪一处，能否发照片？"}
    if script.fate == "reclassify" and not doing.times():
        return {"outcome": "reclassify", "fault_code": "W05" if script.area == "private" else "P05"}
    if script.fate == "out_of_scope":
        return {"outcome": "out_of_scope", "reason": "属业主自购电器，请联系厂家售后"}
    return {"outcome": "accept", "worker_id": doing.worker()} | _read_back(doing)


def _read_back(doing: Doing) -> Answers:
    order = doing.order
    is_own = order.second_check == "pending" and order.entered_by == doing.work.actor.id
    return {"read_back": True} if is_own else {}


def _take(doing: Doing) -> Answers:
    if doing.script.fate == "given_back" and doing.times() < 2:
        return {"outcome": "return", "reason_code": "busy", "note": "手上有急修，赶不过来"}
    return {"outcome": "taken"}


def _lead(doing: Doing) -> Answers:
    order = doing.order
    if order.absent_count >= 3:
        return {"outcome": "close", "reason": "三次上门无人，请业主再约"}
    return {"outcome": "reassign", "worker_id": str(sendable(doing.work, order)[0]), "reason": "请优先处理"}


def _appoint(doing: Doing) -> Answers:
    order = doing.order
    if doing.script.fate == "absent":
        return {"outcome": "soon"}
    if order.proposed_at is not None and order.proposed_at > doing.now:
        wished = _free(doing, order.worker_id, order.proposed_at)
        return {"outcome": "fixed", "visit_at": wished, "late_reason": "owner"}
    if doing.random.random() < 0.5:
        return {"outcome": "soon"}
    visit_at = _free(doing, order.worker_id, doing.now + timedelta(minutes=90))
    return {"outcome": "fixed", "visit_at": visit_at, "late_reason": "owner"}


def _free(doing: Doing, worker_id: int | None, since: datetime) -> str:
    return moment(booked.first_free(doing.work, doing.order, worker_id, since))


def _arrive(doing: Doing) -> Answers:
    times_absent = 3 if doing.script.fault == "W06" else 1
    if doing.script.fate == "absent" and doing.times() < times_absent:
        return {"outcome": "absent", "called_times": 3, "card_left": True, "harms_others": False}
    return {"outcome": "met"}


def _rebook(doing: Doing) -> Answers:
    wished = doing.now + timedelta(hours=doing.random.choice((4, 20, 26)))
    return {"visit_at": _free(doing, doing.order.worker_id, wished)}


_FINDINGS = {
    "quote": "quote",
    "big_quote": "quote",
    "decline": "quote",
    "parts": "parts",
    "parts_late": "parts",
    "vendor": "outsource",
    "major": "major",
    "observe": "not_found",
}


def _diagnose(doing: Doing) -> Answers:
    outcome = "repair" if doing.times() else _FINDINGS.get(doing.script.fate, "repair")
    return {"outcome": outcome, "finding": "已查看现场，原因明确" if outcome != "not_found" else "现场未复现"}


def _finish(doing: Doing) -> Answers:
    agreed = quoting.agreed_quote(doing.work, doing.order)
    charged = pricing.form_values(quoting.lines_of(doing.work, agreed))
    return {**charged, "photos": [doing.photo], "note": "已修好并清理现场，试用正常"}


def _answer_quote(doing: Doing) -> Answers:
    if doing.script.fate == "decline":
        return {"outcome": "decline", "reason": "自己找人修"}
    return {"outcome": "agree"}


def _request(doing: Doing) -> Answers:
    parts: list[Json] = [{"name": "专用配件", "quantity": 1, "unit": "个"}]
    if doing.script.stall != ("repair_parts", "receive") and doing.random.random() < 0.3:
        return {"outcome": "in_stock", "parts": parts}
    day = (doing.now + timedelta(days=3)).astimezone(doing.work.engine.zone).date()
    return {"outcome": "purchase", "parts": parts, "parts_on": day.isoformat()}


def _receive(doing: Doing) -> Answers:
    if doing.script.fate == "parts_late" and not doing.times():
        day = (doing.now + timedelta(days=4)).astimezone(doing.work.engine.zone).date()
        return {"outcome": "delayed", "parts_on": day.isoformat(), "note": "厂家缺货"}
    return {"outcome": "arrived"}


def _engage(doing: Doing) -> Answers:
    vendors = outsourcing.vendors(doing.work, doing.order.community_id)
    return {
        "vendor_id": str(vendors[doing.random.randrange(len(vendors))]),
        "scope": "检修并更换损坏部件",
        "insurance": "已投保",
        "arrive_at": moment(doing.now, hours=20),
        "finish_at": moment(doing.now, hours=50),
    }


def _marks(doing: Doing) -> Answers:
    low = doing.script.fate in _BADLY_MARKED
    speed = doing.random.choice((1, 2)) if low else doing.random.choice((4, 5, 5, 5))
    return {
        "speed": str(speed),
        "quality": str(doing.random.choice((3, 4, 5)) if low else doing.random.choice((4, 5, 5))),
        "attitude": str(doing.random.choice((4, 5, 5))),
        "comment": "等了太久" if low else "",
    }


def _confirm(doing: Doing) -> Answers:
    if doing.script.fate == "rework" and doing.order.rework_count == 0:
        return {"outcome": "unsatisfied", "problem": "修完又坏了"}
    return {"outcome": "satisfied"} | _marks(doing)


def _record(doing: Doing) -> Answers:
    if doing.script.fate == "silence":
        return {"outcome": "unreachable"}
    return {"outcome": "satisfied"} | _marks(doing)


def _rework(doing: Doing) -> Answers:
    order = doing.order
    able = sendable(doing.work, order, not_for_rework(doing.work, order))
    return {"cause": "配件质量问题", "measure": "更换原厂配件", "worker_id": str(able[0])}


def _visit_by_lead(doing: Doing) -> Answers:
    if doing.script.fate == "complaint":
        return {"outcome": "c", "comment": "业主说还是没修好，要经理来看"}
    return {"outcome": "b", "comment": "已向业主致歉并说明"}


_ANSWERED = {
    "again": "给您添麻烦了。我们换一位师傅重新检修，这次不收费",
    "money": "给您添麻烦了。上次的费用全部退还",
}


def _answer_complaint(doing: Doing) -> Answers:
    day = (doing.now + timedelta(days=2)).astimezone(doing.work.engine.zone).date()
    decision = "money" if doing.script.stall == ("repair_complaint", "carry_out") else "again"
    return {
        "met": "in_person",
        "said": "等了太久，修完两天又出问题",
        "outcome": decision,
        "answer": _ANSWERED[decision],
        "promised_on": day.isoformat(),
    }


def _send_again(doing: Doing) -> Answers:
    worker_id = whom_to_send(doing.work, doing.order)[0]
    visit_at = _free(doing, worker_id, doing.now + timedelta(hours=20))
    return {"worker_id": str(worker_id), "visit_at": visit_at, "measure": "整体检查，更换阀芯"}


def _visit_again(doing: Doing) -> Answers:
    return {
        "outcome": "mended",
        "arrived_at": moment(doing.now),
        "done": "重新检修，当面试用正常",
        "photos": [doing.photo],
    }


def _ask_complainant(doing: Doing) -> Answers:
    if doing.script.stall == ("repair_complaint", "review_complaint"):
        return {"outcome": "c", "problem": "业主认为还应退还上次的费用"}
    return {"outcome": "b", "comment": "业主认可这次的处理"}


def _fixed(**given: Json) -> Callable[[Doing], Answers]:
    return lambda _doing: dict(given)


def _false_alarm(doing: Doing) -> Answers:
    return {
        "outcome": "false_alarm" if doing.script.fate == "false_alarm" else "confirmed",
        "note": "已电话核实",
    } | _read_back(doing)


_ANSWERS: dict[Step, Callable[[Doing], Answers]] = {
    ("repair", "register_call"): _register,
    ("repair", "accept"): _accept,
    ("repair", "supply_info"): _fixed(answer="就是报修里说的那一处"),
    ("repair", "confirm"): _confirm,
    ("repair", "record_confirmation"): _record,
    ("repair", "inspect"): _fixed(outcome="satisfied"),
    ("repair", "plan_rework"): _rework,
    ("repair_urgent", "verify"): _false_alarm,
    ("repair_urgent", "confirm_false_alarm"): _fixed(outcome="false_alarm", reason="现场确认无异常"),
    ("repair_urgent", "take"): _fixed(minutes=8),
    ("repair_urgent", "arrive"): _fixed(situation="已到现场，人员安全"),
    ("repair_urgent", "control"): _fixed(measures=["other"], outside_help="none", note="已控制险情"),
    ("repair_visit", "take"): _take,
    ("repair_visit", "appoint"): _appoint,
    ("repair_visit", "arrive"): _arrive,
    ("repair_visit", "rebook"): _rebook,
    ("repair_visit", "lead_decide"): _lead,
    ("repair_work", "diagnose"): _diagnose,
    ("repair_work", "observe"): _fixed(outcome="gone", note="这几天没有再出现"),
    ("repair_work", "do_work"): _fixed(outcome="done", note="按方案施工"),
    ("repair_work", "finish"): _finish,
    ("repair_quote", "write_quote"): lambda doing: {"lines": doing.script.quote_lines()},
    ("repair_quote", "check"): _fixed(outcome="approve"),
    ("repair_quote", "approve"): _fixed(outcome="approve"),
    ("repair_quote", "answer"): _answer_quote,
    ("repair_parts", "request"): _request,
    ("repair_parts", "receive"): _receive,
    ("repair_outsource", "decide_major"): _fixed(outcome="approved", fund="maint_fund", reason="影响居住"),
    ("repair_outsource", "engage"): _engage,
    ("repair_outsource", "vendor_arrive"): _fixed(note="已到场"),
    ("repair_outsource", "vendor_finish"): lambda doing: {
        "work_done": "已更换并调试",
        "photos": [doing.photo],
    },
    ("repair_outsource", "accept_work"): _fixed(outcome="accepted", charge=0, note="合格"),
    ("repair_return_visit", "visit_by_clerk"): _fixed(outcome="a", comment="业主满意"),
    ("repair_return_visit", "visit_by_lead"): _visit_by_lead,
    ("repair_complaint", "answer_complaint"): _answer_complaint,
    ("repair_complaint", "carry_out"): _fixed(done="费用已退回原账户"),
    ("repair_complaint", "send_again"): _send_again,
    ("repair_complaint", "visit_again"): _visit_again,
    ("repair_complaint", "ask_complainant"): _ask_complainant,
    ("repair_complaint", "review_complaint"): _fixed(
        finding="两次维修记录和配件单齐全，更换及时", answer="已核对两次维修，质保延长半年，如再漏免费上门"
    ),
}
