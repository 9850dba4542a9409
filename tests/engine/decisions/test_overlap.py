"""Overlapping rules are found from their cells, and only where values exist that match both."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.decisions import DecisionsRefused, read_decisions
from engine.bpmn.expressions import parse_unary
from tests.engine.decisions.tables import dmn, problems, table


def overlaps(kind: str, *cells: str) -> bool:
    try:
        read_decisions(dmn(table([f"a: {kind}"], ["b: number"], [[cell, "1"] for cell in cells])))
    except DecisionsRefused as refused:
        if not all("can match at once" in problem.en for problem in refused.problems):
            raise
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "first", "second", "expected"),
    [
        ("string", '"x"', '"x"', True),
        ("string", '"x"', '"y"', False),
        ("string", '"x","y"', '"y","z"', True),
        ("string", '"x"', "-", True),
        ("string", '"x"', 'not("x")', False),
        ("string", '"x"', 'not("y")', True),
        ("string", 'not("x")', 'not("y")', True),
        ("string", 'not("x")', "null", True),
        ("string", '"x"', "null", False),
        ("string", "null", "-", True),
        ("string", '["a".."c"]', '"b"', True),
        ("string", '["x", "y"]', '"y"', True),
        ("number", "< 5", ">= 5", False),
        ("number", "<= 5", ">= 5", True),
        ("number", "[1..5]", "[5..9]", True),
        ("number", "[1..5)", "[5..9]", False),
        ("number", "]1..5[", "1, 5", False),
        ("number", "< 3", "> 4", False),
        ("number", "> 4", "< 5", True),
        ("integer", "> 4", "< 5", False),
        ("integer", "> 4", "< 6", True),
        ("integer", "[1..4]", "> 4", False),
        ("integer", "4.5", "> 4", False),
        ("number", "not(> 5)", "> 5", False),
        ("number", "not(> 5)", "[5..6]", True),
        ("number", "not(< 5, > 5)", "5", True),
        ("number", "not(< 5, > 5)", "6", False),
        ("number", "1", "1.0", True),
        ("boolean", "true", "false", False),
        ("boolean", "true", "not(true)", False),
        ("boolean", "not(true)", "false", True),
        ("boolean", "true", "-", True),
        ("date", '< date("2026-01-01")', '>= date("2026-01-01")', False),
        ("date", '< date("2026-01-02")', '>= date("2026-01-01")', True),
        (
            "dateTime",
            '< date and time("2026-01-01T08:00:00+08:00")',
            '= date and time("2026-01-01T00:00:00Z")',
            False,
        ),
        ("dayTimeDuration", "<= PT60M", "> PT1H", False),
        ("dayTimeDuration", "<= PT60M", ">= PT1H", True),
        ("Any", '"5"', "5", False),
        ("Any", 'not("5")', "not(5)", True),
        ("Any", '"5"', "not(5)", True),
        ("number", "> limit", "> 5", False),
        ("number", "? > 5", "> 5", True),
        ("number", "? * 2 > 5", "> 5", False),
    ],
)
def test_two_rules_overlap_exactly_where_a_value_matches_both(kind, first, second, expected):
    if "limit" in first:
        data = dmn(
            table(["a: number", "limit: number"], ["b: number"], [[first, "-", "1"], [second, "-", "1"]])
        )
        assert len(read_decisions(data)) == 1
        return
    assert overlaps(kind, first, second) is expected
    assert overlaps(kind, second, first) is expected


def test_an_overlap_is_told_at_the_second_rule_and_names_both():
    rows = [['"x"', "> 5", "1"], ['"y"', "-", "1"], ["-", "[6..7]", "1"]]
    found = problems(dmn(table(["a: string", "n: number"], ["b: number"], rows)))
    assert [place for place, _ in found] == ["limits_r3", "limits_r3"]
    assert "Rows 1 and 3" in found[0][1]
    assert "limits_r1, limits_r3" in found[0][1]
    assert "Rows 2 and 3" in found[1][1]


def test_rules_are_apart_when_one_column_keeps_them_apart():
    rows = [['"x"', "> 5", "1"], ['"x"', "<= 5", "1"], ['"y"', "-", "1"]]
    assert read_decisions(dmn(table(["a: string", "n: number"], ["b: number"], rows)))


@pytest.mark.parametrize("policy", ["FIRST", "COLLECT"])
def test_only_a_unique_table_must_not_overlap(policy):
    assert read_decisions(dmn(table(["a: string"], ["b: number"], [["-", "1"], ["-", "2"]], policy=policy)))


ends = st.integers(-3, 3)
cell_texts = st.one_of(
    st.just("-"),
    st.just("null"),
    ends.map(str),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), ends).map(lambda part: f"{part[0]} {part[1]}"),
    st.tuples(st.sampled_from("[(]"), ends, st.integers(0, 3), st.sampled_from("])[")).map(
        lambda part: f"{part[0]}{part[1]}..{part[1] + part[2]}{part[3]}"
    ),
    st.lists(ends, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found))),
)
cells = cell_texts | cell_texts.filter(lambda text: text != "-").map(lambda text: f"not({text})")
SAMPLES = [None, *(half / 2 for half in range(-16, 17))]
WHOLE_SAMPLES = [None, *range(-8, 9)]


@settings(deadline=None)
@given(st.sampled_from(["number", "integer"]), st.lists(cells, min_size=2, max_size=4))
def test_overlaps_are_those_that_trying_every_value_finds(kind, texts):
    tests = [parse_unary(text) for text in texts]
    samples = SAMPLES if kind == "number" else WHOLE_SAMPLES
    expected = any(
        one.matches(value, {}) and other.matches(value, {})
        for one, other in itertools.combinations(tests, 2)
        for value in samples
    )
    assert overlaps(kind, *texts) is expected


def test_four_times_as_many_rules_are_not_compared_pair_by_pair():
    _, few = compared(500)
    found, many = compared(2000)
    assert many < 12 * few
    assert found.evaluate({"n": 1500, "a": "c2"}).rules == ("limits_r1501",)


def compared(count):
    """Read a table of so many rules; return it and the best of three processor times in seconds."""
    rows = [[f"[{n}..{n + 1})", f'"c{n % 7}"', "1"] for n in range(count)]
    file, taken = dmn(table(["n: number", "a: string"], ["b: number"], rows)), []
    for _ in range(3):
        begun = time.process_time()
        (found,) = read_decisions(file)
        taken.append(time.process_time() - begun)
    return found, min(taken)
