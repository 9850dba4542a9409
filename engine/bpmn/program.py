"""What the files of one procedure compile to: immutable, shared by all its cases and by all threads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.defaults import StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition

from engine.bpmn import events
from engine.bpmn.activities import CallActivity
from engine.bpmn.decisions import Decision, read_decisions
from engine.bpmn.errors import ModelInvalid
from engine.bpmn.expressions import NOW, ZONE, Json, TimerExpression, Value, ValueType, dump, load_all
from engine.bpmn.parse import DiagramParser, process_of
from engine.bpmn.steps import Lane, Step, timer_of
from engine.bpmn.variables import FormVariables, variable_types
from engine.bpmn.xml import BPMN, CAMUNDA, Element, properties, read_xml, words
from engine.topics import Topics

if TYPE_CHECKING:
    from datetime import datetime

    from engine.bpmn.runtime import Wait

__all__ = ["Lane", "Program", "Step", "compile_program"]

DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Program:
    """One procedure: its process, all processes it calls, and their tables.

    Attributes:
        key: id of the process that a case starts with.
        due: time limit of the whole case.
        on_cancel: topic of the handler that runs when a case is cancelled.
        starters: posts that may start a case.
        starts: message, or "" for a start without one -> id of the start event.
        steps: (process, element) -> what the diagram says about the element.
        types: process -> name of a variable -> its declared type.
        zone_name: whose calendar counts the days and months of timers.
        specs: process or embedded subprocess -> SpiffWorkflow's spec.
        owners: process or embedded subprocess -> the process that it belongs to.
    """

    bundle_id: int
    key: str
    name: str
    name_en: str
    due: TimerExpression | None
    on_cancel: str | None
    starters: tuple[str, ...]
    starts: Mapping[str, str]
    steps: Mapping[tuple[str, str], Step]
    types: Mapping[str, Mapping[str, ValueType]]
    decisions: Mapping[str, Decision]
    topics: Topics
    zone_name: str
    specs: Mapping[str, Any] = field(repr=False)
    owners: Mapping[str, str] = field(repr=False)

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose calendar counts."""
        return ZoneInfo(self.zone_name)

    @property
    def variables(self) -> Mapping[tuple[str, str], ValueType]:
        """Every declared variable: (process, name) -> its type."""
        return {
            (process, name): kind for process, types in self.types.items() for name, kind in types.items()
        }

    def process_at(self, path: Iterable[str]) -> str:
        """Return the process that call activities lead to from the root."""
        process = self.key
        for element in path:
            process = self.steps[process, element].called or ""
        return process

    def around(self, wait: "Wait") -> Iterator[Step]:
        """Yield the step of a wait and the call activities around it, from the inside outwards."""
        yield wait.step
        process, calls = self.key, []
        for element in wait.path:
            calls.append(self.steps[process, element])
            process = calls[-1].called or ""
        yield from reversed(calls)

    def decide(
        self, decision: str, variables: Mapping[str, Json], now: "datetime | None" = None
    ) -> list[dict[str, Json]]:
        """Ask a table of the procedure outside of a case.

        Returns:
            The outputs of each matching rule.
        """
        table = self.decisions[decision]
        values: dict[str, Value] = load_all(variables, {}, table.names)
        values[ZONE] = self.zone_name
        if now is not None:
            values[NOW] = now
        return [{name: dump(value) for name, value in row.items()} for row in table.evaluate(values)]


def compile_program(
    key: str,
    files: Mapping[str, bytes],
    topics: Topics,
    *,
    forms: FormVariables = MappingProxyType({}),
    bundle_id: int = 0,
    zone: str = DEFAULT_ZONE,
) -> Program:
    """Compile a procedure from all the diagrams and tables of its bundle.

    Args:
        key: id of the process that cases start with.
        files: resource name -> content; only `.bpmn` and `.dmn` are read.
    Raises:
        ModelInvalid: a file that cannot be compiled.
    """
    parser = DiagramParser(topics)
    roots = [read_xml(content) for name, content in sorted(files.items()) if name.endswith(".bpmn")]
    specs, owners = _parsed(parser, key, roots)
    decisions = _tables(files)
    process = next(node for root in roots for node in root.iter(f"{BPMN}process") if node.get("id") == key)
    said = properties(process)
    return Program(
        bundle_id=bundle_id,
        key=key,
        name=process.get("name") or key,
        name_en=said.get("name_en", ""),
        due=timer_of(process, said.get("dueDate")),
        on_cancel=said.get("on_cancel") or None,
        starters=words(process.get(f"{CAMUNDA}candidateStarterGroups")),
        starts=MappingProxyType(_starts(specs[key])),
        steps=MappingProxyType(parser.steps),
        types=variable_types(key, parser.steps.values(), decisions, topics, forms),
        decisions=MappingProxyType(decisions),
        topics=topics,
        zone_name=zone,
        specs=MappingProxyType(specs),
        owners=MappingProxyType(owners),
    )


def _parsed(parser: DiagramParser, key: str, roots: list[Element]) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        for root in roots:
            parser.add_bpmn_xml(root)
        specs = {key: parser.get_spec(key), **parser.get_subprocess_specs(key)}
    except ValidationException as error:
        if isinstance(error.__context__, ModelInvalid):  # the stock parser wraps what ours raises
            raise error.__context__ from None
        raise ModelInvalid(
            error.id, "流程图无法编译：{why}", "The diagram cannot be compiled: {why}", why=str(error)
        ) from error
    owners = {name: process_of(parser.get_process_parser(name)) for name in specs}
    for name, spec in specs.items():
        try:
            _prepare(spec, specs)
        except ModelInvalid as error:
            raise error.within(owners[name]) from None
    return specs, owners


def _prepare(spec: Any, specs: Mapping[str, Any]) -> None:
    """Do once what SpiffWorkflow would do in a running case, to a spec that all cases share."""
    spec.data_objects.clear()  # remarks of the diagram; else they would turn up among the variables
    for node in list(spec.task_specs.values()):
        ways_on = [way for way in node.outputs if not isinstance(way, BoundaryEventJoin)]
        if not ways_on and node.bpmn_id == node.name:
            node.connect(spec.end)  # an element without a way on ends its token
        if hasattr(node, "prepare"):
            node.prepare()
        if isinstance(node, CallActivity) and "" not in _starts(specs[node.spec]):
            raise ModelInvalid(
                node.bpmn_id,
                "被调用的流程“{called}”没有普通开始事件",
                "The called process “{called}” has no start event without a message",
                called=node.spec,
            )


def _tables(files: Mapping[str, bytes]) -> dict[str, Decision]:
    found: dict[str, Decision] = {}
    for name, content in sorted(files.items()):
        if name.endswith(".dmn"):
            found |= {decision.id: decision for decision in read_decisions(content)}
    return found


def _starts(spec: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in spec.task_specs.values():
        if not isinstance(node, StartEvent):
            continue
        definition = node.event_definition
        if isinstance(definition, events.Message):
            found[definition.name] = node.name
        elif isinstance(definition, NoneEventDefinition):
            found[""] = node.name
        else:
            raise ModelInvalid(
                node.name,
                "开始事件只能是普通的，或由消息触发",
                "A start event is plain, or waits for a message",
            )
    return found
