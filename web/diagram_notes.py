"""Finds room on a diagram for notes longer than those it was drawn with, each still tied to its step."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.bpmn.xml import BPMN, Element
from web.diagram_labels import BOUNDS, DI, WAYPOINT, Box, Drawing, box_of, lines_of, text_width, ways_to_break

_LARGER = 12 / 11  # letters of a note against those of a label
_RIM, _ROW, _EDGE = 14.0, 14.4, 6.0  # around the text, and one row of it
_STEP, _FURTHER = 4, 32  # pixels: how finely is looked, and how far from its step a note may move
_ROWS, _AWAY = 3.0, 2.0  # what one more row, and a pixel further from the step, weigh


@dataclass(frozen=True)
class _Place:
    box: Box
    text: str
    end: tuple[float, float]


def make_room_for_notes(root: Element) -> None:
    """Break notes between words, and lay each where it covers nothing, at the end of its dotted line."""
    taken = Drawing(root).taken
    drawn = {one.get("bpmnElement"): one for one in root.iter(f"{DI}BPMNShape", f"{DI}BPMNEdge")}
    notes = {one.get("id"): one for one in root.iter(f"{BPMN}textAnnotation")}
    for link in root.iter(f"{BPMN}association"):
        note, edge = notes.get(link.get("targetRef")), drawn.get(link.get("id"))
        text = note.find(f"{BPMN}text") if note is not None else None
        shape = drawn.get(link.get("targetRef"))
        bounds = shape.find(BOUNDS) if shape is not None else None
        if text is not None and text.text and edge is not None and bounds is not None:
            taken = _settle(text, bounds, edge, taken)


def _settle(text: Element, bounds: Element, edge: Element, taken: list[Box]) -> list[Box]:
    """Lay one note where there is room for it, and return what is taken then."""
    box, lines = box_of(bounds), list(lines_of(edge))
    others = [one for one in taken if one != box and one not in lines]
    crossed = [one for one in others if not any(one.overlaps(line, 1) for line in lines)]
    *_, before, end = edge.findall(WAYPOINT)
    start, at = _point(before), _point(end)
    for _, place in sorted(_places(box, at, text.text or ""), key=lambda found: found[0]):
        line = _between(start, place.end)
        if any(place.box.overlaps(one, 1) for one in others) or any(line.overlaps(one) for one in crossed):
            continue
        text.text = place.text
        for name, value in zip(("x", "y", "width", "height"), place.box, strict=True):
            bounds.set(name, f"{value:g}")
        end.set("x", f"{place.end[0]:g}")
        end.set("y", f"{place.end[1]:g}")
        return [*others, place.box, line]
    return taken


def _point(corner: Element) -> tuple[float, float]:
    return float(corner.get("x", "0")), float(corner.get("y", "0"))


def _between(start: tuple[float, float], end: tuple[float, float]) -> Box:
    (x, y), (other_x, other_y) = start, end
    return Box(min(x, other_x), min(y, other_y), abs(x - other_x), abs(y - other_y))


def _places(box: Box, at: tuple[float, float], text: str) -> Iterator[tuple[float, _Place]]:
    """Yield every place with how little it suits; its line stays straight and ends on the rim."""
    x, y = at
    is_beside = y not in (box.y, box.y + box.height)
    is_first = x <= box.x if is_beside else y <= box.y  # the note begins where the line ends
    for rows in ways_to_break(text):
        width = max(map(text_width, rows)) * _LARGER + _RIM
        height = _ROW * len(rows) + _EDGE
        across, deep = (height, width) if is_beside else (width, height)
        for back in range(0, int(across) + 1, _STEP):
            for away in range(0, _FURTHER + 1, _STEP):
                near = away if is_first else -away - deep
                left, top = (x + near, y - back) if is_beside else (x - back, y + near)
                step = away if is_first else -away
                end = (x + step, y) if is_beside else (x, y + step)
                moved = abs(left - box.x) / 2 + _AWAY * away + _ROWS * len(rows)
                yield moved, _Place(Box(left, top, width, height), "\n".join(rows), end)
