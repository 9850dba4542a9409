"""A diagram as the checks see it: a small graph read straight from the XML, independent of SpiffWorkflow.

Its parts point at each other, so none of them writes out what it holds: the text of one would be the whole
graph many times over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn.check.rules import Place
from engine.bpmn.xml import BPMN, CAMUNDA, extensions, local_name, properties

Element = etree._Element

TASKS = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"}
)
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
EVENTS = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
ACTIVITIES = TASKS | {"callActivity", "subProcess"}
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(eq=False, repr=False, slots=True)
class Flow:
    """A sequence flow between two nodes of one scope."""

    id: str
    source: "Node"
    target: "Node"
    condition: str | None
    element: Element

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.source.place.resource, self.id, line_of(self.element))


@dataclass(eq=False, repr=False)
class Node:
    """A flow node.

    Attributes:
        kind: name of its BPMN element.
        scope: the process or subprocess that it stands in.
        attached: of a boundary event the activity that it is drawn on.
        inner: of a subprocess what stands inside.
        lane: innermost lane around it or around its subprocess.
    """

    element: Element
    scope: "Scope"
    id: str
    kind: str
    name: str
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    boundaries: list["Node"] = field(default_factory=list)
    attached: "Node | None" = None
    inner: "Scope | None" = None
    lane: "Lane | None" = None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.scope.process.resource, self.id, line_of(self.element))

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.name or self.id

    @property
    def definitions(self) -> list[Element]:
        """Its event definitions."""
        return [child for child in self.element if local_name(child).endswith("EventDefinition")]

    @property
    def event(self) -> str:
        """Kind of its event definition, such as "timer"; "" for none or several."""
        found = self.definitions
        return local_name(found[0]).removesuffix("EventDefinition") if len(found) == 1 else ""

    @property
    def is_interrupting(self) -> bool:
        """Tell whether a boundary event ends its activity."""
        return self.element.get("cancelActivity", "true") != "false"

    @property
    def stands_apart(self) -> bool:
        """Tell whether no flow belongs to it: an event subprocess, a compensation or what calls for it."""
        by_itself = ("triggeredByEvent", "isForCompensation")
        return any(self.element.get(one) == "true" for one in by_itself) or (
            self.kind == "boundaryEvent" and self.event == "compensate"
        )

    @property
    def default(self) -> str | None:
        """Id of its default flow."""
        return self.element.get("default")

    @property
    def properties(self) -> Mapping[str, str]:
        """Its camunda:property entries."""
        return properties(self.element)

    @property
    def loop(self) -> Element | None:
        """How it is repeated."""
        return self.element.find(f"{BPMN}multiInstanceLoopCharacteristics")

    def camunda(self, name: str) -> str:
        """Return a camunda: attribute, or ""."""
        return self.element.get(f"{CAMUNDA}{name}", "").strip()

    def extensions(self, name: str) -> list[Element]:
        """Return its camunda: extension elements of one name."""
        return extensions(self.element, name)


@dataclass(eq=False, repr=False)
class Lane:
    """A lane; its post stands in a property, so renaming the label changes no permission."""

    id: str
    name: str
    post: str
    element: Element
    resource: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.resource, self.id, line_of(self.element))


@dataclass(eq=False, repr=False)
class Scope:
    """The inside of a process or of an embedded subprocess.

    Attributes:
        holder: the subprocess; None for a process.
        depth: 0 for a process.
    """

    process: "Process"
    element: Element
    holder: Node | None
    depth: int
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.holder.place if self.holder else self.process.place

    def starts(self) -> list[Node]:
        """List its start events."""
        return [node for node in self.nodes if node.kind == "startEvent"]


@dataclass(eq=False, repr=False)
class Process:
    """One process of a diagram."""

    resource: str
    element: Element
    id: str
    name: str
    root: Scope = field(init=False)
    lanes: list[Lane] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = Scope(self, self.element, None, 0)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.resource, self.id, line_of(self.element))

    @property
    def is_executable(self) -> bool:
        """Tell whether it is meant to run."""
        return self.element.get("isExecutable") == "true"

    @property
    def properties(self) -> Mapping[str, str]:
        """Its camunda:property entries."""
        return properties(self.element)

    def scopes(self) -> Iterator[Scope]:
        """Yield the process itself and every embedded subprocess."""
        todo = [self.root]
        while todo:
            scope = todo.pop(0)
            yield scope
            todo.extend(node.inner for node in scope.nodes if node.inner)

    def nodes(self) -> Iterator[Node]:
        """Yield every node, those of subprocesses too."""
        for scope in self.scopes():
            yield from scope.nodes


@dataclass(eq=False, repr=False)
class Diagram:
    """One BPMN file.

    Attributes:
        messages, errors, escalations, signals: id -> the name or code that is compared at run time.
        drawn: ids that have a shape or an edge.
    """

    resource: str
    root: Element
    processes: list[Process] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    escalations: dict[str, str] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)
    drawn: frozenset[str] = frozenset()


def line_of(element: Element) -> int:
    """Return the line of an element in its file."""
    line: int | None = element.sourceline  # type: ignore[assignment]  # lxml-stubs leaves its type out
    return line or 0
