"""Checks variables: every name that is read is produced in its scope, with one type."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.bpmn.check.expressions import LOOP_COUNTERS, Use, collection_of
from engine.bpmn.check.model import Element, Node, Process
from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.expressions import ValueType
from engine.bpmn.xml import BPMN, CAMUNDA

UNKNOWN_NAME = Rule(
    "unknown_name",
    "“{name}”的{what_zh}用到变量“{variable}”，但本流程没有任何地方产生它",
    "{what_en} of “{name}” reads the variable “{variable}”, which nothing in this process produces",
    "检查拼写{hint_zh}；若是文字（如选项的值），写在引号里；或在表单字段上标 variable，或用 camunda:in 传入",
    "check the spelling{hint_en}; a text, such as the value of an option, stands in quotes; or mark a form"
    " field as variable, or hand it in with camunda:in",
)
TWO_TYPES = Rule(
    "two_types",
    "变量“{variable}”在流程“{name}”中有不同的类型：{types}",
    "the variable “{variable}” has different types in the process “{name}”: {types}",
    "给其中一个换名",
    "give one of them another name",
)
SHARED_BY_INSTANCES = Rule(
    "shared_by_instances",
    "并行多实例“{name}”的每个实例都写变量“{variable}”，后写的会覆盖先写的",
    "every instance of the parallel activity “{name}” writes the variable “{variable}”, the last one wins",
    "改为顺序执行，或把结果写进 outputDataItem，由 loopDataOutputRef 汇成列表",
    "run them one by one, or write an outputDataItem that loopDataOutputRef gathers in a list",
)

Outputs = Mapping[str, ValueType]


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads a variable: its place, its name to people, and which part of it."""

    place: Place
    label: str
    what: tuple[str, str]


