"""Damaged files and odd values: only the announced errors come out."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.decisions import DecisionFailed, DecisionsRefused, read_decisions
from tests.engine.decisions.tables import dmn, table

NEEDS = '<informationRequirement id="need"><requiredDecision href="#limits" /></informationRequirement>'
FILE = dmn(
    table(
        ["a: string", "count(xs): integer"],
        ["b: number", "c: dayTimeDuration"],
        [
            ['"x","y"', "[1..5]", "1", "PT5M"],
            ['not("x","y")', "-", "", '"P1D"'],
            ["-", "> 5", "size(xs) + 1", "PT1H"],
        ],
    ),
    table(["b: number"], ["d: string"], [["< 2", '"low"'], [">= 2", '"high"']], key="top", inside=NEEDS),
    table(["n: number"], ["e: number"], [["-", "n"], ["> 1", "2"]], key="sum", policy="COLLECT with SUM"),
).decode()
VALID = FILE.replace('<text>not("x","y")</text>', '<text>"z"</text>').replace(
    "<text>-</text>", "<text>null</text>"
)
PIECES = [piece for piece in FILE.replace(">", ">\0").replace("<", "\0<").split("\0") if piece]

scraps = st.sampled_from(
    [*PIECES, "((", '"', "&", "<", ">", "\0", "not(", "P1M", "]1..", "9" * 40, 'id=""', "限"]
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
odd_values = st.dictionaries(
    st.sampled_from(["a", "xs", "n", "b"]),
    plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(), plain),
)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    pieces = list(PIECES)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(pieces) - 1))
        pieces[place : place + draw(st.integers(0, 2))] = draw(st.lists(scraps, max_size=2))
    return "".join(pieces).encode()


def _read_and_ask(data: bytes, values: dict[str, object]) -> None:
    with suppress(DecisionsRefused):
        for decision in read_decisions(data):
            with suppress(DecisionFailed):
                decision.evaluate(values)  # type: ignore[arg-type]  # odd on purpose


def test_the_file_of_this_test_is_valid_before_it_is_damaged():
    assert [decision.id for decision in read_decisions(VALID.encode())] == ["limits", "top", "sum"]


@given(odd_values)
def test_odd_values_give_an_answer_or_a_failed_decision(values):
    _read_and_ask(VALID.encode(), values)


@settings(deadline=None)
@given(damaged_files(), odd_values)
def test_a_damaged_file_is_read_or_refused(data, values):
    _read_and_ask(data, values)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(DecisionsRefused):
        read_decisions(data)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None)
@given(damaged_files(), odd_values)
def test_very_many_damaged_files_are_read_or_refused(data, values):
    _read_and_ask(data, values)
