"""Diagrams in English: words stay whole, and no label covers a line, a shape or another label."""

from itertools import combinations

import pytest
from lxml import etree

from tests.processes.sheets import BPMN, EVENTS, FOLDER, GATEWAYS, NODES, SHEETS, Sheet, text_box
from web.case_ahead import limit_words
from web.diagrams import in_english

SCREEN_WIDTH, SCREEN_HEIGHT = 1340, 800  # what a screen of 1440 by 900 has for a diagram, in its pixels


class EnglishSheet(Sheet):
    """A diagram as a reader of English gets it."""

    def __init__(self, name: str) -> None:
        super().__init__(name, etree.fromstring(in_english((FOLDER / f"{name}.bpmn").read_bytes())))


@pytest.mark.parametrize("name", SHEETS)
def test_english_labels_keep_their_words_whole_and_cover_nothing(name: str) -> None:
    page = EnglishSheet(name)
    covered = [
        (one, other)
        for one, other in combinations(page.labels, 2)
        if page.labels[one].overlaps(page.labels[other])
    ]
    for element, box in page.labels.items():
        width, height = text_box(page.elements[element].get("name", ""))
        assert width <= box.width, element
        assert height <= box.height, element
        covered += [
            (element, edge) for edge in page.edges if any(box.overlaps(line) for line in page.lines(edge))
        ]
        shapes = [one for one in page.of(*NODES, "textAnnotation") if page.kind(one) != "subProcess"]
        rims = {
            one: page.shapes[one].shrunk(8 if page.kind(one) in GATEWAYS | EVENTS else 0) for one in shapes
        }
        covered += [(element, one) for one, rim in rims.items() if box.overlaps(rim)]
    assert covered == []


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_no_higher_than_a_screen(name: str) -> None:
    page = EnglishSheet(name)
    boxes = list(page.shapes.values())
    width = max(box.right for box in boxes) - min(box.x for box in boxes)
    height = max(box.bottom for box in boxes) - min(box.y for box in boxes)
    assert height * min(1, SCREEN_WIDTH / width) <= SCREEN_HEIGHT


@pytest.mark.parametrize("name", SHEETS)
def test_english_notes_have_room_and_cover_nothing(name: str) -> None:
    page = EnglishSheet(name)
    covered = []
    for note in page.of("textAnnotation"):
        box = page.shapes[note]
        width, height = text_box(page.elements[note].findtext(f"{BPMN}text") or "")
        assert width * 12 / 11 + 8 <= box.width, note
        assert height <= box.height, note
        nodes = [one for one in page.of(*NODES) if page.kind(one) != "subProcess"]
        covered += [(note, one) for one in nodes if page.shapes[one].overlaps(box)]
        covered += [(note, one) for one, label in page.labels.items() if label.overlaps(box)]
        flows = page.of("sequenceFlow")
        covered += [(note, one) for one in flows if any(box.overlaps(line) for line in page.lines(one))]
    assert covered == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"PT2H"', "2 时"),
        ("notice_at + PT16H", "共 16 时"),
        ('called_at + duration("PT10M")', "共 10 分"),
        ("accept_from + accept_limit", "按规则表"),
        ("${finish_limit}", "按规则表"),
        ("${parts_at}", "按约定时间"),
        (None, ""),
    ],
)
def test_a_step_says_its_limit_whether_drawn_counted_or_decided_by_a_table(
    text: str | None, said: str
) -> None:
    assert limit_words(text) == said
