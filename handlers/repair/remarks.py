"""What people wrote about an order while they did their steps, for whoever reads its story."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.bilingual import Text, joined
from engine.work import Work
from handlers.repair import complaints, orders
from handlers.repair.orders import Order
from handlers.shared.facts import Pairs, pairs
from handlers.shared.permissions import Permission

# kind of note -> what it is called; what a step's own sentence quotes already is not told again
_LABELS: Mapping[str, Text] = {
    "acceptance": ("给维修的备注", "Note to the repairer"),
    "question": ("请业主补充", "Asked of the owner"),
    "answer": ("业主补充", "The owner added"),
    "out_of_scope": ("不受理的原因", "Why it was not accepted"),
    "verification": ("核实情况", "What was said"),
    "false_alarm": ("误报的依据", "Grounds for a false alarm"),
    "situation": ("现场情况", "What it looks like"),
    "control": ("险情处置", "How it was brought under control"),
    "transfer": ("转单说明", "Why it was handed over"),
    "return": ("退单说明", "Why it was given back"),
    "appointment": ("给业主的话", "Message to the owner"),
    "rebooking": ("业主留言", "Message of the owner"),
    "arrival": ("到场备注", "Remark on arrival"),
    "finding": ("查到的原因", "Cause"),
    "observation": ("观察结果", "Observed"),
    "quote": ("报价说明", "Remark on the quote"),
    "quote_check": ("审核意见", "Opinion on the quote"),
    "quote_answer": ("业主对报价的想法", "The owner on the quote"),
    "parts": ("配件备注", "Remark on parts"),
    "work": ("施工情况", "What was done"),
    "finished": ("给业主的说明", "Message to the owner"),
    "problem": ("没修好的地方", "What is still wrong"),
    "lead_decision": ("主管处置的原因", "Why the lead decided so"),
    "rework_cause": ("没修好的原因", "Why it was not repaired"),
    "rework_measure": ("返工怎么做", "What to do now"),
    "major": ("立项依据", "Grounds for major repair"),
    "scope": ("委托内容", "What the firm is to do"),
    "insurance": ("保险或合同编号", "Insurance or contract no."),
    "vendor_arrival": ("外包单位到场情况", "What the firm found"),
    "vendor_work": ("外包单位做了什么", "What the firm did"),
    "vendor_acceptance": ("验收意见", "Opinion on the firm's work"),
    "return_visit": ("回访记录", "Said at the return visit"),
    orders.ADDED_TO_COMPLAINT: ("业主对投诉的补充", "The owner added to the complaint"),
    "complaint_said": ("业主对投诉的说法", "What the owner said of the complaint"),
    "complaint_answer": ("对投诉的答复", "Answer to the complaint"),
    "complaint_again": ("这次怎么修", "What to do this time"),
    "complaint_not_mended": ("上门没修成的原因", "Why it could not be repaired again"),
    "complaint_done": ("怎么办好的", "What was done about it"),
    "complaint_problem": ("业主还不满意什么", "What the owner is still not content with"),
    "complaint_visit": ("投诉回访记录", "Said after the answer"),
    "complaint_finding": ("复核查到的情况", "What the review found"),
    "complaint_review": ("复核的答复", "Answer after the review"),
}
# What is about those who were sent is for none of them, no lead either; leads read the rest.
_ABOUT_WHO_WAS_SENT = frozenset(
    {"return_visit", *(kind for kind in _LABELS if kind.startswith("complaint_"))}
)
_FOR_LEADS = frozenset({"rework_cause", "lead_decision", "major", "insurance"})


@dataclass(frozen=True)
class Remark:
    """What one person wrote at one moment, under the name of what it is."""

    at: datetime
    label: Text
    body: str


def of_order(work: Work, order: Order) -> list[Remark]:
    """List what was written about an order, oldest first, as far as staff who see the order may read it."""
    kinds = readable(work, order, *_LABELS)
    return [Remark(one.at, _LABELS[one.kind], one.text) for one in orders.notes(work, order.id, *kinds)]


def readable(work: Work, order: Order, *kinds: str) -> list[str]:
    """Return which kinds of note staff who see an order may read: who was there, none about themselves."""
    hidden: frozenset[str] = frozenset()
    if not work.may(Permission.CASE_READ, order.community_id):
        hidden = _ABOUT_WHO_WAS_SENT | _FOR_LEADS
    elif not complaints.may_read(work, order):
        hidden = _ABOUT_WHO_WAS_SENT
    return [kind for kind in kinds if kind not in hidden]


def every(work: Work, order: Order, kind: str) -> Pairs:
    """Say all that was written of one kind, oldest first, to whoever has the order's step in hand."""
    written = joined((one.text for one in orders.notes(work, order.id, kind)), ("；", "; "))
    return pairs((_LABELS[kind], written))


def latest(work: Work, order: Order, *kinds: str) -> Pairs:
    """Say the newest of each kind, in the order of `kinds`, to whoever has the order's step in hand."""
    newest = {one.kind: one.text for one in orders.notes(work, order.id, *kinds)}
    return pairs(*((_LABELS[kind], newest[kind]) for kind in kinds if kind in newest))
