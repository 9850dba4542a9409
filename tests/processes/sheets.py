"""The diagrams of processes/ as drawn: shapes, edges and labels with their places on the sheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from lxml import etree

FOLDER = Path(__file__).parents[2] / "processes"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
SHEETS = tuple(sorted(path.stem for path in FOLDER.glob("*.bpmn")))

GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent"})
TASKS = frozenset({"userTask", "serviceTask", "businessRuleTask", "callActivity"})
NODES = GATEWAYS | EVENTS | TASKS | {"subProcess"}


@dataclass(frozen=True)
class Box:
    """A rectangle; a straight line is one without width or height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: "Box", gap: float = 0) -> bool:
        """Tell whether two boxes share an area, or come closer than `gap`."""
        return (
            self.x < other.right + gap
            and other.x < self.right + gap
            and self.y < other.bottom + gap
            and other.y < self.bottom + gap
        )

    def holds(self, other: "Box") -> bool:
        """Tell whether the other lies inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def shrunk(self, by: float) -> "Box":
        """Return what is left when a rim is taken off."""
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


Point = tuple[float, float]


class Sheet:
    """One diagram.

    Attributes:
        elements: id -> element of the model.
        shapes: id -> where it is drawn.
        edges: id -> its corners.
        labels: id -> where its text stands, for texts outside of their shape.
    """

    def __init__(self, name: str, root: etree._Element | None = None) -> None:
        self.name = name
        self.root = etree.parse(FOLDER / f"{name}.bpmn").getroot() if root is None else root
        self.elements = {node.get("id", ""): node for node in self.root.iter(f"{BPMN}*") if node.get("id")}
        self.shapes: dict[str, Box] = {}
        self.edges: dict[str, tuple[Point, ...]] = {}
        self.labels: dict[str, Box] = {}
        for shape in self.root.iter(f"{DI}BPMNShape", f"{DI}BPMNEdge"):
            element = shape.get("bpmnElement", "")
            if shape.tag.endswith("BPMNShape"):
                self.shapes[element] = _box(shape.find(f"{DC}Bounds"))
            else:
                self.edges[element] = tuple(
                    (float(corner.get("x", "")), float(corner.get("y", "")))
                    for corner in shape.findall(WAYPOINT)
                )
            label = shape.find(f"{DI}BPMNLabel/{DC}Bounds")
            if label is not None:
                self.labels[element] = _box(label)

    def kind(self, element: str) -> str:
        """Return the name of an element's tag."""
        return etree.QName(self.elements[element]).localname

    def of(self, *kinds: str) -> list[str]:
        """Return the ids of the elements of some kinds."""
        return [element for element in self.elements if self.kind(element) in kinds]

    def parent(self, element: str) -> str:
        """Return the id of what an element stands in: its process or subprocess."""
        above = self.elements[element].getparent()
        assert above is not None
        return above.get("id", "")

    def ends(self, edge: str) -> tuple[str, str]:
        """Return what an edge connects."""
        return self.elements[edge].get("sourceRef", ""), self.elements[edge].get("targetRef", "")

    def lines(self, edge: str) -> Iterator[Box]:
        """Yield the straight lines of an edge."""
        corners = self.edges[edge]
        for (x, y), (other_x, other_y) in pairwise(corners):
            yield Box(min(x, other_x), min(y, other_y), abs(x - other_x), abs(y - other_y))

    def lane_of(self) -> dict[str, str]:
        """Say for each node of the process in which lane it is listed."""
        return {
            (reference.text or ""): lane
            for lane in self.of("lane")
            for reference in self.elements[lane].findall(f"{BPMN}flowNodeRef")
        }


@cache
def sheet(name: str) -> Sheet:
    """Return a diagram, read once."""
    return Sheet(name)


def text_box(text: str) -> tuple[float, float]:
    """Estimate width and height of a text of 11 pixels as bpmn-js writes it."""
    rows = text.split("\n")
    return max(sum(11 if ord(letter) > 255 else 6 for letter in row) for row in rows), 13 * len(rows)


def _box(bounds: etree._Element | None) -> Box:
    assert bounds is not None
    return Box(*(float(bounds.get(key, "")) for key in ("x", "y", "width", "height")))
