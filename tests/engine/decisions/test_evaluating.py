"""Decision tables at work."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn.decisions import DecisionFailed, HitPolicy, ResultMapping, map_result, read_decisions
from engine.bpmn.expressions import NOW, ZONE, ValueType
from engine.durations import Duration
from tests.engine.decisions.tables import decision, dmn, table

NOTICE = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
URGENCY_ROWS = [
    ['"P0"', "-", '"PT15M"', '"PT2H"', "0"],
    ['"P1"', "true", "PT30M", 'duration("PT8H")', "1"],
    ['"P1"', "not(true)", "PT30M", "PT16H", "1"],
    ['not("P0","P1")', "-", "PT2H", "P3D", "2"],
]
URGENCY = (
    ["urgency: string", "common_area: boolean"],
    ["accept_limit: dayTimeDuration", "finish_limit: dayTimeDuration", "rank: number"],
    URGENCY_ROWS,
)


@pytest.mark.parametrize(
    ("urgency", "common_area", "rule", "finish", "rank"),
    [
        ("P0", None, "limits_r1", "PT2H", 0),
        ("P1", True, "limits_r2", "PT8H", 1),
        ("P1", False, "limits_r3", "PT16H", 1),
        ("P1", None, "limits_r3", "PT16H", 1),
        ("P3", True, "limits_r4", "P3D", 2),
        (None, True, "limits_r4", "P3D", 2),
    ],
)
def test_a_table_of_limits_answers_as_it_reads(urgency, common_area, rule, finish, rank):
    result = decision(*URGENCY).evaluate({"urgency": urgency, "common_area": common_area})
    assert result.rules == (rule,)
    (row,) = result
    assert row["finish_limit"] == Duration.parse(finish)
    assert row["rank"] == rank


def test_a_table_says_what_it_needs_and_gives():
    limits = decision(*URGENCY)
    assert limits.id == "limits"
    assert limits.name == "限时"
    assert limits.hit_policy is HitPolicy.UNIQUE
    assert limits.names == {"urgency", "common_area"}
    assert limits.outputs == {
        "accept_limit": ValueType.DURATION,
        "finish_limit": ValueType.DURATION,
        "rank": ValueType.NUMBER,
    }


def test_no_match_is_an_empty_result():
    result = decision(["a: number"], ["b: number"], [["1", "1"]]).evaluate({"a": 2})
    assert (result.rows, result.rules, len(result)) == ((), (), 0)


def test_two_matching_rules_of_a_unique_table_are_an_error_that_names_them():
    by_limit = decision(["a: number", "b: number"], ["c: number"], [["> b", "-", "1"], ["> 5", "-", "2"]])
    assert by_limit.evaluate({"a": 6, "b": 7}).rules == ("limits_r2",)
    with pytest.raises(DecisionFailed) as failed:
        by_limit.evaluate({"a": 6, "b": 1})
    assert failed.value.rules == ("limits_r1", "limits_r2")
    assert "Rows 1, 2" in failed.value.en
    assert "limits" in failed.value.zh


def test_a_first_table_stops_at_the_first_match():
    first = decision(["a: number"], ["b: string"], [["> 5", '"big"'], ["-", '"any"']], policy="FIRST")
    assert first.evaluate({"a": 6}).rows == ({"b": "big"},)
    assert first.evaluate({"a": 1}).rules == ("limits_r2",)


def test_a_collect_table_gives_every_match_in_order():
    collect = decision(
        ["a: number"], ["b: string"], [["> 1", '"x"'], ["> 9", '"y"'], ["> 2", '"x"']], policy="COLLECT"
    )
    result = collect.evaluate({"a": 3})
    assert [row["b"] for row in result] == ["x", "x"]
    assert result.rules == ("limits_r1", "limits_r3")


@pytest.mark.parametrize(
    ("aggregation", "expected", "empty"),
    [("SUM", [60], []), ("MIN", [10], []), ("MAX", [30], []), ("COUNT", [3], [0])],
)
def test_a_collect_table_can_aggregate(aggregation, expected, empty):
    rows = [["> 0", "10"], ["> 0", "fee * 2"], ["> 0", "30"]]
    total = decision(
        ["a: number", "fee: number"],
        ["b: number"],
        [[cell, "-", b] for cell, b in rows],
        policy=f"COLLECT with {aggregation}",
    )
    assert [row["b"] for row in total.evaluate({"a": 1, "fee": 10})] == expected
    assert [row["b"] for row in total.evaluate({"a": 0, "fee": 10})] == empty


def test_outputs_are_computed_from_the_variables():
    due = decision(
        ["notice_time: dateTime"],
        ["due: dateTime", "hour: number"],
        [["< now()", "notice_time + PT16H", "hour(notice_time)"]],
    )
    (row,) = due.evaluate({"notice_time": NOTICE, NOW: NOTICE + timedelta(1), ZONE: "Asia/Shanghai"})
    assert row == {"due": NOTICE + timedelta(hours=16), "hour": 9}


def test_an_input_is_an_expression():
    size = decision(
        ["count(areas): number", "amount / 100: number"], ["b: string"], [["> 1", "[5..9]", '"x"']]
    )
    assert size.names == {"areas", "amount"}
    assert size.evaluate({"areas": [1, 2], "amount": 500}).rules == ("limits_r1",)


def test_a_moment_stored_as_text_is_read_by_the_type_of_the_column():
    old = decision(
        ["at: dateTime", "wait: dayTimeDuration"],
        ["b: boolean"],
        [['< date and time("2027-01-01T00:00:00Z")', "> PT1H", "true"]],
    )
    assert old.evaluate({"at": "2026-11-23T09:30:00+08:00", "wait": "PT2H"}).rows == ({"b": True},)


@pytest.mark.parametrize("values", [{"a": "x"}, {"a": True}, {"a": object()}, {"a": [1]}])
def test_a_value_of_the_wrong_type_is_an_error_not_a_miss(values):
    with pytest.raises(DecisionFailed, match="“a”"):
        decision(["a: number"], ["b: number"], [["1", "1"]]).evaluate(values)


@pytest.mark.parametrize(
    ("cells", "place"),
    [(["> b", "-", "1"], "Row 1"), (["-", "-", "b + a"], "Row 1"), (["-", "-", "b"], "Row 1")],
)
def test_an_error_in_a_row_names_the_row(cells, place):
    with pytest.raises(DecisionFailed) as failed:
        decision(["a: number", "b: string"], ["c: number"], [cells]).evaluate({"a": 1, "b": "x"})
    assert place in failed.value.en
    assert failed.value.rules == ("limits_r1",)


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("dayTimeDuration", "of_months * 3", "“P3M” is 3 months: .* write PT1M for a minute"),
        ("dayTimeDuration", "of_days + of_months", "“P1M1D” is 1 month 1 day"),
        ("yearMonthDuration", "of_days * 3", "“P3D” has days or times"),
        ("dayTimeDuration", "text", "“P2M” is 2 months"),
    ],
)
def test_a_computed_duration_of_the_other_kind_is_an_error_that_says_why(kind, cell, reason):
    limits = decision(
        ["of_months: Any", "of_days: Any", "text: string"], [f"limit: {kind}"], [["-", "-", "-", cell]]
    )
    with pytest.raises(DecisionFailed) as failed:
        limits.evaluate({"of_months": Duration(1), "of_days": Duration.parse("P1D"), "text": "P2M"})
    assert re.search(f"Row 1: {reason}", failed.value.en)
    assert failed.value.rules == ("limits_r1",)


def test_a_month_given_to_an_input_of_days_and_times_is_an_error_not_a_miss():
    with pytest.raises(DecisionFailed, match="“wait”无法取值：“P1M”是 1 个月"):
        decision(["wait: dayTimeDuration"], ["b: number"], [["> PT1H", "1"]]).evaluate({"wait": Duration(1)})


def test_an_empty_output_cell_is_null():
    assert decision(["a: number"], ["b: string"], [["-", ""]]).evaluate({"a": 1}).rows == ({"b": None},)


def test_values_can_be_asked_for_in_four_shapes():
    two = decision(
        ["a: number"],
        ["b: number", "c: string"],
        [["> 1", "1", '"x"'], ["> 2", "2", '"y"']],
        policy="COLLECT",
    )
    one = decision(["a: number"], ["b: number"], [["> 1", "1"], ["> 2", "2"]], policy="COLLECT")
    assert map_result(two.evaluate({"a": 3}), ResultMapping.RESULT_LIST) == [
        {"b": 1, "c": "x"},
        {"b": 2, "c": "y"},
    ]
    assert map_result(two.evaluate({"a": 2}), ResultMapping.SINGLE_RESULT) == {"b": 1, "c": "x"}
    assert map_result(one.evaluate({"a": 3}), ResultMapping.COLLECT_ENTRIES) == [1, 2]
    assert map_result(one.evaluate({"a": 2}), ResultMapping.SINGLE_ENTRY) == 1


def test_a_result_without_a_match_has_an_empty_shape():
    nothing = decision(["a: number"], ["b: number"], [["1", "1"]]).evaluate({"a": 2})
    shapes = {mapping: map_result(nothing, mapping) for mapping in ResultMapping}
    assert shapes == {"singleEntry": None, "singleResult": None, "collectEntries": [], "resultList": []}


def test_a_shape_that_does_not_fit_the_result_is_an_error():
    two = decision(
        ["a: number"], ["b: number", "c: number"], [["> 1", "1", "1"], ["> 2", "2", "2"]], policy="COLLECT"
    )
    for value, mapping in [
        (3, "singleResult"),
        (3, "singleEntry"),
        (2, "singleEntry"),
        (2, "collectEntries"),
    ]:
        with pytest.raises(DecisionFailed, match=mapping):
            map_result(two.evaluate({"a": value}), ResultMapping(mapping))


def needs(*keys: str) -> str:
    return "".join(
        f'<informationRequirement id="need_{key}"><requiredDecision href="#{key}" /></informationRequirement>'
        for key in keys
    )


def test_a_decision_uses_the_outputs_of_those_it_requires():
    file = dmn(
        table(
            ["urgency: string", "roles: Any"],
            ["limit: dayTimeDuration"],
            [['"P0"', "-", "PT2H"], ['"P1"', "count(?) > 1", "PT8H"]],
            key="top",
            inside=needs("classify", "escalate"),
        ),
        table(
            ["fault: string"], ["urgency: string"], [['"fire"', '"P0"'], ['"leak"', '"P1"']], key="classify"
        ),
        table(
            ["urgency: string"],
            ["roles: string"],
            [['"P1"', '"lead"'], ["-", '"desk"']],
            key="escalate",
            policy="COLLECT",
            inside=needs("classify"),
        ),
    )
    top, classify, _ = read_decisions(file)
    assert top.names == {"fault"}
    assert classify.names == {"fault"}
    assert [required.id for required in top.required] == ["classify", "escalate"]
    result = top.evaluate({"fault": "fire"})
    assert result.rows == ({"limit": Duration.parse("PT2H")},)
    assert [(inner.decision, inner.rules) for inner in result.required] == [
        ("classify", ("classify_r1",)),
        ("escalate", ("escalate_r2",)),
    ]
    assert top.evaluate({"fault": "unknown"}).rows == ()


def test_layers_of_required_decisions_are_each_evaluated_once():
    layers = [
        table(
            [f"x{layer - 1}_0: number"] if layer else ["x: number"],
            [f"x{layer}_{side}: number"],
            [["-", "1"]],
            key=f"d{layer}_{side}",
            inside=needs(f"d{layer - 1}_0", f"d{layer - 1}_1") if layer else "",
        )
        for layer in range(10)
        for side in range(2)
    ]
    top = read_decisions(dmn(*layers))[-1]
    assert len(top.evaluate({}).required) == 18


@pytest.mark.parametrize(
    "namespace",
    ["http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/"],
)
def test_older_versions_are_read(namespace):
    (found,) = read_decisions(dmn(table(*URGENCY), namespace=namespace))
    assert len(found.rules) == 4


def test_a_comment_inside_a_cell_does_not_cut_it_short():
    file = dmn(table(["a: string"], ["b: number"], [['"x"CUT,"y"', "1"]])).replace(b"CUT", b"<!-- or -->")
    (found,) = read_decisions(file)
    assert found.evaluate({"a": "y"}).rules == ("limits_r1",)
