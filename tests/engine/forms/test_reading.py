"""What a .form file may hold, and what is refused with rule and element."""

import json

import pytest

from engine.bpmn.expressions import ValueType
from engine.check_problem import DeploymentRefused
from engine.forms import Form, read_form
from engine.forms.patterns import BadPattern, compile_pattern
from tests.engine.forms.build import field, form, rules, source

OPTIONS = [{"label": "好", "value": "good"}, {"label": "坏", "value": "bad", "submit": "退回"}]


def test_a_form_gives_its_words_topics_outcomes_and_variables():
    read = form(
        {"type": "text", "text": "**请核对**", "properties": {"text_en": "Check"}},
        field("radio", "outcome", values=OPTIONS, variable=True),
        {"type": "group", "label": "组", "components": [field("number", "hours", variable=True)]},
        field("datetime", "day", subtype="date", variable=True),
        field("datetime", "at", subtype="datetime", variable=True),
        field("checkbox", "sure", variable=True),
        field("textfield", "note"),
        on_complete="repair.accept",
        on_open="repair.facts",
        properties={"name": "受理派单", "name_en": "Accept", "submit": "受理", "submit_en": "Accept"},
    )
    assert (read.name, read.name_en, read.submit, read.submit_en) == ("受理派单", "Accept", "受理", "Accept")
    assert (read.on_complete, read.on_open) == ("repair.accept", "repair.facts")
    assert [(option.value, option.submit) for option in read.outcomes] == [("good", ""), ("bad", "退回")]
    assert read.variables == {
        "outcome": ValueType.CODE,
        "hours": ValueType.NUMBER,
        "day": ValueType.DATE,
        "at": ValueType.MOMENT,
        "sure": ValueType.BOOLEAN,
    }
    assert read.components[0].text_en == "Check"


def test_a_form_without_topics_says_none():
    read = form(field("textfield"))
    assert (read.on_complete, read.on_open, read.outcomes) == (None, None, ())


