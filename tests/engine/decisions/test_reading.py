"""Files of decisions that must not be deployed: every problem of them, at its element."""

import time

import pytest

from engine.bpmn.decisions import DecisionsRefused, read_decisions
from tests.engine.decisions.tables import decision, dmn, problems, table

A, B = ["a: string"], ["b: number"]
ONE = [['"x"', "1"]]


def only_problem(data: bytes) -> tuple[str, str]:
    (found,) = problems(data)
    return found


def test_all_problems_of_a_file_are_told_at_once():
    rows = [["x y", "1"], ['"a"', "(("], ["5", "1"], ['"b"', '"text"'], ['"c"', "1"]]
    found = problems(dmn(table(A, B, rows), table(A, B, ONE, key="other", policy="ANY")))
    assert [place for place, _ in found] == [
        "limits_c1_0",
        "limits_c2_1",
        "limits_c3_0",
        "limits_c4_1",
        "other_table",
    ]
    assert "Unexpected “y”" in found[0][1]
    assert "a number in a column of code" in found[2][1]


@pytest.mark.parametrize("policy", ["ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "unique", "SOME"])
def test_an_ambiguous_hit_policy_is_refused_with_the_ones_to_use(policy):
    place, text = only_problem(dmn(table(A, B, ONE, policy=policy)))
    assert place == "limits_table"
    assert policy in text
    assert "UNIQUE, FIRST or COLLECT" in text


@pytest.mark.parametrize(
    ("policy", "outputs"),
    [
        ("UNIQUE with SUM", B),
        ("COLLECT with AVG", B),
        ("COLLECT with SUM", ["b: number", "c: number"]),
        ("COLLECT with SUM", ["b: string"]),
    ],
)
def test_an_aggregation_that_makes_no_sense_is_refused(policy, outputs):
    assert (
        only_problem(dmn(table(A, outputs, [['"x"', *[""] * len(outputs)]], policy=policy)))[0]
        == "limits_table"
    )


@pytest.mark.parametrize(
    ("inputs", "outputs", "cells", "place", "hint"),
    [
        (["a: string"], B, ["P0", "1"], "limits", "quote a text"),
        (["a: string"], B, ["'P0'", "1"], "limits_c1_0", "double quotes"),
        (["a: string"], B, ["“P0”", "1"], "limits_c1_0", "full-width"),
        (["a: number"], B, ['"5"', "1"], "limits_c1_0", "would never match"),
        (["a: number"], B, ['> "5"', "1"], "limits_c1_0", "would never match"),
        (["a: number"], B, ['["1".."5"]', "1"], "limits_c1_0", "would never match"),
        (["a: boolean"], B, ['"true"', "1"], "limits_c1_0", "would never match"),
        (["a: date"], B, ['> "2026-01-01"', "1"], "limits_c1_0", "would never match"),
        (["a: dateTime"], B, ['date and time("2026-01-01T00:00:00")', "1"], "limits_c1_0", "no zone"),
        (["a: number"], B, ["[5..1]", "1"], "limits_c1_0", "must not exceed"),
        (["a: number"], B, ["a > 5", "1"], "limits_c1_0", "write it as ?"),
        (A, ["b: number"], ['"x"', '"1"'], "limits_c1_1", "is number, but"),
        (A, ["b: string"], ['"x"', "P0"], "limits", "quote a text"),
        (A, ["b: string"], ['"x"', "-"], "limits_c1_1", "incomplete"),
        (A, ["b: dayTimeDuration"], ['"x"', '"30 minutes"'], "limits_c1_1", "PT30M"),
        (A, ["b: dayTimeDuration"], ['"x"', "30"], "limits_c1_1", "is dayTimeDuration, but"),
        (A, ["b: dateTime"], ['"x"', '"2026-01-01"'], "limits_c1_1", "date and time"),
        (["a: text"], B, ['"x"', "1"], "limits_ex0", "unknown"),
        ([": string"], B, ['"x"', "1"], "limits_in0", "no expression"),
        (["a = : string"], B, ['"x"', "1"], "limits_ex0", "incomplete"),
        (A, ["b c: number"], ['"x"', "1"], "limits_out0", "no variable name"),
        (A, [": number"], ['"x"', "1"], "limits_out0", "no variable name"),
        (A, ["b: number", "b: number"], ['"x"', "1", "1"], "limits_table", "same name"),
        (A, [], ['"x"'], "limits_table", "no output"),
        (A, B, ['"x"'], "limits_r1", "as many cells"),
        (A, B, ['"x"', "1", "1"], "limits_r1", "as many cells"),
    ],
)
def test_a_cell_or_column_that_would_fail_later_is_refused(inputs, outputs, cells, place, hint):
    found_place, text = only_problem(dmn(table(inputs, outputs, [cells])))
    assert found_place == place
    assert hint in text


@pytest.mark.parametrize("kind", ["dayTimeDuration", "days and time duration"])
@pytest.mark.parametrize(
    "cell",
    [
        'duration("P1M")',
        '"P1M"',
        'duration("P1Y2M3D")',
        'if a = "y" then duration("PT5M") else duration("P1M")',
    ],
)
def test_a_month_in_a_column_of_days_and_times_is_refused_with_what_to_write(kind, cell):
    place, text = only_problem(dmn(table(A, [f"b: {kind}"], [['"x"', cell]])))
    assert place == "limits_c1_1"
    assert "days and times only; write PT1M for a minute, P30D for thirty days" in text


def test_a_month_is_nothing_to_compare_days_and_times_with():
    place, text = only_problem(dmn(table(["a: dayTimeDuration"], B, [['< duration("P1M")', "1"]])))
    assert place == "limits_c1_0"
    assert "P30D for thirty days" in text


def test_days_in_a_column_of_years_and_months_are_refused():
    place, text = only_problem(dmn(table(A, ["b: yearMonthDuration"], [['"x"', 'duration("P1D")']])))
    assert place == "limits_c1_1"
    assert "years and months only" in text


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("yearMonthDuration", 'duration("P1M")'),
        ("dayTimeDuration", 'duration("P30D")'),
        ("dayTimeDuration", 'duration("PT1M")'),
        ("yearMonthDuration", 'duration("P0M")'),
        ("any", 'duration("P1MT1H")'),
    ],
)
def test_a_duration_of_the_kind_of_its_column_is_taken(kind, cell):
    assert decision(A, [f"b: {kind}"], [['"x"', cell]]).evaluate({"a": "x"}).rows


