"""Reads diagrams in the dialect of Camunda 7 into SpiffWorkflow's specs: a mixin before its stock parsers."""

from typing import Any

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    ReceiveTaskParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.task_parsers import (
    CallActivityParser,
    ConditionalGatewayParser,
    GatewayParser,
    SubWorkflowParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.defaults import (
    EndEvent,
    IntermediateThrowEvent,
    ReceiveTask,
    SendTask,
    StartEvent,
)

from engine.bpmn import events
from engine.bpmn.activities import Activity, CallActivity, Subprocess
from engine.bpmn.errors import ModelInvalid
from engine.bpmn.expressions import Expression, ExpressionError, parse_condition
from engine.bpmn.gateways import EventGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.bpmn.loops import Instances, MultiInstance, StandardLoop
from engine.bpmn.steps import Step, StepReader, read_lanes, timer_of, timer_text, value_of
from engine.bpmn.xml import BPMN, CAMUNDA, Element
from engine.topics import Topics


class CamundaDialect:
    """Stands before a stock task parser and reads what that one would not understand or would skip."""

    STANDARD_LOOP_CLASS = StandardLoop
    node: Any
    process_parser: Any
    spec: Any
    task: Any

    def parse_node(self) -> Any:
        """Read the element; what is wrong with it says in which process it stands."""
        try:
            return super().parse_node()  # type: ignore[misc]  # the stock parser behind has it
        except (ModelInvalid, ValidationException) as error:
            found = error if isinstance(error, ModelInvalid) else error.__context__
            if isinstance(found, ModelInvalid):
                found.within(process_of(self.process_parser))
            raise

    def parse_extensions(self) -> Step:
        """Read the element; the step lies in `task_spec.extensions`."""
        step: Step = self.process_parser.parser.read_step(self.node, process_of(self.process_parser))
        return step

    def parse_condition(self, sequence_flow: Element) -> Expression | None:
        """Compile the condition of a flow."""
        return _condition(sequence_flow, sequence_flow.find(f"{BPMN}conditionExpression"))

    def parse_timer_event(self, event: Element) -> events.Timer:
        """Compile a timer, whether written as date, duration or cycle."""
        expression = timer_of(self.node, timer_text(self.node))
        if expression is None:
            raise ModelInvalid(self.node.get("id", ""), "定时器没有写时间", "The timer says no time")
        return events.Timer(self.node.get("name") or "", expression)

    def parse_message_event(self, event: Element) -> events.Message:
        """Read a message."""
        name = self.process_parser.parser.messages.get(event.get("messageRef"))
        if not name:
            raise ModelInvalid(self.node.get("id", ""), "消息没有名称", "The message has no name")
        return events.Message(name)

    def parse_signal_event(self, event: Element) -> events.Signal:
        """Read a signal."""
        name = self.process_parser.parser.signals.get(event.get("signalRef"))
        if not name:
            raise ModelInvalid(self.node.get("id", ""), "信号没有名称", "The signal has no name")
        return events.Signal(name)

    def parse_error_event(self, event: Element) -> events.Error:
        """Read an error; one without reference stands for every error."""
        error = self.process_parser.parser.errors.get(event.get("errorRef"), {})
        return events.Error(error.get("name") or "", error.get("error_code"))

    def parse_escalation_event(self, event: Element) -> events.Escalation:
        """Read an escalation; one without reference stands for every escalation."""
        escalation = self.process_parser.parser.escalations.get(event.get("escalationRef"), {})
        return events.Escalation(escalation.get("name") or "", escalation.get("escalation_code"))

    def parse_terminate_event(self, event: Element) -> events.Terminate:
        """Read a terminate end event."""
        return events.Terminate()

    def parse_incoming_data_references(self) -> list[Any]:
        """Take data objects and stores for what they are in our diagrams: remarks."""
        return []

    def parse_outgoing_data_references(self) -> list[Any]:
        """Take data objects and stores for what they are in our diagrams: remarks."""
        return []

    def _add_loop_task(self: Any, loop: Element) -> None:
        condition = _condition(self.node, loop.find(f"{BPMN}loopCondition"))
        maximum = loop.get("loopMaximum")
        if condition is None and maximum is None:
            raise ModelInvalid(
                self.node.get("id", ""),
                "循环既没有条件也没有最大次数",
                "The loop has neither a condition nor a maximum",
            )
        self._wrap(
            StandardLoop,
            maximum=int(maximum) if maximum else None,
            condition=condition,
            test_before=loop.get("testBefore") == "true",
        )

    def _add_multiinstance_task(self: Any, loop: Element) -> None:
        collection = loop.get(f"{CAMUNDA}collection") or loop.findtext(f"{BPMN}loopDataInputRef")
        if not collection:
            raise ModelInvalid(
                self.node.get("id", ""),
                "多实例没有写集合（camunda:collection）",
                "The multi-instance activity names no collection (camunda:collection)",
            )
        result = loop.find(f"{BPMN}outputDataItem")
        item = loop.find(f"{BPMN}inputDataItem")
        instances = Instances(
            items=value_of(self.node, collection if "${" in collection else f"${{{collection}}}"),
            item=loop.get(f"{CAMUNDA}elementVariable") or (item.get("name") if item is not None else None),
            results=loop.findtext(f"{BPMN}loopDataOutputRef"),
            result=result.get("name") if result is not None else None,
            is_enough=_condition(self.node, loop.find(f"{BPMN}completionCondition")),
            sequential=loop.get("isSequential") == "true",
        )
        self._wrap(MultiInstance, instances=instances)

    def _wrap(self: Any, spec_class: Any, **arguments: Any) -> None:
        original = self.spec.task_specs.pop(self.task.name)
        self.task = spec_class(self.spec, original.name, **arguments)
        self.task.bpmn_id = original.name
        self._copy_task_attrs(original)


class _CallParser(CamundaDialect, CallActivityParser):
    def create_task(self: Any) -> CallActivity:
        called = self.node.get("calledElement")
        if not called or "${" in called:
            raise ModelInvalid(
                self.node.get("id", ""), "没有写明调用哪个流程", "The call names no fixed process"
            )
        return CallActivity(self.spec, self.bpmn_id, subworkflow_spec=called, **self.bpmn_attributes)


class _SubprocessParser(CamundaDialect, SubWorkflowParser):
    def create_task(self: Any) -> Any:
        # SpiffWorkflow would write into the spec, which all cases share, when such a one is triggered.
        if self.node.get("triggeredByEvent") == "true":
            raise ModelInvalid(
                self.node.get("id", ""), "不支持事件子流程", "Event subprocesses are not supported"
            )
        return super().create_task()


class _EndParser(CamundaDialect, EndEventParser):
    def create_task(self: Any) -> Any:
        signal = self.node.find(f"{BPMN}signalEventDefinition")
        if signal is None:  # the stock parser does not know signal end events
            return super().create_task()
        task = self._create_task(self.parse_signal_event(signal))
        task.connect(self.spec.end)
        return task


class _SendParser(CamundaDialect, SendTaskParser):
    def create_task(self: Any) -> Any:
        if self.node.get(f"{CAMUNDA}topic"):
            return Activity(self.spec, self.bpmn_id, **self.bpmn_attributes)
        message = self.parse_message_event(self.node)
        return self.spec_class(self.spec, self.bpmn_id, event_definition=message, **self.bpmn_attributes)


class _ReceiveParser(_SendParser, ReceiveTaskParser):
    pass


class _EventGatewayParser(CamundaDialect, GatewayParser):
    pass


_STOCK: dict[str, tuple[Any, Any]] = {
    "startEvent": (StartEventParser, StartEvent),
    "userTask": (TaskParser, Activity),
    "manualTask": (TaskParser, Activity),
    "task": (TaskParser, Activity),
    "serviceTask": (TaskParser, Activity),
    "businessRuleTask": (TaskParser, Activity),
    "exclusiveGateway": (ConditionalGatewayParser, ExclusiveGateway),
    "parallelGateway": (GatewayParser, ParallelGateway),
    "inclusiveGateway": (ConditionalGatewayParser, InclusiveGateway),
    "intermediateCatchEvent": (IntermediateCatchEventParser, events.CatchEvent),
    "intermediateThrowEvent": (IntermediateThrowEventParser, IntermediateThrowEvent),
    "boundaryEvent": (BoundaryEventParser, events.BoundaryEvent),
}


class DiagramParser(BpmnParser):
    """Parses the diagrams of one procedure; a fresh one for each, because subprocess ids share its names.

    Attributes:
        steps: (process, element) -> what the element says.
    """

    PARSER_CLASSES = {
        full_tag(tag): (type(f"_{parser.__name__}", (CamundaDialect, parser), {}), spec_class)
        for tag, (parser, spec_class) in _STOCK.items()
    } | {
        full_tag("endEvent"): (_EndParser, EndEvent),
        full_tag("subProcess"): (_SubprocessParser, Subprocess),
        full_tag("callActivity"): (_CallParser, CallActivity),
        full_tag("sendTask"): (_SendParser, SendTask),
        full_tag("receiveTask"): (_ReceiveParser, ReceiveTask),
        full_tag("eventBasedGateway"): (_EventGatewayParser, EventGateway),
    }

    def __init__(self, topics: Topics) -> None:
        super().__init__()
        self.topics = topics
        self.steps: dict[tuple[str, str], Step] = {}
        self._readers: dict[Any, StepReader] = {}

    def read_step(self, node: Element, process: str) -> Step:
        """Read an element and keep what it says."""
        root = node.getroottree().getroot()
        if root not in self._readers:
            self._readers[root] = StepReader(self.topics, read_lanes(root), self.messages)
        step = self._readers[root].read(node, process)
        self.steps[process, step.element] = step
        return step

    def add_bpmn_xml(self, bpmn: Element, filename: str | None = None) -> None:
        """Add a file; what its events refer to must not mean something else in another file."""
        for kind, known in (("message", self.messages), ("signal", self.signals)):
            for node in bpmn.iter(f"{BPMN}{kind}"):
                if known.get(node.get("id"), node.get("name")) != node.get("name"):
                    raise ModelInvalid(
                        node.get("id", ""),
                        "两个文件用同一个 id 定义了不同的消息或信号",
                        "Two files give one id to different messages or signals",
                    )
        super().add_bpmn_xml(bpmn, filename)

    def _add_data_stores(self, bpmn: Element) -> None:
        """Take data stores for remarks."""


def process_of(process_parser: Any) -> str:
    """Return the id of the process around an embedded subprocess, or of the process itself."""
    while process_parser.parent is not None:
        process_parser = process_parser.parent
    return str(process_parser.bpmn_id)


def _condition(owner: Element, node: Element | None) -> Expression | None:
    text = (node.text or "").strip() if node is not None else ""
    if not text:
        return None
    try:
        return parse_condition(text)
    except ExpressionError as error:
        raise ModelInvalid(owner.get("id", ""), "{why}", "{why_en}", why=error.zh, why_en=error.en) from error
