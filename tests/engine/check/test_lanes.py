"""A step drawn in one lane and listed in another is told: the picture and the platform disagree about it."""

from pathlib import Path

import pytest

from engine.bpmn.check.lanes import check_lanes
from engine.bpmn.check.reading import DiagramReader
from engine.bpmn.check.rules import Report
from engine.bpmn.loader import read_xml
from tests.engine.check.good import drawn, examined, source

PROCESSES = Path(__file__).parents[3] / "processes"
QUOTE = "repair_quote.bpmn"


def told(content: str) -> list[tuple[str, str, bool]]:
    report = Report()
    check_lanes(DiagramReader(QUOTE, read_xml(content.encode()), report).read(), report)
    return [(one.rule, one.element_id, one.is_error) for one in report.problems]


def listed_with_the_plumber(identity: str = "answer") -> str:
    """List a step of the owner in the lane of the plumber, and leave the picture alone."""
    content = (PROCESSES / QUOTE).read_text(encoding="utf-8")
    reference = f"<bpmn:flowNodeRef>{identity}</bpmn:flowNodeRef>"
    start = "<bpmn:flowNodeRef>start</bpmn:flowNodeRef>"
    assert content.count(reference) == content.count(start) == 1
    return content.replace(reference, "").replace(start, start + reference)


@pytest.mark.parametrize("file", sorted(PROCESSES.glob("*.bpmn")), ids=lambda file: file.stem)
def test_every_diagram_of_the_product_shows_who_does_a_step(file: Path) -> None:
    assert told(file.read_text(encoding="utf-8")) == []


def test_a_step_that_is_listed_in_another_lane_than_it_is_drawn_in_is_a_warning() -> None:
    assert told(listed_with_the_plumber()) == [("drawn_elsewhere", "answer", False)]


def test_the_warning_stands_among_the_findings_of_a_deployment() -> None:
    shapes = "".join(
        f'<bpmndi:BPMNShape bpmnElement="{name}"><dc:Bounds x="0" y="{y}" width="100" height="80"/>'
        "</bpmndi:BPMNShape>"
        for name, y in (("lane_cs", 0), ("lane_rp", 80), ("accept", 80))
    )
    content = drawn(source("repair.bpmn"))
    for name in ("lane_cs", "lane_rp", "accept"):
        content = content.replace(f'<bpmndi:BPMNShape bpmnElement="{name}"/>', "")
    spaced = content.replace("</bpmndi:BPMNPlane>", f"{shapes}</bpmndi:BPMNPlane>").replace(
        "<bpmn:definitions ", '<bpmn:definitions xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    )
    (found,) = examined({"repair.bpmn": spaced}).problems
    assert (found.rule, found.element_id, found.is_error) == ("drawn_elsewhere", "accept", False)
    assert "“客服”" in found.zh
    assert "“维修”" in found.zh
    assert "flowNodeRef" in found.remedy_en


@pytest.mark.parametrize("lost", ["answer", "lane_rp", "lane_resident"])
def test_nothing_is_told_where_one_of_the_two_has_no_shape(lost: str) -> None:
    content = listed_with_the_plumber().replace(f'bpmnElement="{lost}"', 'bpmnElement="nothing"')
    assert told(content) == []


def test_a_shape_outside_of_every_lane_is_not_told() -> None:
    content = listed_with_the_plumber().replace(
        '<dc:Bounds x="800" y="135" width="100" height="80" />',
        '<dc:Bounds x="5000" y="135" width="100" height="80" />',
    )
    assert told(content) == []


@pytest.mark.parametrize("y", ["", "a", "nan", "1e999"])
def test_bounds_that_are_no_numbers_say_nothing(y: str) -> None:
    content = listed_with_the_plumber().replace('x="800" y="135"', f'x="800" y="{y}"')
    assert told(content) == []
