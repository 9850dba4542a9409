"""The sheets are fit for a wall: nothing overlaps, no line runs through a box, every text can be read."""

from itertools import combinations
from math import hypot

import pytest

from tests.processes.sheets import BPMN, EVENTS, GATEWAYS, NODES, SHEETS, Box, Sheet, sheet, text_box

WIDEST, HIGHEST = 1900, 1100
MOST_NODES = {
    "repair": 22,
    "data_correction": 18,
    "ownership_transfer": 22,
    "move_in": 22,
    "tenant_change": 21,
    "security_incident": 20,
    "staff_onboarding": 15,
    "staff_offboarding": 15,
    "data_export": 19,
    "privacy_request": 22,
    "password_help": 21,
}
MOST_NODES_CALLED = 15
TASK_TEXT = 92  # pixels in a box of 100

pytestmark = pytest.mark.parametrize("name", SHEETS)


def _related(page: Sheet, one: str, other: str) -> bool:
    """Tell whether one of two shapes stands in or on the other."""
    around = {page.parent(one), page.parent(other)}
    attached = {page.elements[one].get("attachedToRef"), page.elements[other].get("attachedToRef")}
    return bool({one, other} & around) or bool({one, other} & attached)


def _nodes(page: Sheet) -> list[str]:
    return page.of(*NODES)


def _notes(page: Sheet) -> list[str]:
    return page.of("textAnnotation")


def test_everything_of_the_model_is_drawn_once(name: str) -> None:
    page = sheet(name)
    drawn = {*_nodes(page), *_notes(page), *page.of("participant", "lane")}
    assert set(page.shapes) == drawn
    assert set(page.edges) == set(page.of("sequenceFlow", "association"))


def test_the_sheet_has_few_enough_nodes_to_be_understood_in_a_minute(name: str) -> None:
    page = sheet(name)
    process = page.of("process")[0]
    seen = [one for one in _nodes(page) if page.parent(one) == process]
    if name in MOST_NODES:  # a boundary event is a part of its activity
        seen = [one for one in seen if page.kind(one) != "boundaryEvent"]
    assert len(seen) <= MOST_NODES.get(name, MOST_NODES_CALLED)


def test_the_sheet_fits_a_screen(name: str) -> None:
    page = sheet(name)
    pool = page.shapes[page.of("participant")[0]]
    assert pool.width <= WIDEST
    assert pool.height <= HIGHEST
    assert all(pool.holds(box) for box in (*page.shapes.values(), *page.labels.values()))
    assert all(pool.holds(line) for edge in page.edges for line in page.lines(edge))


def test_lanes_fill_the_pool_and_hold_their_nodes(name: str) -> None:
    page = sheet(name)
    pool = page.shapes[page.of("participant")[0]]
    lanes = sorted((page.shapes[lane] for lane in page.of("lane")), key=lambda box: box.y)
    assert [box.y for box in lanes] == [pool.y, *(box.bottom for box in lanes[:-1])]
    assert lanes[-1].bottom == pool.bottom
    assert {(box.x, box.right) for box in lanes} == {(pool.x + 30, pool.right)}
    process = page.of("process")[0]
    listed = page.lane_of()
    assert set(listed) == {node for node in _nodes(page) if page.parent(node) == process}
    outside = [node for node, lane in listed.items() if not page.shapes[lane].holds(page.shapes[node])]
    assert outside == []


def test_shapes_keep_a_distance(name: str) -> None:
    page = sheet(name)
    close = [
        (one, other)
        for one, other in combinations([*_nodes(page), *_notes(page)], 2)
        if not _related(page, one, other) and page.shapes[one].overlaps(page.shapes[other], 8)
    ]
    assert close == []


def test_boundary_events_sit_on_the_border_of_their_activity(name: str) -> None:
    page = sheet(name)
    for event in page.of("boundaryEvent"):
        box = page.shapes[event]
        host = page.shapes[page.elements[event].get("attachedToRef", "")]
        x, y = box.x + 18, box.y + 18
        assert (x in (host.x, host.right) and host.y <= y <= host.bottom) or (
            y in (host.y, host.bottom) and host.x <= x <= host.right
        )


def test_lines_run_straight_across_or_down(name: str) -> None:
    page = sheet(name)
    slanted = [edge for edge in page.edges for line in page.lines(edge) if line.width and line.height]
    assert slanted == []


def test_lines_run_around_what_they_do_not_connect(name: str) -> None:
    page = sheet(name)
    through = []
    for edge in page.edges:
        ends = page.ends(edge)
        for shape in [*_nodes(page), *_notes(page)]:
            if shape == page.parent(edge) or shape in page.of("participant", "lane"):
                continue
            box = page.shapes[shape].shrunk(1 if shape in ends else -4)
            if page.kind(shape) in GATEWAYS | EVENTS and shape in ends:
                box = page.shapes[shape].shrunk(12)  # corners of the box are not part of the shape
            if any(box.overlaps(line) for line in page.lines(edge)) and not _starts_there(page, edge, shape):
                through.append((edge, shape))
    assert through == []


