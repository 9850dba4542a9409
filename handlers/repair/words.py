"""Reads what people write: whole phrases that mean danger, and numbers that must not be searchable."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from handlers.repair.records import Urgency


@dataclass(frozen=True, slots=True)
class Hint:
    """What a phrase says about a fault.

    Attributes:
        fault_code: the fault it names for certain, or None.
        is_danger: life may be at risk: leave first, then phone.
    """

    phrase: str
    urgency: str
    fault_code: str | None = None
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question that settles whether a report is urgent.

    Attributes:
        text: Chinese; key of the translation.
        urgency: what a yes means.
    """

    code: str
    text: str
    urgency: str


# Whole phrases, the most certain first; a single character such as 水 or 火 says nothing.
HINTS = (
    Hint("困在电梯", Urgency.P0, "E01", True),
    Hint("电梯困人", Urgency.P0, "E01", True),
    Hint("关在电梯", Urgency.P0, "E01", True),
    Hint("被困", Urgency.P0, None, True),
    Hint("燃气味", Urgency.P0, "G01", True),
    Hint("煤气味", Urgency.P0, "G01", True),
    Hint("燃气泄漏", Urgency.P0, "G01", True),
    Hint("煤气泄漏", Urgency.P0, "G01", True),
    Hint("着火", Urgency.P0, "F01", True),
    Hint("起火", Urgency.P0, "F01", True),
    Hint("冒烟", Urgency.P0, "F01", True),
    Hint("触电", Urgency.P0, "P02", True),
    Hint("漏电", Urgency.P0, "P02", True),
    Hint("打火花", Urgency.P0, "P02", True),
    Hint("外墙脱落", Urgency.P0, "S01", True),
    Hint("高空坠物", Urgency.P0, "S01", True),
    Hint("水漫", Urgency.P1, "W01"),
    Hint("爆管", Urgency.P1, "W01"),
    Hint("水管爆", Urgency.P1, "W01"),
    Hint("喷水", Urgency.P1, "W01"),
    Hint("污水倒灌", Urgency.P1, "W04"),
    Hint("整栋停电", Urgency.P1, "P01"),
    Hint("整栋停水", Urgency.P1, "W02"),
    Hint("井盖不见", Urgency.P1, "R01"),
    Hint("井盖缺失", Urgency.P1, "R01"),
    Hint("家里没电", Urgency.P1, "P03"),
)

# "Not burning", "no smell of gas": a phrase after one of these says nothing; but "is it gas?" does.
_DENIALS = ("没有", "没", "不是", "不", "无", "未")
_DOUBTS = ("是不是", "有没有")

_QUESTIONS = (
    (("漏水", "渗水", "滴水"), Question("water_runs", "水现在还在不停地流，关不住吗？", Urgency.P1)),
    (("停电", "没电", "跳闸"), Question("whole_building_dark", "整个单元或整栋楼都没有电吗？", Urgency.P1)),
    (("停水", "没水"), Question("whole_building_dry", "整个单元或整栋楼都没有水吗？", Urgency.P1)),
    (("电梯",), Question("person_in_lift", "电梯里现在有人出不来吗？", Urgency.P0)),
    (("异味", "怪味", "焦味"), Question("gas_or_smoke", "闻起来像燃气，或看得到烟吗？", Urgency.P0)),
)


def hint_in(text: str) -> Hint | None:
    """Find the most urgent phrase of danger that a text contains and does not deny."""
    found = [hint for hint in HINTS if _says(text, hint.phrase)]
    return min(found, key=lambda hint: hint.urgency, default=None)


def _says(text: str, phrase: str) -> bool:
    at = text.find(phrase)
    while at >= 0:
        before = text[:at]
        if before.endswith(_DOUBTS) or not before.endswith(_DENIALS):
            return True
        at = text.find(phrase, at + 1)
    return False


def question_for(text: str) -> Question | None:
    """Return the one question to ask about a report that no phrase settles."""
    if hint_in(text) is not None:
        return None
    for words, question in _QUESTIONS:
        if any(word in text for word in words):
            return question
    return None


# ID numbers, phones, card and plate numbers, addresses of mail: whatever names a person rather than a fault.
_NAMING = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][·•]?[A-Za-z0-9]{5,6}"
    r"|[0-9０-９](?:[\s-]?[0-9０-９xX]){6,}"
)
HIDDEN = "＊"


def without_naming(text: str, names: Iterable[str] = ()) -> str:
    """Take numbers and known names out of a text, so that it may be searched in clear."""
    text = _NAMING.sub(HIDDEN, text)
    for name in sorted({name for name in names if len(name) >= 2}, key=len, reverse=True):
        text = text.replace(name, HIDDEN)
    return text
