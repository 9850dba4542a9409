"""Checks that a step is drawn in the lane that the file lists it in: the lane decides who acts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from engine.bpmn.check.model import Diagram, Element, Lane, Node, Process
from engine.bpmn.check.rules import Report, Rule
from engine.check_problem import Severity

DRAWN_ELSEWHERE = Rule(
    "drawn_elsewhere",
    "“{name}”画在泳道“{drawn}”里，文件却把它列在泳道“{listed}”：看图的人以为归“{drawn}”，平台按“{listed}”办",
    "“{name}” is drawn in the lane “{drawn}”, but the file lists it in “{listed}”: who reads the picture "
    "takes it for a step of “{drawn}”, and the platform goes by “{listed}”",
    "在 Camunda Modeler 中把它拖到办理岗位的泳道里再保存，或把它的 flowNodeRef 移到图上的那条泳道",
    "drag it into the lane of who does it with Camunda Modeler and save, or move its flowNodeRef to the lane "
    "that it is drawn in",
    Severity.WARNING,
)
_DI: Final = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_BOUNDS: Final = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a shape stands on its sheet, in the units of the sheet."""

    x: float
    y: float
    width: float
    height: float

    def holds_centre_of(self, other: "Box") -> bool:
        """Tell whether the centre of another box lies inside this one or on its border."""
        x, y = other.x + other.width / 2, other.y + other.height / 2
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


Sheet: TypeAlias = Mapping[str, Box]  # id of an element -> where its shape stands


def check_lanes(diagram: Diagram, report: Report) -> None:
    """Warn of what stands in one lane of the picture and in another one of the file."""
    sheets = [_boxes(plane) for plane in diagram.root.iter(f"{_DI}BPMNPlane")]
    for process in diagram.processes:
        for node in process.nodes():
            found = next(_drawn_in(node, process, sheets), None)
            if found is not None and node.lane is not None:
                listed = node.lane.name or node.lane.id
                report.add(
                    DRAWN_ELSEWHERE, node.place, name=node.label, drawn=found.name or found.id, listed=listed
                )


def _drawn_in(node: Node, process: Process, sheets: list[Sheet]) -> Iterator[Lane]:
    """Yield the lanes that a node is drawn in, where that is none around the one that lists it.

    What stands on the border of an activity or inside a subprocess goes with it.
    """
    lane = node.lane
    if lane is None or node.attached is not None or node.scope.holder is not None:
        return
    around = {lane.element, *lane.element.iterancestors()}
    for sheet in sheets:
        box, own = sheet.get(node.id), sheet.get(lane.id)
        if box is None or own is None or own.holds_centre_of(box):
            continue
        others = [one for one in process.lanes if one.element not in around and one.id in sheet]
        holding = [one for one in others if sheet[one.id].holds_centre_of(box)]
        yield from holding[-1:]  # an inner lane is read behind the one around it


def _boxes(plane: Element) -> Sheet:
    found = {}
    for shape in plane.iter(f"{_DI}BPMNShape"):
        bounds = shape.find(_BOUNDS)
        if bounds is None:
            continue
        try:
            x, y, width, height = (float(bounds.get(one, "")) for one in ("x", "y", "width", "height"))
        except ValueError:
            continue
        found[str(shape.get("bpmnElement", "")).rpartition(":")[2]] = Box(x, y, width, height)
    return found