def test_a_value_outside_the_allowed_ones_is_refused():
    data = dmn(table(A, ["b: string"], [['"x"', '"k"'], ['not("y"), "z"', '"l"'], ['"w", "q"', '"m"']]))
    allowed = '<inputValues id="allowed"><text>"x","y","w"</text></inputValues></input>'
    given = '<outputValues><text>"k","l"</text></outputValues></output>'
    data = data.replace(b"</input>", allowed.encode()).replace(
        b'typeRef="string" />', f'typeRef="string">{given}'.encode()
    )
    assert [place for place, _ in problems(data)] == ["limits_c2_0", "limits_c3_0", "limits_c3_1"]


def test_allowed_values_without_quotes_are_refused():
    data = dmn(table(A, B, ONE)).replace(
        b"</input>", b'<inputValues id="allowed"><text>x,y</text></inputValues></input>'
    )
    assert only_problem(data)[0] == "allowed"


@pytest.mark.parametrize(
    ("before", "after", "place", "hint"),
    [
        ('<text>"x"</text>', "", None, ""),
        (
            "<decisionTable",
            '<literalExpression id="e"><text>1</text></literalExpression><removed',
            "limits",
            "literalExpression",
        ),
        ('id="limits_ex0"', 'id="limits_ex0" expressionLanguage="javascript"', "limits_ex0", "javascript"),
        ('id="limits_c1_0"', 'id="limits_c1_0" expressionLanguage="juel"', "limits_c1_0", "juel"),
        ('id="limits_in0"', 'id="limits_in0" camunda:inputVariable="x"', "limits_in0", "inputVariable"),
        ("<decision ", '<businessKnowledgeModel id="bkm" /><decision ', "bkm", "not supported"),
        ("<decision ", '<item id="other" /><decision ', "other", "not supported"),
        ('<decision id="limits"', "<decision", "file", "no id"),
        ('name="限时">', 'name="限时"><knowledgeRequirement id="k" />', "k", "not supported"),
        (
            'name="限时">',
            'name="限时"><informationRequirement id="i"><requiredDecision href="other.dmn#x" />'
            "</informationRequirement>",
            "i",
            "not in this file",
        ),
    ],
)
def test_parts_of_dmn_that_would_be_ignored_are_refused(before, after, place, hint):
    data = (
        dmn(table(A, B, ONE))
        .decode()
        .replace(before, after, 1)
        .replace("</decisionTable>", "</decisionTable>")
    )
    if "<removed" in after:
        data = data.replace("</decisionTable>", "</removed>")
    if place is None:
        assert read_decisions(data.encode())[0].evaluate({}).rules == ("limits_r1",)
        return
    found_place, text = only_problem(data.encode())
    assert found_place == place
    assert hint in text