@dataclass
class Names:
    """What every process produces and reads.

    Attributes:
        produced: process -> variable -> the types it is produced with.
        outputs: node -> what it sets, loop variables of its own left out.
        own: process -> what it produces without its callers.
        unsure: processes of which a form, topic or table is missing: what they produce is not known.
    """

    whole: Whole
    produced: dict[str, dict[str, set[ValueType]]] = field(default_factory=dict)
    outputs: dict[Node, Outputs] = field(default_factory=dict)
    own: dict[str, frozenset[str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for process in self.whole.processes.values():
            own = self.produced.setdefault(process.id, {})
            for node in process.nodes():
                if self._is_missing(node):
                    self.unsure.add(process.id)
                outputs = self._outputs(node)
                self.outputs[node] = {key: kind for key, kind in outputs.items() if key not in local(node)}
                for key, kind in self.outputs[node].items():
                    own.setdefault(key, set()).add(kind)
        self.own = {key: frozenset(found) for key, found in self.produced.items()}
        for _ in self.whole.processes:  # types travel through one call more each round
            for call in self._calls():
                self._cross(call)

    def writes(self) -> dict[Node, frozenset[str]]:
        """Return what each node sets, and each call brings back."""
        return {node: frozenset(outputs) for node, outputs in self.outputs.items()}

    def known(self, process: str) -> frozenset[str]:
        """Return the variables of a process, those handed in by callers too."""
        return frozenset(self.produced.get(process, ()))

    def _is_missing(self, node: Node) -> bool:
        if node.kind == "userTask":
            return node.camunda("formRef") not in self.whole.forms
        if node.kind == "businessRuleTask":
            return node.camunda("decisionRef") not in self.whole.decisions
        if node.kind == "callActivity":
            return node.element.get("calledElement", "") not in self.whole.processes
        return node.kind == "serviceTask" and node.camunda("topic") not in self.whole.topics.services

    def _outputs(self, node: Node) -> Outputs:
        topics = self.whole.topics
        found: dict[str, ValueType] = {}
        if node.kind == "userTask":
            form = self.whole.forms.get(node.camunda("formRef"))
            if form:
                found.update(form.variables)
                found.update(topics.set_by(form.on_complete))
        elif node.kind in ("serviceTask", "sendTask"):
            topic = topics.services.get(node.camunda("topic"))
            found.update(topic.outputs if topic else {})
        elif node.kind == "businessRuleTask":
            found.update(self._decided(node))
        elif node.kind == "callActivity":
            found.update(dict.fromkeys(targets(node, "out"), ValueType.ANY))
        for reference in (node.element, *node.definitions):
            if node.kind in ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"):
                message = self.whole.message_of(node.place.resource, reference.get("messageRef"))
                found.update(topics.starts.get(message, {}) if message else {})
        loop = node.loop
        results = (loop.findtext(f"{BPMN}loopDataOutputRef") or "").strip() if loop is not None else ""
        return found | {results: ValueType.LIST} if results else found

    def _decided(self, node: Node) -> Outputs:
        decision = self.whole.decisions.get(node.camunda("decisionRef"))
        if decision is None:
            return {}
        result = node.camunda("resultVariable")
        if not result:
            return decision.outputs
        mapping = node.camunda("mapDecisionResult")
        if mapping == "singleEntry":
            return {result: next(iter(decision.outputs.values()), ValueType.ANY)}
        is_list = mapping in ("collectEntries", "resultList")
        return {result: ValueType.LIST if is_list else ValueType.ANY}

    def _calls(self) -> Iterator[Node]:
        for process in self.whole.processes.values():
            for node in process.nodes():
                if node.kind == "callActivity" and node.element.get("calledElement", "") in self.produced:
                    yield node

    def _cross(self, call: Node) -> None:
        outside = self.produced[call.scope.process.id]
        inside = self.produced[call.element.get("calledElement", "")]
        for direction, source, target in (("in", outside, inside), ("out", inside, outside)):
            for entry in crossings(call, direction):
                kinds = source.get(entry.get("source", ""), set())
                target.setdefault(entry.get("target", ""), set()).update(kinds)


def check_names(names: Names, uses: Sequence[Use], report: Report) -> None:
    """Check every read of a variable, and the types of all that are produced."""
    for use in uses:
        process = use.process
        seen = use.also | (local(use.node) if use.node else frozenset())
        label = use.node.label if use.node else process.name or process.id
        unknown = use.compiled.names - names.known(process.id) - seen
        if process.id not in names.unsure:
            _report_unknown(report, Reader(use.place, label, use.what), unknown, names.known(process.id))
    for process in names.whole.processes.values():
        known = names.known(process.id)
        for node, what, read in reads(names.whole, process):
            if process.id not in names.unsure:
                reader = Reader(node.place, node.label, what)
                _report_unknown(report, reader, read - known - local(node), known)
        for variable, kinds in names.produced[process.id].items():
            certain = sorted(kinds - {ValueType.ANY})
            if len(certain) > 1:
                words = {"variable": variable, "name": process.name or process.id}
                report.add(TWO_TYPES, process.place, types="、".join(certain), **words)
        for node in process.nodes():
            _check_instances(names, node, report)


def reads(whole: Whole, process: Process) -> Iterator[tuple[Node, tuple[str, str], frozenset[str]]]:
    """Yield what nodes read without an expression: topics, tables, called processes, messages."""
    topics = whole.topics
    for node in process.nodes():
        topic = topics.services.get(node.camunda("topic"))
        if topic and node.kind in ("serviceTask", "sendTask"):
            yield node, (f"主题 {topic.name}", f"the topic {topic.name}"), frozenset(topic.inputs)
        decision = whole.decisions.get(node.camunda("decisionRef"))
        if decision and node.kind == "businessRuleTask":
            yield node, (f"决策表 {decision.id}", f"the table {decision.id}"), decision.names
        for holder in (node.element, *node.definitions):
            sources = frozenset(
                source for entry in _crossings(holder, "in") if (source := entry.get("source", "").strip())
            )
            if sources:
                yield node, ("传出的变量", "what is handed over"), sources


def local(node: Node) -> frozenset[str]:
    """Return the loop variables that a node sees: of its own loop and of those around it."""
    names: set[str] = set()
    around: Node | None = node
    while around is not None:
        loop = around.loop
        if loop is not None:
            names |= LOOP_COUNTERS | _items(loop)
        if around.element.find(f"{BPMN}standardLoopCharacteristics") is not None:
            names |= LOOP_COUNTERS
        around = around.scope.holder
    return frozenset(names)


def _items(loop: Element) -> set[str]:
    found = {loop.get(f"{CAMUNDA}elementVariable", "").strip()}
    for tag in ("inputDataItem", "outputDataItem"):
        item = loop.find(f"{BPMN}{tag}")
        found.add(item.get("name", "").strip() if item is not None else "")
    return found - {""}


def crossings(node: Node, direction: str) -> list[Element]:
    """List the `camunda:in` or `camunda:out` of a call that carry variables."""
    return _crossings(node.element, direction)


def _crossings(element: Element, direction: str) -> list[Element]:
    found = element.iterfind(f"{BPMN}extensionElements/{CAMUNDA}{direction}")
    return [entry for entry in found if not entry.get("businessKey")]


def targets(node: Node, direction: str) -> frozenset[str]:
    """Return the names under which variables cross."""
    return frozenset(entry.get("target", "").strip() for entry in crossings(node, direction)) - {""}


def _report_unknown(report: Report, reader: Reader, unknown: frozenset[str], known: frozenset[str]) -> None:
    for variable in sorted(unknown):
        close = difflib.get_close_matches(variable, sorted(known), 1)
        report.add(
            UNKNOWN_NAME,
            reader.place,
            name=reader.label,
            what_zh=reader.what[0],
            what_en=reader.what[1],
            variable=variable,
            hint_zh=f"（是否为“{close[0]}”？）" if close else "",
            hint_en=f" (“{close[0]}”?)" if close else "",
        )


def _check_instances(names: Names, node: Node, report: Report) -> None:
    loop = node.loop
    if loop is None or loop.get("isSequential") == "true" or not collection_of(loop):
        return
    results = {(loop.findtext(f"{BPMN}loopDataOutputRef") or "").strip()}
    inner = [node, *(node.inner.nodes if node.inner else ())]
    for written in sorted({name for each in inner for name in names.outputs[each]} - results):
        report.add(SHARED_BY_INSTANCES, node.place, name=node.label, variable=written)