def test_what_the_editor_writes_besides_is_accepted():
    form(
        field("textfield", id="Field_1", layout={"row": "Row_1", "columns": None}, disabled=False),
        field("number", "n", appearance={"suffixAdorner": "分钟"}, serializeToString=False),
        exporter={"name": "form-js", "version": "1"},
        executionPlatform="Camunda Platform",
        executionPlatformVersion="7.24.0",
    )


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        ({"type": "html", "content": "<script>"}, "form_type"),
        ({"type": "script"}, "form_type"),
        ({"type": None}, "form_type"),
        (7, "form_type"),
        (field("textfield", "Has Blank"), "form_key"),
        (field("textfield", ""), "form_key"),
        (field("textfield", "名字"), "form_key"),
        (field("textfield", "csrf_token"), "form_key"),
        ({"type": "dynamiclist", "components": []}, "form_key"),
        (field("textfield", onclick="x"), "form_property"),
        (field("textfield", label="=secret"), "form_property"),
        (field("textfield", label=["x"]), "form_property"),
        (field("textfield", label="x" * 3000), "form_property"),
        (field("textfield", properties=[1]), "form_property"),
        (field("checkbox", disabled="yes"), "form_property"),
        (field("datetime", subtype="week"), "form_property"),
        (field("textfield", validate={"required": "yes"}), "form_property"),
        (field("textfield", validate={"maxlength": 3}), "form_rule"),
        (field("textfield", validate=[1]), "form_rule"),
        (field("textfield", validate={"maxLength": 1001}), "form_rule"),
        (field("textfield", validate={"maxLength": -1}), "form_rule"),
        (field("textfield", validate={"maxLength": True}), "form_rule"),
        (field("textfield", validate={"minLength": 9, "maxLength": 3}), "form_rule"),
        (field("textfield", validate={"pattern": "("}), "form_rule"),
        (field("textfield", validate={"pattern": 5}), "form_rule"),
        (field("textfield", validate={"validationType": "iban"}), "form_rule"),
        (field("number", validate={"min": 5, "max": 3}), "form_rule"),
        (field("number", validate={"min": "=x"}), "form_rule"),
        (field("number", validate={"min": True}), "form_rule"),
        (field("number", validate={"max": "NaN"}), "form_rule"),
        (field("number", validate={"max": 1e300}), "form_rule"),
        (field("number", decimalDigits=7), "form_rule"),
        (field("number", increment=-1), "form_rule"),
        (field("radio"), "form_options"),
        (field("radio", values=[]), "form_options"),
        (field("radio", values="x"), "form_options"),
        (field("radio", values=[*OPTIONS, OPTIONS[0]]), "form_options"),
        (field("radio", values=[{"label": "a", "value": 1}]), "form_options"),
        (field("radio", values=[{"label": "a", "value": "a b"}]), "form_options"),
        (field("radio", values=[*OPTIONS, {"label": " ", "value": "d"}]), "form_options"),
        (field("radio", values=[{"label": "a", "value": "a", "odd": 1}]), "form_property"),
        (field("select", valuesKey="workers"), "form_options"),
        (field("select", values=OPTIONS, valuesExpression="=x"), "form_property"),
        (field("textfield", variable=True), "form_property"),
        (field("datetime", subtype="time", variable=True), "form_variable"),
        (field("textfield", conditional={"show": "=x"}), "form_condition"),
        (field("textfield", conditional={"hide": "x = 1"}), "form_condition"),
        (field("textfield", conditional={"hide": "=x ="}), "form_condition"),
        (field("textfield", conditional={"hide": '=__import__("os")'}), "form_condition"),
        (field("textfield", conditional="=x"), "form_condition"),
        (field("textfield", conditional={"hide": "=unknown"}), "form_condition"),
        (field("number", defaultValue="many"), "form_default"),
        (field("radio", values=OPTIONS, defaultValue="other"), "form_default"),
        (field("textfield", defaultValue="x" * 201), "form_default"),
    ],
)
def test_what_cannot_be_used_is_refused(component, rule):
    assert {found for found, _ in rules(component)} == {rule}


def test_a_finding_names_the_field_and_the_remedy():
    _, [found] = read_form(
        "a.form", source(field("textfield", "good"), field("number", "bad", decimalDigits=9))
    )
    assert (found.resource, found.element_id, found.line) == ("a.form", "bad", 2)
    assert found.zh
    assert found.en
    assert found.remedy_zh
    assert found.remedy_en


def test_a_key_is_unique_in_the_form_but_lines_have_keys_of_their_own():
    assert rules(field("textfield"), field("number")) == [("form_key", "x")]
    lines = {"type": "dynamiclist", "path": "lines", "components": [field("textfield")]}
    assert rules(field("textfield"), lines) == []
    lines["components"] = [field("textfield"), field("number")]
    assert rules(lines) == [("form_key", "x")]


def test_a_field_in_a_line_cannot_be_a_variable_and_a_list_cannot_hold_a_list():
    inner = {"type": "dynamiclist", "path": "inner", "components": []}
    lines = {"type": "dynamiclist", "path": "lines", "components": [field("number", variable=True), inner]}
    assert {rule for rule, _ in rules(lines)} == {"form_variable", "form_type"}


def test_conditions_may_not_form_a_circle():
    one = field("checkbox", "one", conditional={"hide": "=two"})
    two = field("checkbox", "two", conditional={"hide": "=one"})
    assert rules(one, two) == [("form_condition", "one"), ("form_condition", "two")]
    assert rules(field("checkbox", "one", conditional={"hide": "=one"})) == [("form_condition", "one")]


def test_a_field_may_not_decide_whether_its_own_group_is_hidden():
    group = {"type": "group", "components": [field("checkbox", "one")], "conditional": {"hide": "=one"}}
    assert rules(group) == [("form_condition", "one")]


