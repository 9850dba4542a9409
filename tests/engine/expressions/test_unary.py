"""Cells of decision tables, against a plain Python reading of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.expressions import NOW, ZONE, ExpressionError, parse_unary
from engine.durations import Duration

NOTICE = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
OTHERS = {"limit": 10, "word": "x", "words": ["x", "y"], "unset": None, NOW: NOTICE, ZONE: "Asia/Shanghai"}


@pytest.mark.parametrize(
    ("cell", "hits", "misses"),
    [
        ("-", [1, "a", None, True], []),
        ("", [1, None], []),
        (" - ", [None], []),
        ('"a"', ["a"], ["b", "A", None, 1]),
        ('"a","b"', ["a", "b"], ["c", None]),
        ('"a, b"', ["a, b"], ["a"]),
        ('not("a","b")', ["c", None], ["a", "b"]),
        ("> 5", [5.1, 6], [5, None]),
        (">= 5", [5], [4]),
        ("< -5", [-6], [-5, None]),
        ("not(> 5)", [5], [6, None]),
        ("= 5", [5], [6]),
        ("!= 5", [6, None], [5]),
        ("5", [5, 5.0], [4, "5", True]),
        ("[1..5]", [1, 5], [0, 6, None]),
        ("(1..5]", [2, 5], [1]),
        ("]1..5[", [2], [1, 5]),
        ("[1..5)", [1], [5]),
        ("< 1, [3..4], 9", [0, 3, 9], [1, 2, 5]),
        ("not([1..5], 9)", [0], [3, 9]),
        ('["a".."c"]', ["b"], ["d"]),
        ("true", [True], [False, None, 1]),
        ("not(true)", [False, None], [True]),
        ("null", [None], [0, False, ""]),
        ("not(null)", [0, ""], [None]),
        ('["a", "b"]', ["a"], ["c"]),
        ("> limit", [11], [10]),
        ("[1..limit]", [10], [11]),
        ("limit", [10], [1]),
        ("? in words", ["x"], ["z"]),
        ("? > 3", [4], [3, None]),
        ("? > 3 and ? < limit", [9], [3, 10]),
        ("not(? > 3)", [3], [4]),
        ('starts with(?, "A")', ["AB"], ["BA"]),
        ("? * 2 = limit", [5], [4]),
        ("(limit + 2) * 2", [24], [12]),
        ("-limit", [-10], [10]),
        ("unset", [None], [1]),
        ('date("2026-11-23")', [date(2026, 11, 23)], [date(2026, 11, 24)]),
        ('> date("2026-11-23")', [date(2026, 11, 24)], [date(2026, 11, 23)]),
        ('date and time("2026-11-23T09:30:00+08:00")', [NOTICE], [NOTICE + timedelta(1)]),
        ('[date and time("2026-11-23T00:00:00Z")..date and time("2026-11-24T00:00:00Z")]', [NOTICE], []),
        ('<= duration("PT5M")', [Duration.parse("PT5M")], [Duration.parse("PT6M")]),
        ("PT5M", [Duration.parse("PT300S")], []),
        ("> now()", [NOTICE + timedelta(1)], [NOTICE]),
        ("hour(?) >= 9", [NOTICE], [NOTICE - timedelta(hours=1)]),
    ],
)
def test_a_cell_matches_what_it_says(cell, hits, misses):
    tests = parse_unary(cell)
    assert [value for value in hits if not tests.matches(value, OTHERS)] == []
    assert [value for value in misses if tests.matches(value, OTHERS)] == []


@pytest.mark.parametrize(
    "cell",
    [
        "a b",
        '"a"b',
        '"a",',
        ",",
        "'a'",
        "> ",
        "> 5 6",
        "[1..5",
        "1..5",
        "[5..1]",
        "]1, 2[",
        "not(",
        'not("a"',
        'not("a") and true',
        "5 > 3",
        "limit > 5",
        "not limit",
        "not(limit > 5)",
        'date and time("2026-11-23T09:30:00")',
        'date("soon")',
        'duration("5 minutes")',
        "“a”",
        "== 5",
        "> 5 && < 6",
        "- -",
        "lambda x: 1",
        "import os",
        "__import__('os')",
    ],
)
def test_a_cell_that_cannot_be_read_is_refused(cell):
    with pytest.raises(ExpressionError):
        parse_unary(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("> 5", "a"), ("[1..5]", True), ('> "a"', 1), ("? + 1", 1), ("?", 5), ("? in limit", 5)],
)
def test_a_value_that_cannot_be_compared_with_the_cell_is_an_error(cell, value):
    with pytest.raises(ExpressionError):
        parse_unary(cell).matches(value, OTHERS)


numbers = st.integers(-20, 20) | st.integers(-40, 40).map(lambda half: half / 2)


@given(st.tuples(numbers, numbers), st.sampled_from("[(]"), st.sampled_from("])["), numbers, st.booleans())
def test_a_range_matches_as_in_arithmetic(ends, opening, closing, value, negated):
    low, high = sorted(ends)
    cell = f"{opening}{low}..{high}{closing}"
    above = low <= value if opening == "[" else low < value
    inside = above and (value <= high if closing == "]" else value < high)
    tests = parse_unary(f"not({cell})" if negated else cell)
    assert tests.matches(value, {}) is (inside is not negated)


@given(st.lists(st.text(), min_size=1, max_size=4), st.text(), st.booleans())
def test_a_list_of_texts_matches_as_membership(texts, value, negated):
    cell = ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    if len(cell) > 490:
        return
    tests = parse_unary(f"not({cell})" if negated else cell)
    assert tests.matches(value, {}) is ((value in texts) is not negated)
    assert tests.matches(texts[0], {}) is not negated
