"""Invents what breaks, what people write about it, and how each case goes."""

from dataclasses import dataclass, field
from random import Random

from engine.ports import Json

# fault, area, what people write, how often (weight), typical price lines when it is paid
_FAULTS: tuple[tuple[str, str, str, int, tuple[tuple[str, int], ...]], ...] = (
    ("W05", "private", "厨房水龙头关不紧，一直滴漏", 14, (("W01", 1), ("M01", 1))),
    ("W05", "private", "洗手池下面软管渗水", 8, (("W03", 2), ("M04", 2))),
    ("W06", "private", "卫生间马桶堵了", 12, (("W04", 1),)),
    ("W06", "private", "地漏返味，下水很慢", 5, (("W05", 1),)),
    ("P04", "private", "客厅插座没电，别的房间正常", 9, (("E01", 1), ("M05", 1))),
    ("P04", "private", "厨房灯不亮，换了灯泡也不行", 6, (("E02", 1), ("M07", 1))),
    ("D03", "private", "阳台推拉门滑轮坏了，推不动", 6, (("D02", 2),)),
    ("N01", "private", "可视对讲没有声音", 7, ()),
    ("W07", "private", "卧室墙角有水渍，越来越大", 4, (("W08", 12),)),
    ("H01", "private", "客厅暖气不热", 3, ()),
    ("X03", "private", "想请师傅帮忙装热水器", 4, (("S01", 1),)),
    ("P05", "common", "楼道灯坏了好几天了", 8, ()),
    ("C01", "common", "垃圾桶旁边一直没人清理", 6, ()),
    ("D04", "common", "单元门玻璃裂了", 3, ()),
    ("N03", "common", "充电桩插上没反应", 3, ()),
    ("E02", "common", "电梯有异响，停了一下又好了", 4, ()),
    ("D01", "common", "单元门关不上", 4, ()),
    ("N02", "common", "地库道闸抬不起来", 2, ()),
    ("W01", "private", "水管爆管了，水漫到客厅", 3, ()),
    ("P01", "common", "整栋停电了", 1, ()),
    ("P02", "private", "洗衣机旁边的插座打火花", 1, ()),
    ("G01", "private", "厨房有燃气味", 1, ()),
    ("E01", "common", "老人被困在电梯里了", 1, ()),
    ("X99", "private", "不知道哪里嗡嗡响", 2, ()),
    ("R03", "common", "儿童滑梯松动", 2, ()),
)

# What becomes of a case, and how often; most go straight through.
_FATES = (
    ("plain", 46),
    ("quote", 14),
    ("big_quote", 2),
    ("parts", 6),
    ("parts_late", 1),
    ("absent", 4),
    ("given_back", 3),
    ("rework", 4),
    ("phone_answer", 6),
    ("silence", 4),
    ("bad_mark", 3),
    ("complaint", 1),
    ("more_info", 3),
    ("reclassify", 2),
    ("out_of_scope", 2),
    ("vendor", 2),
    ("observe", 1),
    ("decline", 1),
    ("cancel", 2),
)
# Only these can befall a fault that brings people at once.
_URGENT_FATES = (("plain", 7), ("parts", 1), ("phone_answer", 1), ("false_alarm", 1))
_COMMON_FATES = frozenset({"parts", "parts_late", "given_back", "vendor", "false_alarm"})
URGENT = frozenset({"E01", "E02", "G01", "F01", "W01", "P01", "P02", "D01", "N02", "H01"})


@dataclass(frozen=True)
class Caller:
    """Who reports: somebody who uses the app, though they may phone."""

    community_id: int
    house_id: int
    account_id: int
    name: str
    phone: str


@dataclass
class Script:
    """One invented case: what it is about, how it goes, and at which step it stops, if it does.

    Attributes:
        stall: (process, step) that nobody does any more.
        done: how often each step was done.
    """

    fault: str
    area: str
    text: str
    lines: tuple[tuple[str, int], ...]
    fate: str
    caller: Caller
    stall: tuple[str, str] | None = None
    channel: str = "online"
    done: dict[tuple[str, str], int] = field(default_factory=dict)

    def times(self, process: str, step: str) -> int:
        """Tell how often a step was done before."""
        return self.done.get((process, step), 0)

    def quote_lines(self) -> list[Json]:
        """Return the lines of a quote from the price list."""
        lines = self.lines or (("L01", 1), ("L02", 1))
        return [
            {"price_code": code, "quantity": quantity * self._factor(quantity)} for code, quantity in lines
        ]

    def _factor(self, quantity: int) -> int:
        """Return how many times the usual work a quote is for that a manager has to approve."""
        if self.fate != "big_quote":
            return 1
        return 2 if quantity > 10 else 25


