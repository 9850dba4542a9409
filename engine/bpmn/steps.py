"""Steps: what the elements of a diagram say, read from Camunda 7 attributes."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.bpmn.decisions import ResultMapping
from engine.bpmn.errors import ModelInvalid
from engine.bpmn.expressions import (
    Expression,
    ExpressionError,
    TimerExpression,
    parse_timer,
    parse_value,
)
from engine.bpmn.xml import BPMN, CAMUNDA, Element, extensions, local_name, properties, words
from engine.topics import Topics

ALWAYS = "24x7"
NORMAL_RANK = 2
RANKS = range(10)
TASK_PRIORITY = f"{CAMUNDA}taskPriority"
PRIORITIES = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Copy:
    """One variable that crosses a border: `camunda:in` and `camunda:out`.

    Attributes:
        source: name of a variable, or an expression.
    """

    target: str
    source: str | Expression


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a process.

    Attributes:
        kind: user, handler, external, decision, call, subprocess, task (runs through), gateway, start, end,
            throw; an element that waits for an event is a timer, message, signal, error or escalation.
        lane: name of the lane it stands in.
        group: post codes of its candidates, from `camunda:candidateGroups`, else from the lane.
        due: limit from its opening, or a moment; where the element has none, the date of its interrupting
            boundary timer.
        limit_text: the limit as the diagram says it.
        cancel: posts that may cancel the case while this step is open.
        not_same_as: elements of this process; who completed one of them may not do this step (four eyes),
            nor, where a start is among them, whoever began the case.
        pausable: a pause of its task moves this timer too.
        rank: of its task in the inbox, 0 most urgent.
        priority: of work for external workers: `camunda:taskPriority` of the element, else of the process.
        called: process of a call activity.
        attached_to: element that a boundary event belongs to.
        message: name of the message it waits for or throws.
        result: variable that gets what the decision says; without one each output is a variable.
        result_as: singleEntry, singleResult, collectEntries or resultList, as Camunda calls them.
        copies_in: variables for a called process, or those that a thrown message or signal carries.
        copies_out: variables that come back from a called process.
    """

    process: str
    element: str
    kind: str
    name: str = ""
    name_en: str = ""
    lane: str | None = None
    group: tuple[str, ...] = ()
    assignee: Expression | None = None
    form: str | None = None
    due: TimerExpression | None = None
    limit_text: str | None = None
    follow_up: TimerExpression | None = None
    clock: str = ALWAYS
    ladder: str | None = None
    topic: str | None = None
    decision: str | None = None
    cancel: tuple[str, ...] = ()
    not_same_as: tuple[str, ...] = ()
    pausable: bool = False
    rank: Expression | None = None
    priority: Expression | None = None
    called: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    message: str | None = None
    result: str | None = None
    result_as: str = "singleResult"
    copies_in: tuple[Copy, ...] = ()
    copies_out: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of a diagram.

    Attributes:
        post: code of the post that works in it; a new label does not change it.
    """

    name: str
    post: str | None


_KINDS = {
    "userTask": "user",
    "manualTask": "task",
    "task": "task",
    "businessRuleTask": "decision",
    "callActivity": "call",
    "subProcess": "subprocess",
    "exclusiveGateway": "gateway",
    "parallelGateway": "gateway",
    "inclusiveGateway": "gateway",
    "eventBasedGateway": "gateway",
    "startEvent": "start",
    "endEvent": "end",
    "intermediateThrowEvent": "throw",
    "sendTask": "throw",
    "receiveTask": "message",
}
_EVENTS = {
    "startEvent": ("message",),
    "endEvent": ("message", "signal", "error", "escalation", "terminate"),
    "intermediateThrowEvent": ("message", "signal", "escalation"),
    "intermediateCatchEvent": ("timer", "message", "signal"),
    "boundaryEvent": ("timer", "message", "signal", "error", "escalation"),
}


@dataclass(frozen=True)
class StepReader:
    """Reads the elements of one file.

    Attributes:
        lanes: element -> the innermost lane that lists it.
        messages: id of a message -> its name.
    """

    topics: Topics
    lanes: Mapping[str, Lane]
    messages: Mapping[str, str]

    def read(self, node: Element, process: str) -> Step:
        """Read one element.

        Raises:
            ModelInvalid: an attribute that cannot be read.
        """
        element = node.get("id", "")
        said = properties(node)
        lane = self._lane(node)
        groups = words(node.get(f"{CAMUNDA}candidateGroups"))
        limit, due = _limit(node)
        event = _event(node)
        return Step(
            process=process,
            element=element,
            kind=self._kind(node),
            name=" ".join(node.get("name", "").split()),
            name_en=said.get("name_en", ""),
            lane=lane.name if lane else None,
            group=groups or ((lane.post,) if lane and lane.post else ()),
            assignee=_value(node, node.get(f"{CAMUNDA}assignee")),
            form=node.get(f"{CAMUNDA}formRef") or None,
            due=due,
            limit_text=limit,
            follow_up=timer_of(node, node.get(f"{CAMUNDA}followUpDate")),
            clock=said.get("clock") or ALWAYS,
            ladder=said.get("escalation") or None,
            topic=node.get(f"{CAMUNDA}topic") or None,
            decision=node.get(f"{CAMUNDA}decisionRef") or None,
            cancel=words(said.get("cancel")),
            not_same_as=words(said.get("not_same_as")),
            pausable=said.get("pausable") == "true",
            rank=_value(node, said.get("rank") or _process_rank(node)),
            priority=_value(node, _priority(node)),
            called=node.get("calledElement") or None,
            attached_to=node.get("attachedToRef"),
            interrupting=node.get("cancelActivity", "true") == "true",
            message=self._message(node, event),
            result=node.get(f"{CAMUNDA}resultVariable") or None,
            result_as=_result_as(node),
            copies_in=_copies(node if event is None else event, "in"),
            copies_out=_copies(node, "out"),
        )

    def _kind(self, node: Element) -> str:
        tag = local_name(node)
        topic = node.get(f"{CAMUNDA}topic")
        if tag == "serviceTask" or (tag == "sendTask" and topic):
            service = self.topics.services.get(topic or "")
            if service is None:
                raise ModelInvalid(
                    node.get("id", ""),
                    "主题“{topic}”没有在 topics.toml 中声明",
                    "The topic “{topic}” is not declared in topics.toml",
                    topic=topic or "",
                )
            return service.kind
        event = _event(node)
        if tag in ("boundaryEvent", "intermediateCatchEvent") and event is not None:
            return local_name(event).removesuffix("EventDefinition")
        return _KINDS.get(tag, tag)

    def _message(self, node: Element, event: Element | None) -> str | None:
        reference = (node if event is None else event).get("messageRef")
        return self.messages.get(reference) if reference else None

    def _lane(self, node: Element) -> Lane | None:
        around: Element | None = node
        while around is not None and local_name(around) != "process":
            lane = self.lanes.get(around.get("attachedToRef") or around.get("id") or "")
            if lane is not None:
                return lane
            around = around.getparent()
        return None


def read_lanes(root: Element) -> dict[str, Lane]:
    """Say for each element in which lane it stands; inner lanes win, and inherit the post around them."""
    found: dict[str, Lane] = {}
    for node in root.iter(f"{BPMN}lane"):  # in document order: outer lanes come first
        post = _post(node)
        for reference in node.findall(f"{BPMN}flowNodeRef"):
            found[(reference.text or "").strip()] = Lane(node.get("name", ""), post)
    return found


def _post(lane: Element) -> str | None:
    around: Element | None = lane
    while around is not None and local_name(around) in ("lane", "childLaneSet"):
        post = properties(around).get("post")
        if post:
            return post
        around = around.getparent()
    return None


def timer_of(node: Element, text: str | None) -> TimerExpression | None:
    """Read a time that an element says.

    Raises:
        ModelInvalid: it cannot be read.
    """
    if not text:
        return None
    try:
        return parse_timer(text)
    except ExpressionError as error:
        raise ModelInvalid(node.get("id", ""), "{why}", "{why_en}", why=error.zh, why_en=error.en) from error


def timer_text(node: Element) -> str | None:
    """Return what a timer event says, whether as date, duration or cycle."""
    event = node.find(f"{BPMN}timerEventDefinition")
    if event is None:
        return None
    for part in event:
        if local_name(part) in ("timeDate", "timeDuration", "timeCycle"):
            return (part.text or "").strip()
    return ""


def value_of(node: Element, text: str) -> Expression:
    """Read a literal or `${...}` that an element says.

    Raises:
        ModelInvalid: it cannot be read.
    """
    try:
        return parse_value(text)
    except ExpressionError as error:
        raise ModelInvalid(node.get("id", ""), "{why}", "{why_en}", why=error.zh, why_en=error.en) from error


def _value(node: Element, text: str | None) -> Expression | None:
    return value_of(node, text) if text else None


def _event(node: Element) -> Element | None:
    """Return the one event definition of an event; SpiffWorkflow would pass over those it does not know."""
    found = [part for part in node if local_name(part).endswith("EventDefinition")]
    known = _EVENTS.get(local_name(node), ())
    for part in found:
        if len(found) > 1 or local_name(part).removesuffix("EventDefinition") not in known:
            raise ModelInvalid(
                node.get("id", ""),
                "不支持这种事件：{kind}",
                "This kind of event is not supported: {kind}",
                kind=local_name(part),
            )
    is_interrupting = node.get("cancelActivity") != "false"
    if found and local_name(found[0]) == "errorEventDefinition" and not is_interrupting:
        raise ModelInvalid(
            node.get("id", ""),
            "错误边界事件必须是中断的",
            "A boundary error event always interrupts its activity",
        )
    return found[0] if found else None


def _result_as(node: Element) -> str:
    wanted = node.get(f"{CAMUNDA}mapDecisionResult") or "singleResult"
    if wanted not in tuple(ResultMapping):
        raise ModelInvalid(
            node.get("id", ""),
            "决策结果的映射方式“{wanted}”不认识",
            "The mapping “{wanted}” of the decision's result is unknown",
            wanted=wanted,
        )
    return wanted


def _copies(node: Element, direction: str) -> tuple[Copy, ...]:
    found = []
    for entry in extensions(node, direction):
        if entry.get("businessKey"):
            continue
        target, source, expression = entry.get("target"), entry.get("source"), entry.get("sourceExpression")
        if not target or not (source or expression):
            raise ModelInvalid(
                node.get("id", ""),
                '传入传出变量须逐个写明来源和目标，不能用 variables="all"',
                'Name source and target of each variable that crosses; variables="all" is not allowed',
            )
        found.append(Copy(target, source or value_of(node, expression or "")))
    return tuple(found)


def _limit(node: Element) -> tuple[str | None, TimerExpression | None]:
    if local_name(node) != "userTask":
        return None, None
    text = node.get(f"{CAMUNDA}dueDate")
    if text:
        return text, timer_of(node, text)
    around = node.getparent()
    for boundary in [] if around is None else around.findall(f"{BPMN}boundaryEvent"):
        is_mine = boundary.get("attachedToRef") == node.get("id")
        text = timer_text(boundary)
        if is_mine and text and boundary.get("cancelActivity") != "false":
            return text, timer_of(boundary, text)
    return None, None


def _process_rank(node: Element) -> str | None:
    if local_name(node) != "userTask":
        return None
    process = next(node.iterancestors(f"{BPMN}process"), None)
    return properties(process).get("rank") if process is not None else None


def _priority(node: Element) -> str | None:
    if not node.get(f"{CAMUNDA}topic"):
        return None
    process = next(node.iterancestors(f"{BPMN}process"), None)
    own = node.get(TASK_PRIORITY)
    return own or (process.get(TASK_PRIORITY) if process is not None else None)
