"""The ways of the diagrams: which steps of people can come after an element, read from the drawn flows."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.bpmn.program import Program, Step
from engine.bpmn.xml import BPMN, Element, local_name, properties, read_xml

_ANSWERS = frozenset({"是", "否"})  # say nothing without the question that the gateway asks
STOPS = frozenset({"user", "timer", "message", "signal", "external"})
_MOST = 500  # places that a look ahead passes at most


@dataclass(frozen=True, slots=True)
class Flow:
    """A drawn sequence flow; a name that is a bare yes or no stands behind the question of its gateway."""

    id: str
    name: str
    name_en: str
    target: str


@dataclass(frozen=True, slots=True)
class Ways:
    """How the elements of a procedure's diagrams hang together; keys are (process, element).

    Attributes:
        flows: those that leave an element, in the order of the file.
        around: the embedded subprocess that an element stands in.
        starts: (process, embedded subprocess or "") -> its plain start event.
        throwing: end events that throw an error.
    """

    flows: Mapping[tuple[str, str], tuple[Flow, ...]]
    around: Mapping[tuple[str, str], str]
    starts: Mapping[tuple[str, str], str]
    throwing: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Possible:
    """Where a token can come to rest next: a step of a person, an event to wait for, or the end.

    Attributes:
        path: call activities from the root, "/"-joined.
        step: None when the whole case ends there.
        said: labels of the flows on the way, in Chinese and in English; what has to be so.
        through: (path, id) of every element and flow that is passed, the last one included.
    """

    path: str
    step: Step | None
    said: tuple[tuple[str, str], ...]
    through: tuple[tuple[str, str], ...]


def read_ways(files: Mapping[str, bytes]) -> Ways:
    """Read the flows of all diagrams of a bundle."""
    flows: dict[tuple[str, str], list[Flow]] = {}
    around: dict[tuple[str, str], str] = {}
    starts: dict[tuple[str, str], str] = {}
    throwing: set[tuple[str, str]] = set()
    for name in sorted(files):
        if not name.endswith(".bpmn"):
            continue
        for process in read_xml(files[name]).iter(f"{BPMN}process"):
            key = process.get("id", "")
            questions = {node.get("id", ""): _names(node) for node, _ in _elements(process, "")}
            for node, scope in _elements(process, ""):
                place = key, node.get("id", "")
                if scope:
                    around[place] = scope
                kind = local_name(node)
                if kind == "sequenceFlow":
                    source = node.get("sourceRef", "")
                    flows.setdefault((key, source), []).append(_flow(node, questions.get(source, ("", ""))))
                elif kind == "startEvent" and not _defines(node, "message"):
                    starts[key, scope] = place[1]
                elif kind == "endEvent" and _defines(node, "error"):
                    throwing.add(place)
    return Ways(
        MappingProxyType({place: tuple(found) for place, found in flows.items()}),
        MappingProxyType(around),
        MappingProxyType(starts),
        frozenset(throwing),
    )


def _elements(parent: Element, scope: str) -> Iterator[tuple[Element, str]]:
    for node in parent:
        if node.get("id") is None:
            continue
        yield node, scope
        if local_name(node) == "subProcess":
            yield from _elements(node, node.get("id", ""))


def _flow(node: Element, question: tuple[str, str]) -> Flow:
    name, name_en = _names(node)
    if name in _ANSWERS:
        name, name_en = question[0] + name, f"{question[1]} {name_en}".strip() if name_en else ""
    return Flow(node.get("id", ""), name, name_en, node.get("targetRef", ""))


def _names(node: Element) -> tuple[str, str]:
    return " ".join(node.get("name", "").split()), properties(node).get("name_en", "")


def _defines(node: Element, kind: str) -> bool:
    return node.find(f"{BPMN}{kind}EventDefinition") is not None


def ahead(program: Program, ways: Ways, path: str, element: str) -> tuple[Possible, ...]:
    """Say where a token that leaves an element can come to rest next, the nearest first.

    Args:
        path: call activities from the root, "/"-joined.
    """
    return tuple(_Walk(program, ways).from_(path, element))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place on a walk."""

    path: str
    process: str
    element: str
    said: tuple[tuple[str, str], ...] = ()
    through: tuple[tuple[str, str], ...] = ()

    def passing(self, *ids: str) -> tuple[tuple[str, str], ...]:
        return self.through + tuple((self.path, found) for found in ids)


class _Walk:
    def __init__(self, program: Program, ways: Ways) -> None:
        self._program = program
        self._ways = ways
        self._seen: set[tuple[str, str]] = set()
        self._coming: deque[_Spot] = deque()

    def from_(self, path: str, element: str) -> Iterator[Possible]:
        """Walk on from an element, without coming to rest at it."""
        self._leave(_Spot(path, process_at(self._program, path), element))
        while self._coming and len(self._seen) < _MOST:
            spot = self._coming.popleft()
            if (spot.path, spot.element) in self._seen:
                continue
            self._seen.add((spot.path, spot.element))
            yield from self._arrive(spot)

    def _arrive(self, spot: _Spot) -> Iterator[Possible]:
        step = self._program.steps.get((spot.process, spot.element))
        if step is None:
            return
        here = _Spot(spot.path, spot.process, spot.element, spot.said, spot.passing(spot.element))
        if step.kind in STOPS:
            yield Possible(spot.path, step, spot.said, here.through)
        elif step.kind == "call" and step.called:
            inner = f"{spot.path}/{spot.element}" if spot.path else spot.element
            self._enter(here, inner, step.called, "")
        elif step.kind == "subprocess":
            self._enter(here, spot.path, spot.process, spot.element)
        elif step.kind == "end":
            yield from self._end(here)
        else:
            self._leave(here)

    def _enter(self, spot: _Spot, path: str, process: str, scope: str) -> None:
        start = self._ways.starts.get((process, scope))
        if start is not None:
            self._coming.append(_Spot(path, process, start, spot.said, spot.through))

    def _leave(self, spot: _Spot) -> None:
        flows = self._ways.flows.get((spot.process, spot.element), ())
        for flow in flows:
            label = ((flow.name, flow.name_en),) if flow.name else ()
            self._coming.append(
                _Spot(spot.path, spot.process, flow.target, spot.said + label, spot.passing(flow.id))
            )

    def _end(self, spot: _Spot) -> Iterator[Possible]:
        """Go on after what ends here: an embedded subprocess, a called process, or the case."""
        throws = (spot.process, spot.element) in self._ways.throwing
        path, process, element = spot.path, spot.process, spot.element
        while True:
            scope = self._ways.around.get((process, element))
            if scope is not None:
                element = scope
            elif path:
                path, _, element = path.rpartition("/")
                process = process_at(self._program, path)
            else:
                break
            outer = _Spot(path, process, element, spot.said, spot.through)
            if not throws:
                self._leave(outer)
                return
            caught = self._catching(process, element)
            if caught:
                for event in caught:
                    self._coming.append(_Spot(path, process, event, spot.said, spot.through))
                return
        yield Possible("", None, spot.said, spot.through)

    def _catching(self, process: str, element: str) -> list[str]:
        return [
            step.element
            for (owner, _), step in self._program.steps.items()
            if owner == process and step.attached_to == element and step.kind == "error"
        ]


def process_at(program: Program, path: str) -> str:
    """Return the process that runs at a path of call activities."""
    process = program.key
    for element in filter(None, path.split("/")):
        step = program.steps.get((process, element))
        process = (step.called if step else None) or process
    return process
