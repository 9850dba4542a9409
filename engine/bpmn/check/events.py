"""Checks events: the starts of a procedure, names of messages, errors, escalations, and who catches what."""

from collections.abc import Iterator, Mapping

from engine.bpmn.check.model import Diagram, Element, Node, Process, Scope
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.check.whole import Whole
from engine.check_problem import Severity

SEVERAL_STARTS = Rule(
    "several_starts",
    "流程“{name}”有多个开始事件，“{start}”却不是消息开始",
    "the process “{name}” has several starts, but “{start}” is not a message start",
    "多个开始事件时每个都用消息开始；普通开始事件只能单独一个",
    "make each of several starts a message start; a plain start stands alone",
)
SAME_START = Rule(
    "same_start",
    "流程“{name}”的两个开始事件等同一条消息“{message}”",
    "two starts of the process “{name}” wait for the same message “{message}”",
    "合成一个，或改用另一条消息",
    "make them one, or give one another message",
)
NO_REFERENCE = Rule(
    "no_reference",
    "“{name}”没有写明是哪个{what_zh}，或它没有名称（代码）",
    "“{name}” does not say which {what_en} it is, or that has no name (code)",
    "在属性面板里选择或新建，并填写名称（错误、升级填代码）",
    "choose or create it in the properties panel, and fill in its name (code of errors and escalations)",
)
NOT_INTERRUPTING = Rule(
    "error_interrupts",
    "错误边界事件“{name}”画成了非中断型",
    "the error boundary event “{name}” is drawn as non-interrupting",
    "改成中断型（实线）",
    "make it interrupting (solid border)",
)
NEVER_THROWN = Rule(
    "never_thrown",
    "“{name}”要捕获{what_zh}“{code}”，但“{activity}”不会抛出它",
    "“{name}” catches the {what_en} “{code}”, which “{activity}” never throws",
    "检查代码拼写；可能抛出的有：{known}",
    "check the spelling of the code; there can be: {known}",
)
SAME_BOUNDARY = Rule(
    "same_boundary",
    "“{activity}”上有两个边界事件捕获同一个{what_zh}“{code}”",
    "two boundary events of “{activity}” catch the same {what_en} “{code}”",
    "只留一个",
    "keep one of them",
)
UNCAUGHT = Rule(
    "uncaught_error",
    "错误“{code}”（{name}）没有边界事件捕获",
    "no boundary event catches the error “{code}” ({name})",
    "在外层活动上画错误边界事件，或改成普通结束事件",
    "draw an error boundary on an activity around it, or use a plain end event",
    Severity.WARNING,
)

_KINDS: Mapping[str, tuple[str, str, str, str]] = {
    "message": ("messageRef", "messages", "消息", "message"),
    "error": ("errorRef", "errors", "错误", "error"),
    "escalation": ("escalationRef", "escalations", "升级", "escalation"),
    "signal": ("signalRef", "signals", "信号", "signal"),
}
_CATCH_ALL = frozenset({"error", "escalation"})