def _starts_there(page: Sheet, edge: str, shape: str) -> bool:
    """Tell whether an edge may touch a shape because its boundary event sits on it."""
    source = page.elements[page.ends(edge)[0]]
    if source.get("attachedToRef") != shape:
        return False
    return not any(page.shapes[shape].shrunk(1).overlaps(line) for line in page.lines(edge))


def test_lines_end_on_the_border_of_what_they_connect(name: str) -> None:
    page = sheet(name)
    loose = []
    for edge, corners in page.edges.items():
        for element, (x, y) in zip(page.ends(edge), (corners[0], corners[-1]), strict=True):
            if not _is_on_border(page, element, x, y):
                loose.append((edge, element))
    assert loose == []


def _is_on_border(page: Sheet, element: str, x: float, y: float) -> bool:
    box = page.shapes[element]
    from_centre = abs(x - box.x - box.width / 2), abs(y - box.y - box.height / 2)
    if page.kind(element) in GATEWAYS:
        return sum(from_centre) == box.width / 2
    if page.kind(element) in EVENTS:
        return abs(hypot(*from_centre) - box.width / 2) < 0.5
    across, down = box.width / 2, box.height / 2
    return (from_centre[0] == across and from_centre[1] <= down) or (
        from_centre[1] == down and from_centre[0] <= across
    )


def test_every_text_has_room(name: str) -> None:
    page = sheet(name)
    for element in (*page.of(*GATEWAYS, *EVENTS), *page.of("sequenceFlow")):
        text = page.elements[element].get("name")
        assert (element in page.labels) == bool(text), element
        if text:
            width, height = text_box(text)
            box = page.labels[element]
            assert width <= box.width, element
            assert height <= box.height, element
    for task in page.of("userTask", "serviceTask", "businessRuleTask", "callActivity"):
        assert text_box(page.elements[task].get("name", ""))[0] * 12 / 11 <= TASK_TEXT, task
    for note in _notes(page):
        width, height = text_box(page.elements[note].findtext(f"{BPMN}text") or "")
        assert width * 12 / 11 + 8 <= page.shapes[note].width, note
        assert height <= page.shapes[note].height, note


def test_texts_stand_free_of_lines_shapes_and_other_texts(name: str) -> None:
    page = sheet(name)
    covered = []
    for element, label in page.labels.items():
        text = Box(label.x + 2, label.y, label.width - 4, label.height)
        for other, box in page.labels.items():
            if element < other and text.overlaps(box):
                covered.append((element, other))
        for shape in [*_nodes(page), *_notes(page)]:
            if page.kind(shape) != "subProcess" and _reaches(page, shape, text):
                covered.append((element, shape))
        for edge in page.edges:
            if any(text.overlaps(line) for line in page.lines(edge)):
                covered.append((element, edge))
    assert covered == []


def _reaches(page: Sheet, shape: str, text: Box) -> bool:
    """Tell whether a text touches a shape; the corners around a diamond or a circle are free."""
    box = page.shapes[shape]
    x, y = box.x + box.width / 2, box.y + box.height / 2
    distance = max(text.x - x, x - text.right, 0), max(text.y - y, y - text.bottom, 0)
    if page.kind(shape) in GATEWAYS:
        return sum(distance) < box.width / 2
    if page.kind(shape) in EVENTS:
        return hypot(*distance) < box.width / 2
    return text.overlaps(box)


def test_texts_do_not_straddle_lanes(name: str) -> None:
    page = sheet(name)
    lanes = [page.shapes[lane] for lane in page.of("lane")]
    texts = {**page.labels, **{note: page.shapes[note] for note in _notes(page)}}
    straddling = [text for text, box in texts.items() if not any(lane.holds(box) for lane in lanes)]
    assert straddling == []


def test_lines_cross_rarely_and_never_run_on_top_of_each_other_apart_from_joining(name: str) -> None:
    page = sheet(name)
    flows = page.of("sequenceFlow")
    crossings = [
        (one, other)
        for one, other in combinations(flows, 2)
        if not set(page.ends(one)) & set(page.ends(other))
        and any(a.overlaps(b) for a in page.lines(one) for b in page.lines(other))
    ]
    assert len(crossings) <= 2, crossings
    touching = [
        (one, other)
        for one, other in crossings
        for a in page.lines(one)
        for b in page.lines(other)
        if bool(a.width) == bool(b.width) and a.overlaps(b, 0.5)
    ]
    assert touching == []
