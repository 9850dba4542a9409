"""Reads what people write: whole phrases that mean danger, and numbers that must not be searchable."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


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
        phrase: the words that are unclear.
        urgency: what a yes means.
    """

    phrase: str
    text: str
    text_en: str
    urgency: str


# "Not burning", "no smell of gas": a phrase after one of these says nothing; but "is it gas?" does.
_DENIALS = ("没有", "没", "不是", "不", "无", "未")
_DOUBTS = ("是不是", "有没有")


def hint_in(text: str, hints: Iterable[Hint]) -> Hint | None:
    """Find the most urgent phrase of danger that a text contains and does not deny."""
    found = [hint for hint in hints if _says(text, hint.phrase)]
    return min(found, key=lambda hint: hint.urgency, default=None)


def _says(text: str, phrase: str) -> bool:
    at = text.find(phrase)
    while at >= 0:
        before = text[:at]
        if before.endswith(_DOUBTS) or not before.endswith(_DENIALS):
            return True
        at = text.find(phrase, at + 1)
    return False


def question_for(text: str, hints: Iterable[Hint], questions: Iterable[Question]) -> Question | None:
    """Return the one question to ask about a report that no phrase settles."""
    if hint_in(text, hints) is not None:
        return None
    return next((question for question in questions if question.phrase in text), None)


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
