"""Answers: typed, bounded, normalised, and refused field by field."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Invalid, Refused
from engine.forms import Form
from tests.engine.forms.build import field, form

CHINA = ZoneInfo("Asia/Shanghai")
OPTIONS = [{"label": "好", "value": "good"}, {"label": "坏", "value": "bad"}]


def value_of(component, answer, **options):
    """Answer a form of one field."""
    return form(component, on_open="x").validate({"x": answer}, options, zone=CHINA).values["x"]


def refusal(component, answer, **options):
    """Return why the answer to a form of one field is refused."""
    with pytest.raises(Invalid) as refused:
        form(component, on_open="x").validate({"x": answer}, options, zone=CHINA)
    template, params = refused.value.fields["x"]
    return template.format(**params)


def fields_refused(read: Form, answers):
    """Return which fields are refused."""
    with pytest.raises(Invalid) as refused:
        read.validate(answers, zone=CHINA)
    return sorted(refused.value.fields)


@pytest.mark.parametrize(
    ("component", "answer", "value"),
    [
        (field("textfield"), "  王芳 ", "王芳"),
        (field("textfield"), "", None),
        (field("textfield"), None, None),
        (field("textfield"), "a\tb\r\nc", "a b c"),
        (field("textfield"), "e\u0301", "é"),
        (field("textfield"), "x" * 200, "x" * 200),
        (field("textarea"), "一\r\n二", "一\n二"),
        (field("textarea"), "x" * 4000, "x" * 4000),
        (field("textfield", validate={"maxLength": 3, "minLength": 2}), "ab", "ab"),
        (field("textfield", validate={"pattern": "^1[3-9]\\d{9}$"}), "13800000000", "13800000000"),
        (field("textfield", validate={"validationType": "email"}), "a@b.cn", "a@b.cn"),
        (field("textfield", validate={"validationType": "phone"}), "+86 138 0000 0000", "+86 138 0000 0000"),
        (field("number"), "12", 12),
        (field("number"), 12, 12),
        (field("number"), 12.0, 12),
        (field("number", decimalDigits=2), "12.50", 12.5),
        (field("number"), "-0", 0),
        (field("number"), "", None),
        (field("number", validate={"min": 1, "max": 3}), "1", 1),
        (field("number", validate={"min": 1, "max": 3}), "3", 3),
        (field("number", decimalDigits=1, increment=0.1), "0.3", 0.3),
        (field("checkbox"), "on", True),
        (field("checkbox"), True, True),
        (field("checkbox"), None, False),
        (field("checkbox"), "false", False),
        (field("radio", values=OPTIONS), "good", "good"),
        (field("radio", values=OPTIONS), "", None),
        (field("checklist", values=OPTIONS), ["bad", "good", "bad"], ["good", "bad"]),
        (field("checklist", values=OPTIONS), None, []),
        (field("datetime", subtype="date"), "2026-11-23", "2026-11-23"),
        (field("datetime", subtype="time"), "09:30:00", "09:30"),
        (field("datetime", subtype="datetime"), "2026-11-23T10:00", "2026-11-23T02:00:00Z"),
        (field("datetime", subtype="datetime"), "2026-11-23T10:00:00+09:00", "2026-11-23T01:00:00Z"),
        (field("datetime", subtype="datetime"), "2026-11-23T02:00:00Z", "2026-11-23T02:00:00Z"),
        (field("filepicker"), "4711", [4711]),
        (field("filepicker", multiple=True), ["1", 2, "1"], [1, 2]),
        (field("filepicker"), None, []),
    ],
)
def test_a_good_answer_is_typed(component, answer, value):
    result = value_of(component, answer)
    assert (type(result), result) == (type(value), value)


@pytest.mark.parametrize(
    ("component", "answer", "message"),
    [
        (field("textfield"), "x" * 201, "最多 200 个字"),
        (field("textarea"), "x" * 4001, "最多 4000 个字"),
        (field("textfield", validate={"minLength": 2}), "a", "至少 2 个字"),
        (field("textfield", validate={"maxLength": 2}), "abc", "最多 2 个字"),
        (field("textfield"), "x" * 100_001, "最多 100000 个字"),
        (field("textfield"), "a\0b", "含有不可见的控制字符"),
        (field("textfield"), "a\u202eb", "含有不可见的控制字符"),
        (field("textfield"), "a\ud800b", "含有不可见的控制字符"),
        (field("textfield"), 7, "格式不对"),
        (field("textfield"), ["a"], "格式不对"),
        (field("textfield"), {"a": 1}, "格式不对"),
        (field("textfield", validate={"pattern": "^1\\d{3}$"}), "1234x", "格式不对"),
        (field("textfield", validate={"pattern": "^\\d$"}), "٣", "格式不对"),
        (field("textfield", validate={"validationType": "email"}), "a b@c.d", "格式不对"),
        (field("number"), "twelve", "请填数字"),
        (field("number"), "1e3", "请填数字"),
        (field("number"), "０", "请填数字"),
        (field("number"), "9" * 30, "请填数字"),
        (field("number"), float("nan"), "请填数字"),
        (field("number"), float("inf"), "请填数字"),
        (field("number"), True, "格式不对"),
        (field("number"), "1000000000001", "不能大于 1000000000000"),
        (field("number", validate={"min": 1, "max": 3}), "0", "不能小于 1"),
        (field("number", validate={"min": 1, "max": 3}), "4", "不能大于 3"),
        (field("number"), "1.5", "最多 0 位小数"),
        (field("number", increment=5), "12", "须为 5 的倍数"),
        (field("checkbox"), "maybe", "格式不对"),
        (field("checkbox"), 1.5, "格式不对"),
        (field("checkbox"), [], "格式不对"),
        (field("radio", values=OPTIONS), "other", "请从列表中选择"),
        (field("radio", values=OPTIONS), ["good"], "请从列表中选择"),
        (field("checklist", values=OPTIONS), ["good", "x"], "请从列表中选择"),
        (field("checklist", values=OPTIONS), "good", "请从列表中选择"),
        (field("checklist", values=OPTIONS), [{}], "请从列表中选择"),
        (field("datetime", subtype="date"), "2026-02-30", "不是有效的日期"),
        (field("datetime", subtype="date"), "23.11.2026", "不是有效的日期"),
        (field("datetime", subtype="date"), "0001-01-01", "不是有效的日期"),
        (field("datetime", subtype="time"), "25:00", "不是有效的时间"),
        (field("datetime", subtype="datetime"), "2026-11-23", "不是有效的日期"),
        (field("datetime", subtype="datetime"), "9999-12-31T23:59", "不是有效的日期"),
        (field("datetime", subtype="datetime"), "2026-11-23T25:00", "不是有效的日期"),
        (field("filepicker"), ["1", "2"], "最多 1 个文件"),
        (field("filepicker", multiple=True), [str(n) for n in range(1, 22)], "最多 20 个文件"),
        (field("filepicker"), "../etc", "格式不对"),
        (field("filepicker"), [True], "格式不对"),
        (field("filepicker"), {"a": 1}, "格式不对"),
        (field("filepicker"), "0", "格式不对"),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(component, answer, message):
    assert refusal(component, answer) == message


@pytest.mark.parametrize(
    ("component", "empty"),
    [
        (field("textfield"), "  "),
        (field("number"), ""),
        (field("checkbox"), False),
        (field("radio", values=OPTIONS), None),
        (field("checklist", values=OPTIONS), []),
        (field("datetime"), ""),
        (field("filepicker"), []),
    ],
)
def test_a_required_field_must_be_answered(component, empty):
    assert refusal({**component, "validate": {"required": True}}, empty) == "此项必填"


def test_a_refusal_never_repeats_the_answer():
    with pytest.raises(Invalid) as refused:
        form(field("number")).validate({"x": "110105194912310021"}, zone=CHINA)
    assert "110105194912310021" not in repr(refused.value.fields)


def test_options_given_when_the_form_is_opened_are_the_only_ones():
    component = field("select", valuesKey="workers")
    assert value_of(component, "7", workers=[{"label": "李强", "value": 7}]) == "7"
    assert refusal(component, "8", workers=[{"label": "李强", "value": 7}]) == "请从列表中选择"
    assert refusal(component, "7") == "请从列表中选择"


def test_unknown_keys_are_refused():
    assert fields_refused(form(field("textfield")), {"x": "a", "is_admin": True}) == ["is_admin"]


def test_every_wrong_field_is_told_at_once():
    read = form(field("number", "one"), field("number", "two"), field("number", "three"))
    assert fields_refused(read, {"one": "x", "two": "y", "three": "3"}) == ["one", "two"]


def test_a_refusal_is_one_that_a_page_shows_with_422():
    with pytest.raises(Refused):
        form(field("number")).validate({"x": "y"}, zone=CHINA)


REASON = field("textfield", "reason", validate={"required": True}, conditional={"hide": '=outcome != "bad"'})


def test_a_hidden_field_is_neither_required_nor_accepted():
    read = form(field("radio", "outcome", values=OPTIONS, variable=True), REASON)
    answers = read.validate({"outcome": "good", "reason": "\0 whatever"}, zone=CHINA)
    assert answers.values == {"outcome": "good", "reason": None}
    assert fields_refused(read, {"outcome": "bad"}) == ["reason"]
    assert read.validate({"outcome": "bad", "reason": "坏"}, zone=CHINA).values["reason"] == "坏"


def test_a_hidden_group_hides_what_is_in_it():
    group = {"type": "group", "components": [field("number", validate={"required": True})]}
    read = form(field("checkbox", "off"), {**group, "conditional": {"hide": "=off"}})
    assert read.validate({"off": True}, zone=CHINA).values["x"] is None
    assert fields_refused(read, {"off": False}) == ["x"]


def test_a_hidden_field_counts_as_empty_for_other_conditions():
    one = field("checkbox", "one", conditional={"hide": "=off"})
    two = field("textfield", "two", validate={"required": True}, conditional={"hide": "=one = true"})
    read = form(two, one, field("checkbox", "off"))
    assert read.validate({"one": True}, zone=CHINA).values["two"] is None
    assert fields_refused(read, {"one": True, "off": True}) == ["two"]


def test_dates_are_compared_as_dates():
    late = field(
        "textfield", "why", validate={"required": True}, conditional={"hide": '=day < date("2026-12-01")'}
    )
    read = form(field("datetime", "day", subtype="date"), late)
    assert read.validate({"day": "2026-11-30"}, zone=CHINA).values["why"] is None
    assert fields_refused(read, {"day": "2026-12-01"}) == ["why"]


def test_a_condition_that_cannot_be_computed_hides_nothing():
    read = form(field("number", "n"), field("textfield", conditional={"hide": '=n > "a"'}))
    assert read.validate({"n": "1", "x": "shown"}, zone=CHINA).values["x"] == "shown"


def test_a_disabled_field_takes_no_answer():
    answers = form(field("textfield", disabled=True), field("number", "n")).validate(
        {"x": "changed", "n": "1"}, zone=CHINA
    )
    assert answers.values == {"n": 1}


def test_only_marked_fields_become_variables_and_hidden_ones_become_null():
    read = form(
        field("radio", "outcome", values=OPTIONS, variable=True),
        field("number", "hours", variable=True, conditional={"hide": '=outcome = "bad"'}),
        field("textfield", "note"),
    )
    answers = read.validate({"outcome": "bad", "hours": "3", "note": "x"}, zone=CHINA)
    assert answers.variables == {"outcome": "bad", "hours": None}


PARTS = {
    "type": "dynamiclist",
    "path": "parts",
    "components": [field("textfield", "name", validate={"required": True}), field("number", "count")],
}


def test_lines_are_typed_one_by_one():
    answers = form(PARTS).validate({"parts": [{"name": "阀", "count": "2"}, {"name": "管"}]}, zone=CHINA)
    assert answers.values["parts"] == [{"name": "阀", "count": 2}, {"name": "管", "count": None}]


def test_a_wrong_line_is_named_by_its_number():
    answers = {"parts": [{"name": "阀"}, {"count": "x", "odd": 1}]}
    assert fields_refused(form(PARTS), answers) == ["parts.1.count", "parts.1.name", "parts.1.odd"]


def test_fifty_lines_are_accepted_and_no_more():
    lines = [{"name": "阀"}] * 50
    assert len(form(PARTS).validate({"parts": lines}, zone=CHINA).values["parts"]) == 50
    assert fields_refused(form(PARTS), {"parts": [*lines, {"name": "阀"}]}) == ["parts"]


@pytest.mark.parametrize("lines", ["x", [1], {"name": "阀"}, [["a"]]])
def test_lines_must_be_a_list_of_objects(lines):
    assert fields_refused(form(PARTS), {"parts": lines}) == ["parts"]


def test_a_required_list_needs_a_line():
    assert fields_refused(form({**PARTS, "validate": {"required": True}}), {"parts": []}) == ["parts"]


def test_a_line_can_hide_by_its_own_fields_and_by_the_form():
    why = field("textfield", "why", validate={"required": True}, conditional={"hide": "=calm or count = 1"})
    lines = {"type": "dynamiclist", "path": "parts", "components": [field("number", "count"), why]}
    read = form(field("checkbox", "calm"), lines)
    assert fields_refused(read, {"parts": [{"count": 1}, {"count": 2}]}) == ["parts.1.why"]
    assert read.validate({"calm": True, "parts": [{"count": 2}]}, zone=CHINA)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
EVERYTHING = form(
    field("textfield", "a", validate={"pattern": "^\\d+$"}),
    field("textarea", "b"),
    field("number", "c", decimalDigits=2),
    field("checkbox", "d"),
    field("radio", "e", values=OPTIONS),
    field("checklist", "f", values=OPTIONS),
    field("datetime", "g", subtype="date", conditional={"hide": "=d"}),
    field("datetime", "h", subtype="time"),
    field("datetime", "i", subtype="datetime"),
    field("filepicker", "j", multiple=True),
    {**PARTS, "path": "k"},
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefghijkl"), JSON, max_size=11))
def test_whatever_is_posted_is_either_typed_or_refused(answers):
    try:
        values = EVERYTHING.validate(answers, zone=CHINA).values
    except Invalid as refused:
        told = [template.format(**params) for template, params in refused.fields.values()]
    else:
        told = sorted(values)
    assert told
