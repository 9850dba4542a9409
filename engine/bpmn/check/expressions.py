"""Compiles every expression of a diagram and notes which variables each of them reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from engine.bpmn.check.model import Diagram, Element, Node, Process
from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.expressions import (
    Expression,
    ExpressionError,
    TimerExpression,
    parse_condition,
    parse_timer,
    parse_value,
)
from engine.bpmn.steps import TASK_PRIORITY
from engine.bpmn.xml import BPMN, CAMUNDA

BAD_EXPRESSION = Rule(
    "bad_expression",
    "“{name}”的{what_zh}“{text}”无法解析：{zh}",
    "{what_en} of “{name}” cannot be read (“{text}”): {en}",
    '按提示改正；条件写成 ${{urgency == "P0"}}，时长写成 PT30M',
    'correct it; conditions are written ${{urgency == "P0"}}, durations PT30M',
)
LOOP_COUNTERS = frozenset({"loopCounter"})
COUNTS = frozenset({"nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"})

_CONDITION = ("条件", "the condition")
_DUE = ("办理时限 (dueDate)", "the due date")
FOLLOW_UP = ("预警时间 (followUpDate)", "the follow-up date")
_ASSIGNEE = ("办理人 (assignee)", "the assignee")
_RANK = ("紧急程度 (rank)", "the rank")
_PRIORITY = ("优先级 (taskPriority)", "the priority (taskPriority)")
_COLLECTION = ("多实例集合", "the collection")
_COMPLETION = ("完成条件", "the completion condition")
_SOURCE = ("传入的值", "the value handed over")
_TIMER = ("定时", "the timer")

ASKS = frozenset({_CONDITION, _COMPLETION})
"""What has to be true or false."""
DUE = _DUE
RANK = _RANK
PRIORITY = _PRIORITY

Compiled: TypeAlias = Expression | TimerExpression
Parse: TypeAlias = Callable[[str], Compiled]


@dataclass(frozen=True, slots=True)
class Use:
    """One expression of a diagram.

    Attributes:
        process: whose variables it sees.
        node: where it is evaluated; None for the process itself.
        also: names that only this expression sees.
    """

    process: Process
    place: Place
    node: Node | None
    what: tuple[str, str]
    compiled: Compiled
    also: frozenset[str] = frozenset()


def compile_all(diagram: Diagram, report: Report) -> list[Use]:
    """Compile the expressions of a diagram; one that cannot be read is reported and left out."""
    return [use for process in diagram.processes for use in _Compiler(process, report).uses()]


class _Compiler:
    def __init__(self, process: Process, report: Report) -> None:
        self.process = process
        self.report = report

    def uses(self) -> Iterator[Use]:
        said = self.process.properties
        yield from self._read(None, _DUE, said.get("dueDate"), parse_timer)
        yield from self._read(None, _RANK, said.get("rank"), parse_value)
        yield from self._read(None, _PRIORITY, self.process.element.get(TASK_PRIORITY), parse_value)
        for scope in self.process.scopes():
            for flow in scope.flows:
                if flow.condition:
                    yield from self._at(flow.place, flow.source, _CONDITION, flow.condition, parse_condition)
            for node in scope.nodes:
                yield from self._node(node)

    def _node(self, node: Node) -> Iterator[Use]:
        if node.kind == "userTask":
            yield from self._read(node, _DUE, node.camunda("dueDate"), parse_timer)
            yield from self._read(node, FOLLOW_UP, node.camunda("followUpDate"), parse_timer)
            yield from self._read(node, _ASSIGNEE, node.camunda("assignee"), parse_value)
            yield from self._read(node, _RANK, node.properties.get("rank"), parse_value)
        if node.kind in ("serviceTask", "sendTask"):
            yield from self._read(node, _PRIORITY, node.element.get(TASK_PRIORITY), parse_value)
        text = timer_text(node)
        if text:
            yield from self._read(node, _TIMER, text, parse_timer)
        for holder in (node.element, *node.definitions):
            for entry in holder.iterfind(f"{BPMN}extensionElements/{CAMUNDA}in"):
                yield from self._read(node, _SOURCE, entry.get("sourceExpression"), parse_value)
        yield from self._loop(node)

    def _loop(self, node: Node) -> Iterator[Use]:
        loop = node.loop
        if loop is not None:
            collection = collection_of(loop)
            text = collection if "${" in collection or not collection else f"${{{collection}}}"
            yield from self._read(node, _COLLECTION, text, parse_value)
            text = _text(loop, "completionCondition")
            yield from self._read(node, _COMPLETION, text, parse_condition, LOOP_COUNTERS | COUNTS)
        standard = node.element.find(f"{BPMN}standardLoopCharacteristics")
        if standard is not None:
            text = _text(standard, "loopCondition")
            yield from self._read(node, _CONDITION, text, parse_condition, LOOP_COUNTERS)

    def _read(
        self,
        node: Node | None,
        what: tuple[str, str],
        text: str | None,
        parse: Parse,
        also: frozenset[str] = frozenset(),
    ) -> Iterator[Use]:
        if text and text.strip():
            place = node.place if node else self.process.place
            for use in self._at(place, node, what, text, parse):
                yield replace(use, also=also)

    def _at(
        self, place: Place, node: Node | None, what: tuple[str, str], text: str, parse: Parse
    ) -> Iterator[Use]:
        name = node.label if node else self.process.name or self.process.id
        try:
            yield Use(self.process, place, node, what, parse(text))
        except ExpressionError as error:
            words = {"name": name, "text": text, "zh": error.zh, "en": error.en}
            self.report.add(BAD_EXPRESSION, place, what_zh=what[0], what_en=what[1], **words)


def timer_text(node: Node) -> str:
    """Return what the timer of an event says, or ""."""
    for definition in node.definitions:
        for part in ("timeDate", "timeDuration", "timeCycle"):
            text = _text(definition, part)
            if text:
                return text
    return ""


def collection_of(loop: Element) -> str:
    """Return what a multi-instance activity runs over: a variable or `${...}`."""
    return (loop.get(f"{CAMUNDA}collection") or _text(loop, "loopDataInputRef")).strip()


def _text(element: Element, tag: str) -> str:
    return (element.findtext(f"{BPMN}{tag}") or "").strip()