def draw(random: Random, caller: Caller) -> Script:
    """Invent a case of somebody who uses the app."""
    fault, area, text, _, lines = random.choices(_FAULTS, [row[3] for row in _FAULTS])[0]
    fates = _URGENT_FATES if fault in URGENT else _FATES
    fate = random.choices([name for name, _ in fates], [weight for _, weight in fates])[0]
    if area == "common" and fate not in _COMMON_FATES:
        fate = "plain"
    channel = random.choices(("online", "phone", "staff"), (58, 34, 8))[0]
    if channel == "staff" and area == "private":
        channel = "online"
    return Script(fault, area, text, lines, fate, caller, channel=channel)


@dataclass(frozen=True)
class Stalled:
    """A case that stops at a step.

    Attributes:
        is_late_step: it takes days to get there.
    """

    fault: str
    fate: str
    step: tuple[str, str]
    channel: str = "online"
    is_late_step: bool = False

    def script(self, caller: Caller) -> Script:
        """Let somebody report it."""
        row = next(row for row in _FAULTS if row[0] == self.fault)
        return Script(row[0], row[1], row[2], row[4], self.fate, caller, self.step, self.channel)


# A case for every step, so that each has somebody waiting at it.
STALLED = (
    Stalled("W05", "plain", ("repair", "register_call"), "phone"),
    Stalled("W05", "plain", ("repair", "accept")),
    Stalled("W06", "more_info", ("repair", "supply_info")),
    # Among the latest: a firm that is not there after a day is replaced.
    Stalled("N01", "vendor", ("repair_outsource", "vendor_arrive")),
    Stalled("G01", "plain", ("repair_urgent", "verify")),
    Stalled("W01", "plain", ("repair_urgent", "take")),
    Stalled("P02", "plain", ("repair_urgent", "arrive")),
    Stalled("W01", "plain", ("repair_urgent", "control")),
    Stalled("G01", "false_alarm", ("repair_urgent", "confirm_false_alarm")),
    Stalled("P04", "plain", ("repair_visit", "take")),
    Stalled("W05", "plain", ("repair_visit", "appoint"), "phone"),
    Stalled("N01", "plain", ("repair_visit", "arrive")),
    Stalled("W06", "absent", ("repair_visit", "rebook")),
    Stalled("P04", "given_back", ("repair_visit", "lead_decide")),
    Stalled("W07", "plain", ("repair_work", "diagnose")),
    Stalled("X99", "observe", ("repair_work", "observe")),
    Stalled("W05", "plain", ("repair_work", "do_work")),
    Stalled("D03", "plain", ("repair_work", "finish")),
    Stalled("W05", "quote", ("repair_quote", "write_quote")),
    Stalled("W07", "big_quote", ("repair_quote", "check")),
    Stalled("W07", "big_quote", ("repair_quote", "approve")),
    Stalled("P04", "quote", ("repair_quote", "answer")),
    Stalled("N01", "parts", ("repair_parts", "request")),
    Stalled("N01", "parts", ("repair_parts", "receive")),
    Stalled("W07", "major", ("repair_outsource", "decide_major")),
    Stalled("N01", "vendor", ("repair_outsource", "engage")),
    Stalled("D03", "vendor", ("repair_outsource", "vendor_finish"), is_late_step=True),
    Stalled("W07", "vendor", ("repair_outsource", "accept_work"), is_late_step=True),
    Stalled("W05", "silence", ("repair", "confirm")),
    Stalled("W06", "phone_answer", ("repair", "record_confirmation"), is_late_step=True),
    Stalled("P05", "plain", ("repair", "inspect"), is_late_step=True),
    Stalled("W05", "rework", ("repair", "plan_rework"), is_late_step=True),
    Stalled("W01", "plain", ("repair_return_visit", "visit_by_clerk"), is_late_step=True),
    Stalled("W06", "bad_mark", ("repair_return_visit", "visit_by_lead"), is_late_step=True),
    Stalled("W05", "complaint", ("repair_complaint", "answer_complaint"), is_late_step=True),
    Stalled("D03", "complaint", ("repair_complaint", "carry_out"), is_late_step=True),
    Stalled("W05", "complaint", ("repair_complaint", "ask_complainant"), is_late_step=True),
    Stalled("W06", "complaint", ("repair_complaint", "review_complaint"), is_late_step=True),
)