class Events:
    """Knows which errors and escalations leave an activity."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole

    def thrown_by(self, node: Node, kind: str, above: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the codes that an activity may throw.

        Args:
            above: called processes around, so that a circle of calls ends.
        """
        if node.kind in ("serviceTask", "sendTask") and kind == "error":
            topic = self.whole.topics.services.get(node.camunda("topic"))
            return frozenset(topic.errors) if topic else frozenset()
        if node.kind == "callActivity":
            called = self.whole.processes.get(node.element.get("calledElement", ""))
            if called is None or called.id in above:
                return frozenset()
            return self._leaving(called.root, kind, above | {called.id})
        return self._leaving(node.inner, kind, above) if node.inner else frozenset()

    def _leaving(self, scope: Scope, kind: str, above: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        for node in scope.nodes:
            if node.event == kind and node.kind in ("endEvent", "intermediateThrowEvent"):
                found.add(self.code(node))
            caught = {self.code(event) for event in node.boundaries if event.event == kind}
            if "" not in caught:
                found |= self.thrown_by(node, kind, above) - caught
        return frozenset(found - {""})

    def code(self, node: Node) -> str:
        """Return the name or code of an event; "" where it has none."""
        return code_of(self.whole.diagrams[node.place.resource], node.event, node.definitions[0])


def code_of(diagram: Diagram, kind: str, definition: Element) -> str:
    """Return the name or code that a definition refers to; "" where there is none."""
    attribute, table, _, _ = _KINDS[kind]
    names: Mapping[str, str] = getattr(diagram, table)
    return names.get(definition.get(attribute, ""), "")


def check_events(whole: Whole, report: Report) -> None:
    """Check the events of every process."""
    events = Events(whole)
    for process in whole.processes.values():
        diagram = whole.diagrams[process.resource]
        _check_starts(diagram, process, report)
        for node in process.nodes():
            _check_reference(diagram, node, report)
            _check_boundary(events, node, report)
            _check_caught(events, node, report)


def _check_starts(diagram: Diagram, process: Process, report: Report) -> None:
    starts = process.root.starts()
    seen: set[str] = set()
    for start in starts:
        name = process.name or process.id
        if len(starts) > 1 and start.event != "message":
            report.add(SEVERAL_STARTS, start.place, name=name, start=start.label)
        if start.event == "message":
            message = code_of(diagram, "message", start.definitions[0])
            if message and message in seen:
                report.add(SAME_START, start.place, name=name, message=message)
            seen.add(message)


def _check_reference(diagram: Diagram, node: Node, report: Report) -> None:
    kind, definition = node.event, node.element
    if kind in _KINDS:
        definition = node.definitions[0]
    elif node.kind == "receiveTask" or (node.kind == "sendTask" and not node.camunda("topic")):
        kind = "message"
    else:
        return
    attribute, _, zh, en = _KINDS[kind]
    is_catch_all = kind in _CATCH_ALL and node.kind == "boundaryEvent" and not definition.get(attribute)
    if not is_catch_all and not code_of(diagram, kind, definition):
        report.add(NO_REFERENCE, node.place, name=node.label, what_zh=zh, what_en=en)


def _is_dangling(events: Events, boundary: Node) -> bool:
    """Tell whether it names something that there is not, which is told by itself."""
    attribute = _KINDS[boundary.event][0]
    return bool(boundary.definitions[0].get(attribute)) and not events.code(boundary)


def _check_boundary(events: Events, node: Node, report: Report) -> None:
    """Check what the boundary events of an activity catch."""
    seen: set[tuple[str, str]] = set()
    for boundary in node.boundaries:
        if boundary.event not in _KINDS:
            continue
        _, _, zh, en = _KINDS[boundary.event]
        code = events.code(boundary)
        words = {"activity": node.label, "what_zh": zh, "what_en": en, "code": code}
        if (boundary.event, code) in seen and not _is_dangling(events, boundary):
            report.add(SAME_BOUNDARY, boundary.place, **words)
        seen.add((boundary.event, code))
        if boundary.event == "error" and not boundary.is_interrupting:
            report.add(NOT_INTERRUPTING, boundary.place, name=boundary.label)
        is_known = node.kind != "callActivity" or node.element.get("calledElement") in events.whole.processes
        if boundary.event in _CATCH_ALL and is_known:
            thrown = events.thrown_by(node, boundary.event)
            if (code and code not in thrown) or (not thrown and not code):
                known = "、".join(sorted(thrown)) or "—"
                report.add(NEVER_THROWN, boundary.place, name=boundary.label, known=known, **words)


def _check_caught(events: Events, node: Node, report: Report) -> None:
    if node.kind != "endEvent" or node.event != "error":
        return
    code = events.code(node)
    if code and not _is_caught(events, node.scope, code, frozenset()):
        report.add(UNCAUGHT, node.place, name=node.label, code=code)


def _is_caught(events: Events, scope: Scope, code: str, above: frozenset[str]) -> bool:
    holders = [scope.holder] if scope.holder else list(_callers(events.whole, scope.process.id, above))
    for holder in holders:
        codes = {events.code(event) for event in holder.boundaries if event.event == "error"}
        if codes & {code, ""} or _is_caught(events, holder.scope, code, above | {scope.process.id}):
            return True
    return False


def _callers(whole: Whole, called: str, above: frozenset[str]) -> Iterator[Node]:
    if called in above:
        return
    for process in whole.processes.values():
        for node in process.nodes():
            if node.kind == "callActivity" and node.element.get("calledElement", "") == called:
                yield node
