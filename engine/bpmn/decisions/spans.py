"""Which durations a column takes: days and times, or years and months, never both (DMN 1.3, 10.3.2.3)."""

from collections.abc import Iterator
from typing import Final

from engine.bpmn.decisions.report import Report, text_of
from engine.bpmn.expressions import Value
from engine.bpmn.expressions.tree import Call, Choice, Literal, Node
from engine.bpmn.xml import Element
from engine.durations import Duration, in_words

_OF_DAYS: Final = frozenset({"daytimeduration", "days and time duration"})
_OF_MONTHS: Final = frozenset({"yearmonthduration", "years and months duration"})


def unfit_span(value: Value, type_ref: str) -> tuple[str, str] | None:
    """Say in Chinese and in English why a column cannot hold a duration; None where it can hold the value.

    Args:
        type_ref: as the column writes it, in small letters and without a prefix.
    """
    if not isinstance(value, Duration):
        return None
    if value.months and type_ref in _OF_DAYS:
        zh, en = in_words(value)
        return (
            f"是 {zh}，月和年没有固定长短，这一列（dayTimeDuration）只能写天和时间；"
            "一分钟写作 PT1M，三十天写作 P30D",
            f"is {en}: months and years have no fixed length, and the column "
            "(dayTimeDuration) takes days and times only; write PT1M for a minute, P30D for thirty days",
        )
    if value.exact and type_ref in _OF_MONTHS:
        return (
            "含有天或时间，这一列（yearMonthDuration）只能写年和月；"
            "一个月写作 P1M，要写天请把列的类型改成 dayTimeDuration",
            "has days or times, and the column (yearMonthDuration) takes years and "
            "months only; write P1M for a month, or make the type of the column dayTimeDuration for days",
        )
    return None


def check_span(cell: Element, value: Value, type_ref: str, report: Report) -> bool:
    """Report a duration that a column of this type cannot hold; tell whether it can hold the value."""
    unfit = unfit_span(value, type_ref)
    if unfit is not None:
        zh, en = unfit
        report.add(cell, f"“{text_of(cell)[:60]}”{zh}", f"“{text_of(cell)[:60]}” {en}")
    return unfit is None


def results(tree: Node) -> Iterator[Value]:
    """Yield the written values that an expression may give as they are."""
    match tree:
        case Literal(value=value):
            yield value
        case Choice(yes=yes, no=no):
            yield from results(yes)
            yield from results(no)
        case Call(function="coalesce", arguments=arguments):
            for one in arguments:
                yield from results(one)