def test_a_line_may_look_at_the_form_around_it_but_not_the_other_way_round():
    shown = field("textfield", "why", conditional={"hide": "=urgent"})
    lines = {"type": "dynamiclist", "path": "lines", "components": [shown]}
    assert rules(field("checkbox", "urgent"), lines) == []
    outside = field("textfield", "other", conditional={"hide": "=why = null"})
    assert rules(field("checkbox", "urgent"), lines, outside) == [("form_condition", "other")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe{}",
        b'{"type":"default","id":"x","components":NaN}',
        b'{"type":"default","id":"x","components":[{"type":"text","text":"\\ud800"}]}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_is_no_json_object_is_refused(content):
    read, problems = read_form("x.form", content)
    assert read is None
    assert problems


def test_bounds_on_size_number_and_depth():
    assert {rule for rule, _ in rules(field("textfield", description="x" * 300_000))} == {"form_size"}
    assert rules(*[field("textfield", f"k{index}") for index in range(150)]) == []
    assert ("form_size", "") in rules(*[field("textfield", f"k{index}") for index in range(151)])
    nested = field("textfield")
    for _ in range(4):
        nested = {"type": "group", "components": [nested]}
    assert rules(nested) == []
    assert rules({"type": "group", "components": [nested]}) == [("form_size", "")]


def test_the_head_of_the_file_is_checked():
    assert rules(field("textfield"), id="Bad Id") == [("form_id", "")]
    assert rules(field("textfield"), type="other") == [("form_id", "")]
    assert rules(field("textfield"), script="x") == [("form_property", "")]
    assert rules(field("textfield"), on_complete=7) == [("form_property", "")]


def test_parse_raises_with_all_problems():
    with pytest.raises(DeploymentRefused) as refused:
        Form.parse(source(field("html"), field("script", "y")), "a.form")
    assert [found.element_id for found in refused.value.problems] == ["x", "y"]


@pytest.mark.parametrize(
    "pattern",
    ["^1[3-9]\\d{9}$", "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", "^(?:A|B)-\\d{1,6}$", "^[\\u4e00-龥]$", "粤B?"],
)
def test_usual_patterns_compile(pattern):
    assert compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "a*a*a*a*b",
        "^a*a*a*a*b$",
        "a?" * 30 + "a" * 30,
        "(a|a)" * 30,
        "^(.{1,99})(.{1,99})(.{1,99})(.{1,99})x$",
        "(?=a)",
        "(?P<n>a)",
        r"(a)\1",
        "(?i)a",
        "a{99999}",
        "x" * 201,
        "[z-a]",
        "*a",
    ],
)
def test_patterns_that_may_take_long_or_are_unclear_are_refused(pattern):
    with pytest.raises(BadPattern):
        compile_pattern(pattern)


def test_the_text_of_a_form_with_a_bom_is_read():
    assert read_form("a.form", b"\xef\xbb\xbf" + source(field("textfield")))[0] is not None


def test_a_good_form_survives_a_round_trip_through_json():
    content = source(field("radio", values=OPTIONS))
    assert json.loads(content)["components"][0]["key"] in Form.parse(content).fields


def test_what_is_written_twice_in_a_form_is_refused_not_decided():
    content = b'{"type": "default", "id": "f", "id": "g", "components": [], "components": [{"type": "text"}]}'
    read, found = read_form("f.form", content)
    assert read is None
    assert [(one.rule, one.en) for one in found] == [
        ("form_json", "“components” is written twice in one object"),
        ("form_json", "“id” is written twice in one object"),
    ]


@pytest.mark.parametrize("letter", ["\u202e", "\u0000", "\u0085"])
def test_a_label_with_a_character_that_nobody_sees_is_refused_at_its_field(letter: str):
    read, (found,) = read_form("f.form", source(field("textfield", "note", label=f"备{letter}注")))
    assert read is None
    assert (found.rule, found.element_id) == ("form_invisible", "note")
    assert f"U+{ord(letter):04X}" in found.en