def test_feel_may_be_named_as_the_language():
    data = dmn(table(A, B, ONE)).replace(
        b'id="limits_c1_0"',
        b'id="limits_c1_0" expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/"',
    )
    assert len(read_decisions(data)) == 1


def needs(key: str) -> str:
    return f'<informationRequirement><requiredDecision href="#{key}" /></informationRequirement>'


def test_decisions_that_need_each_other_are_refused():
    for other in ("one", "two"):
        data = dmn(
            table(A, B, ONE, key="one", inside=needs(other)), table(A, B, ONE, key="two", inside=needs("one"))
        )
        assert only_problem(data) == ("file", "The decisions require each other in a circle")


def test_two_required_decisions_with_the_same_output_are_refused():
    data = dmn(
        table(A, ["c: number"], ONE, key="top", inside=needs("one") + needs("two")),
        table(A, B, ONE, key="one"),
        table(A, B, ONE, key="two"),
    )
    assert only_problem(data) == ("top", "Two required decisions give “b”; rename one output")


def test_an_id_used_twice_is_refused():
    assert only_problem(dmn(table(A, B, ONE), table(A, B, ONE)))[1] == "The id of the decision is used twice"


def test_a_mistake_in_a_required_decision_is_told_once():
    data = dmn(
        table(["b: number"], ["c: number"], [["1", "b"]], key="top", inside=needs("one")),
        table(A, B, [["((", "1"]], key="one"),
    )
    assert only_problem(data)[0] == "one_c1_0"


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"", "XML"),
        (b"not xml", "XML"),
        (b"<a>", "XML"),
        (b"\x00\xff\xfe", "XML"),
        (b"<definitions />", "DMN 1.3"),
        (dmn(table(A, B, ONE), namespace="urn:other"), "DMN 1.3"),
        (dmn(), "no decision"),
        (dmn(table(A, B, [])), "no rules"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]>' + dmn(table(A, B, ONE)).partition(b"?>")[2], "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + dmn(table(A, B, ONE)).partition(b"?>")[2], "DOCTYPE"),
        (dmn(table(A, B, ONE)) + b" " * 1_000_000, "1 MB"),
        (dmn(*(table(A, B, ONE, key=f"d{n}") for n in range(21))), "At most 20"),
        (dmn(table([f"a{n}: string" for n in range(50)], B, [["-"] * 50 + ["1"]])), "51 columns"),
        (dmn(table(A, B, [["", ""]] * 2001, policy="FIRST")), "2001 rows"),
        (dmn(table(A, B, [[",".join(f'"v{n}"' for n in range(30)), "1"]] * 450)), "more than 60000"),
    ],
)
def test_a_file_that_is_no_decision_table_is_refused_quickly(data, hint):
    begun = time.process_time()
    assert hint in only_problem(data)[1]
    assert time.process_time() - begun < 1


def test_entities_are_never_expanded():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    data = (
        f'<!DOCTYPE a [<!ENTITY l0 "lol">{laughs}]>'
        + dmn(table(A, B, [["&l8;", "1"]])).decode().partition("?>")[2]
    )
    assert problems(data.replace("&amp;", "&").encode())


def test_a_file_with_very_many_mistakes_reports_a_bounded_number():
    with pytest.raises(DecisionsRefused) as refused:
        read_decisions(dmn(table(A, B, [["((", "(("]] * 500, policy="FIRST")))
    assert len(refused.value.problems) == 100
