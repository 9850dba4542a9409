"""What a changed decision table does otherwise, in words."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.processes.sheets import FOLDER
from web.table_words import changes

TABLE = (FOLDER / "repair_limits.dmn").read_text(encoding="utf-8")
CELL = '<outputEntry id="limits_P2_accept_limit"><text>duration("PT30M")</text></outputEntry>'


@pytest.fixture(params=["zh", "en"])
def language(site: object, request: pytest.FixtureRequest) -> Iterator[str]:
    app: Flask = site.app  # type: ignore[attr-defined]  # a Site
    with app.test_request_context("/", headers={"Accept-Language": request.param}):
        yield request.param


def changed(old: str, new: str) -> tuple[str, ...]:
    assert old in TABLE
    return changes(TABLE.encode(), TABLE.replace(old, new, 1).encode())


def test_a_limit_that_changes_is_said_for_its_line_and_column(language: str) -> None:
    said = {
        "zh": "“一般”的“受理派单（紧急：核实）”：30 分 → 20 分",
        "en": "“P2”, “accept_limit”: 30 min → 20 min",
    }
    assert changed(CELL, CELL.replace("PT30M", "PT20M")) == (said[language],)


def test_the_same_span_written_otherwise_is_shown_as_it_stands(language: str) -> None:
    [said] = changed(CELL, CELL.replace("PT30M", "PT0H30M"))
    assert 'duration("PT30M") → duration("PT0H30M")' in said


def test_a_cell_that_is_emptied_is_said_with_a_dash(language: str) -> None:
    [said] = changed(CELL, CELL.replace('duration("PT30M")', ""))
    assert said.endswith(" → —")


def test_lines_that_come_and_go_are_said(language: str) -> None:
    one = {"zh": "“一般”", "en": "“P2”"}[language]
    gone, new = {
        "zh": (f"去掉一行{one}", f"新增一行{one}"),
        "en": (f"Line {one} is gone", f"New line {one}"),
    }[language]
    assert set(changed('<rule id="limits_P2">', '<rule id="limits_other">')) == {gone, new}


@pytest.mark.usefixtures("language")
def test_nothing_is_said_of_what_is_no_table_or_has_other_columns() -> None:
    assert changes(TABLE.encode(), b"<definitions>") == ()
    assert changed('label="完工" name="finish_limit"', 'label="修好" name="fixed_limit"') == ()
