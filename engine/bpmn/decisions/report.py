"""Collects what is wrong in a file of decisions."""

from collections.abc import Callable
from typing import Final, TypeVar

from engine.bpmn.decisions.problems import DecisionProblem
from engine.bpmn.expressions import ExpressionError
from engine.bpmn.xml import Element

MOST_PROBLEMS: Final = 100

T = TypeVar("T")


class Report:
    """The problems found so far, at most MOST_PROBLEMS of them."""

    def __init__(self) -> None:
        self.problems: list[DecisionProblem] = []

    def add(self, node: Element, zh: str, en: str) -> None:
        """Note a problem at an element, or at the nearest one around it that has an id."""
        place: Element | None = node
        while place is not None and not place.get("id"):
            place = place.getparent()
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(DecisionProblem("" if place is None else place.get("id", ""), zh, en))

    def attempt(self, node: Element, read: Callable[[], T]) -> T | None:
        """Read an expression of an element, or note why that cannot be done."""
        try:
            return read()
        except ExpressionError as error:
            self.add(node, f"“{text_of(node)[:60]}”：{error.zh}", f"“{text_of(node)[:60]}”: {error.en}")
            return None


def text_of(node: Element) -> str:
    """Return the `text` of an input, an output or a cell; comments in it do not cut it short."""
    for child in node:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == "text":
            return (child.text or "") + "".join(part.tail or "" for part in child)
    return ""
