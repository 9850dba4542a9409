"""Finds room on a diagram for labels longer than those it was drawn with: no word broken, nothing covered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from engine.bpmn.xml import Element, local_name

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
_LETTER, _WIDE_LETTER, _ROW, _RIM = 6.8, 11.0, 13.0, 6.0  # pixels of a text of 11 pixels
_STEP, _FAR, _HIGH, _NEAR = (
    5,
    90,
    60,
    200,
)  # pixels: how finely and how far is looked, and what may be in the way
_MOST_ROWS = 4
_TITLE = 30.0  # of a lane, at its left
_AWAY, _ROWS = 4.0, 3.0  # what a pixel away from its line or shape, and one more row, weigh
_SURROUNDING = {"participant", "lane", "subProcess"}


class Box(NamedTuple):
    """A rectangle; a straight line is one without width or height."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Box", gap: float = 0) -> bool:
        """Tell whether two boxes share an area, or come closer than `gap`."""
        return (
            self.x < other.x + other.width + gap
            and other.x < self.x + self.width + gap
            and self.y < other.y + other.height + gap
            and other.y < self.y + self.height + gap
        )

    def away(self, other: "Box") -> float:
        """Return how far two boxes are apart, across and down."""
        across = max(other.x - self.x - self.width, self.x - other.x - other.width, 0)
        down = max(other.y - self.y - self.height, self.y - other.y - other.height, 0)
        return across + down

    def sides(self) -> "list[Box]":
        """Return the four lines around."""
        right, bottom = self.x + self.width, self.y + self.height
        across = [Box(self.x, y, self.width, 0) for y in (self.y, bottom)]
        return across + [Box(x, self.y, 0, self.height) for x in (self.x, right)]


@dataclass
class _Label:
    """One text that stands beside what it names.

    Attributes:
        bounds: where the file says its place.
        beside: the shape it names, or the lines of the flow.
    """

    element: Element
    bounds: Element
    beside: list[Box]

    @property
    def drawn(self) -> Box:
        return box_of(self.bounds)


class Drawing:
    """What is on a diagram: its labels, and what they may not cover."""

    def __init__(self, root: Element) -> None:
        elements = {one.get("id"): one for one in root.iter() if one.get("id")}
        self.labels: list[_Label] = []
        self.taken: list[Box] = []
        flows: list[_Label] = []
        for drawn in root.iter(f"{DI}BPMNShape", f"{DI}BPMNEdge"):
            element = elements.get(drawn.get("bpmnElement"))
            if element is None:
                continue
            is_edge = drawn.tag == f"{DI}BPMNEdge"
            beside = list(lines_of(drawn)) if is_edge else [box_of(drawn.find(BOUNDS))]
            self.taken += beside[0].sides() if local_name(element) in _SURROUNDING else beside
            if local_name(element) == "lane":
                self.taken.append(beside[0]._replace(width=_TITLE))
            bounds = drawn.find(f"{DI}BPMNLabel/{BOUNDS}")
            if bounds is not None and element.get("name"):
                (flows if is_edge else self.labels).append(_Label(element, bounds, beside))
        self.labels += flows  # a flow has more places beside it than a shape


def make_room(root: Element) -> None:
    """Break labels between words, and move each to the nearest place where it covers nothing."""
    drawing = Drawing(root)
    for label in drawing.labels:
        box, text = _place(label, drawing.taken)
        drawing.taken.append(box)
        label.element.set("name", text)
        for name, value in zip(("x", "y", "width", "height"), box, strict=True):
            label.bounds.set(name, f"{value:g}")


def _place(label: _Label, taken: Iterable[Box]) -> tuple[Box, str]:
    near = [one for one in taken if one.overlaps(label.drawn, _NEAR)]
    places = sorted(_places(label), key=lambda place: place[0])
    free = (place for place in places if not any(place[1].overlaps(one, 1) for one in near))
    _, box, text = next(free, places[0])
    return box, text


def _places(label: _Label) -> Iterator[tuple[float, Box, str]]:
    """Yield every place with how little it suits."""
    drawn = label.drawn
    line = min(label.beside, key=drawn.away)
    for rows in ways_to_break(label.element.get("name", "")):
        width, height = max(map(text_width, rows)) + _RIM, _ROW * len(rows)
        for right in range(-_FAR, _FAR + 1, _STEP):
            for down in range(-_HIGH, _HIGH + 1, _STEP):
                middle = drawn.x + (drawn.width - width) / 2 + right
                box = Box(middle, drawn.y + (drawn.height - height) / 2 + down, width, height)
                moved = abs(right) + abs(down)
                yield moved + _AWAY * max(0.0, box.away(line) - 3) + _ROWS * len(rows), box, "\n".join(rows)


def ways_to_break(text: str) -> Iterator[list[str]]:
    """Yield a text in one row, in two, and so on, each as narrow as whole words allow."""
    words = text.split()
    known = set()
    for width in sorted(
        {text_width(" ".join(words[a:b])) for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
    ):
        if width < max(map(text_width, words)):
            continue
        rows = [words[0]]
        for word in words[1:]:
            longer = f"{rows[-1]} {word}"
            rows = [*rows[:-1], longer] if text_width(longer) <= width else [*rows, word]
        if len(rows) <= _MOST_ROWS and len(rows) not in known:
            known.add(len(rows))
            yield rows


def text_width(text: str) -> float:
    return sum(_WIDE_LETTER if ord(letter) > 255 else _LETTER for letter in text)


def lines_of(edge: Element) -> Iterator[Box]:
    corners = [(float(one.get("x", "0")), float(one.get("y", "0"))) for one in edge.findall(WAYPOINT)]
    for (x, y), (other_x, other_y) in pairwise(corners):
        yield Box(min(x, other_x), min(y, other_y), abs(x - other_x), abs(y - other_y))


def box_of(bounds: Element | None) -> Box:
    if bounds is None:
        return Box(0, 0, 0, 0)
    return Box(*(float(bounds.get(name, "0")) for name in ("x", "y", "width", "height")))
