"""Rules about whole files, tables, forms and topics; and that every rule is tried by some test."""

import importlib
import json
import pkgutil

import pytest

import engine.bpmn.check
from engine.bpmn import loader, trial
from engine.bpmn.check.examine import examine
from engine.bpmn.check.rules import Rule
from tests.engine.check import test_hostile, test_meaning_rules, test_shape_rules
from tests.engine.check.good import around, drawn, examined, field, files, form, source
from tests.engine.check.mutants import add, flow, handler, mutant, node, put
from tests.engine.models import Model

FILES = [
    ("file_name", "", "../x.bpmn", b""),
    ("file_name", "", "repair.exe", b""),
    ("file_name", "", ".bpmn", b""),
    ("not_bpmn", "", "x.bpmn", b"<html/>"),
    ("not_bpmn", "", "x.bpmn", b"<definitions xmlns='http://example.org'/>"),
    (
        "no_process",
        "d",
        "x.bpmn",
        b"<definitions id='d' xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
    ),
    ("table", "", "x.dmn", b"<x/>"),
    ("malformed", "", "x.dmn", b"<x"),
    ("form_json", "", "x.form", b"{"),
    ("form_number", "", "x.form", b'{"type": "default", "id": "x", "components": NaN}'),
    ("form_number", "fee", "x.form", b'{"components": [{"key": "fee", "validate": {"max": 1e999}}]}'),
]


@pytest.mark.parametrize(("rule", "element", "name", "content"), FILES)
def test_a_file_that_is_none_of_ours_is_refused(rule, element, name, content):
    found = examined({name: content}).errors
    assert [(one.resource, one.element_id, one.rule) for one in found] == [(name, element, rule)]


@pytest.mark.parametrize(
    "uri",
    [
        "http://camunda.org/schema/zeebe/1.0",
        "http://activiti.org/bpmn",
        "http://flowable.org/bpmn",
        "http://operaton.org/schema/1.0/bpmn",
        "http://spiffworkflow.org/bpmn/schema/1.0/core",
    ],
)
def test_another_dialect_is_refused_with_one_message(uri):
    content = source("visit.bpmn").replace(
        'isExecutable="true"', f'isExecutable="true" xmlns:z="{uri}" z:a="1"'
    )
    found = examined({"visit.bpmn": content}).errors
    told = [(one.rule, one.element_id) for one in found if one.resource == "visit.bpmn"]
    assert told == [("dialect", "visit_process")]


def test_an_extension_of_another_dialect_is_told_at_the_element_around_it():
    listener = '<z:executionListener xmlns:z="http://flowable.org/bpmn" event="start"/>'
    content = source("visit.bpmn").replace("<camunda:properties>", f"{listener}<camunda:properties>", 1)
    (told,) = [one for one in examined({"visit.bpmn": content}).errors if one.rule == "dialect"]
    assert told.element_id == "visit_process"


def test_a_flow_without_an_id_is_told_at_the_nearest_element_that_has_one():
    content = source("visit.bpmn").replace('<bpmn:sequenceFlow id="v3" ', "<bpmn:sequenceFlow ")
    content = content.replace('<bpmn:process id="visit_process" ', "<bpmn:process ")
    told = [one for one in examined({"visit.bpmn": content}).errors if one.rule == "element_id"]
    assert {one.element_id for one in told} == {"visit_file"}


def test_a_dialect_that_is_declared_but_not_used_does_no_harm():
    content = drawn(source("visit.bpmn")).replace(
        'targetNamespace="x"', 'targetNamespace="x" xmlns:z="http://flowable.org/bpmn"'
    )
    assert examined({"visit.bpmn": content}).problems == ()


def test_what_follows_a_step_that_nothing_leads_to_is_not_told_besides():
    ways = flow("l1", "lone", "after"), flow("l2", "after", "done")
    lost = mutant("unreachable", "lone", add("repair", handler("lone"), handler("after"), *ways))
    assert lost.findings() == [("repair.bpmn", "unreachable", "lone")]
    circle = flow("l1", "lone", "after"), flow("l2", "after", "lone")
    turning = mutant("unreachable", "lone", add("repair", handler("lone"), handler("after"), *circle))
    assert {found[2] for found in turning.findings() if found[1] == "unreachable"} == {"lone", "after"}


def test_a_step_that_is_not_drawn_is_a_warning():
    content = drawn(source("visit.bpmn")).replace('<bpmndi:BPMNShape bpmnElement="go"/>', "")
    found = examined({"visit.bpmn": content})
    assert [(one.rule, one.element_id) for one in found.problems] == [("not_drawn", "go")]
    assert found.errors == ()


def test_a_sheet_without_a_picture_is_one_warning():
    found = examined({"visit.bpmn": source("visit.bpmn").replace("SHAPES", "")})
    assert [(one.rule, one.element_id) for one in found.problems] == [("no_picture", "visit_process")]
    assert found.errors == ()


def test_what_has_no_english_name_is_one_warning_that_names_it():
    english = '<camunda:property name="name_en" value="Visit"/>'
    content = drawn(source("visit.bpmn"))
    assert content.count(english) == 2
    (found,) = examined({"visit.bpmn": content.replace(english, "")}).problems
    assert (found.rule, found.element_id, found.is_error) == ("no_english", "visit_process", False)
    assert "“上门”、“上门”" in found.zh
    head, _, tail = content.rpartition(english)
    (step,) = examined({"visit.bpmn": head + tail}).problems
    assert (step.rule, step.element_id) == ("no_english", "go")
    latin = (head + tail).replace('<bpmn:userTask id="go" name="上门"', '<bpmn:userTask id="go" name="Visit"')
    assert examined({"visit.bpmn": latin}).problems == ()


@pytest.mark.parametrize(
    ("copied", "other", "element"),
    [
        ("visit.bpmn", "visit_2.bpmn", "visit_process"),
        ("repair.bpmn", "repair_2.bpmn", "repair"),
        ("urgency.dmn", "urgency_2.dmn", "urgency_table"),
        ("parts.form", "parts_2.form", "parts_form"),
    ],
)
def test_a_key_belongs_to_one_file(copied, other, element):
    found = examined({other: files()[copied]}).errors
    assert [(one.resource, one.rule, one.element_id) for one in found] == [(other, "duplicate_key", element)]


def test_a_called_process_needs_a_plain_start():
    start = '<bpmn:messageEventDefinition id="md" messageRef="m"/>'
    broken = mutant(
        "called_start",
        "visit",
        add("begin", start),
        add("visit_file", '<bpmn:message id="m" name="x"/>'),
        file="visit.bpmn",
    )
    assert broken.findings() == [("repair.bpmn", "called_start", "visit")]


def test_calls_must_not_form_a_circle():
    calls_back = node("callActivity", "again", calledElement="visit_process")
    broken = mutant(
        "",
        "",
        add("visit_process", calls_back, flow("vb", "again", "go")),
        put("v1", "targetRef", "again"),
        file="visit.bpmn",
    )
    assert ("visit.bpmn", "call_circle", "again") in broken.findings()


def chain(calls: int, name: str = "call") -> dict[str, str | bytes | None]:
    """Write processes of which each calls the next one."""
    found: dict[str, str | bytes | None] = {"p0.bpmn": Model("p0").start().end().flow("start", "end").xml()}
    for number in range(1, calls + 1):
        caller = Model(f"p{number}").start().call(name, f"p{number - 1}").end()
        found[f"p{number}.bpmn"] = caller.flow("start", name, "end").xml()
    return found


@pytest.mark.parametrize(
    ("files_of", "expected"),
    [
        (chain(10), []),
        (chain(11), [("p11.bpmn", "calls_deep", "call")]),
        (chain(12), [("p11.bpmn", "calls_deep", "call")]),  # told once, where it begins
        (chain(4, "c" * 99), []),
        (chain(5, "c" * 79), []),  # 399 characters with the strokes between them
        (chain(5, "c" * 80), [("p5.bpmn", "calls_long", "c" * 80)]),
        (chain(6, "c" * 80), [("p5.bpmn", "calls_long", "c" * 80)]),
    ],
)
def test_calls_are_nested_no_deeper_than_a_case_can_run(files_of, expected):
    found = examined(files_of).errors
    told = [(one.resource, one.rule, one.element_id) for one in found if one.rule.startswith("calls_")]
    assert told == expected


def test_a_variable_has_one_type():
    found = examined(
        {
            "visit.form": form(
                "visit_form",
                field("checkbox", "repaired", variable=True),
                field("checkbox", "stars", variable=True),
            ),
        }
    )
    assert found.errors == ()
    changed = form(
        "rate_form", field("number", "stars", variable=True), field("checkbox", "urgency", variable=True)
    )
    found = examined({"rate.form": changed})
    assert [(one.rule, one.element_id) for one in found.errors] == [("two_types", "repair")]


@pytest.mark.parametrize(("key", "element"), [("on_open", "parts_form"), ("on_complete", "parts_form")])
def test_a_form_names_topics_that_are_declared(key, element):
    found = examined(
        {"parts.form": form("parts_form", field("textfield", "what"), **{key: "repair.unknown"})}
    )
    assert [(one.rule, one.element_id) for one in found.errors] == [("form_topic", element)]


def test_a_form_without_a_field_that_its_command_knows_is_a_warning():
    lacking = form(
        "accept_form",
        field("radio", "outcome", values=[{"label": "x", "value": "accept"}], variable=True),
        on_complete="repair.accept",
    )
    found = examined({"accept.form": lacking})
    assert [(one.rule, one.severity) for one in found.problems] == [("form_answers", "warning")]


def test_a_form_offers_no_outcome_that_its_command_does_not_know():
    accept = json.loads(files()["accept.form"])
    accept["components"][0]["values"].append({"label": "跳过", "value": "skip"})
    found = examined({"accept.form": json.dumps(accept).encode()})
    assert [(one.rule, one.element_id) for one in found.errors] == [("form_outcomes", "accept_form")]
    assert "skip" in found.errors[0].zh
    assert "accept, reject" in found.errors[0].remedy_en.replace("、", ", ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"100%"', '"later"'),
        ('"csl,assignee"', '"boss"'),
        ("<text>1</text>", "<text>12</text>"),
        ('<text>"csl"</text></outputEntry></rule>', '<text>"nobody"</text></outputEntry></rule>'),
    ],
)
def test_a_ladder_says_something_that_can_be_done(old, new):
    text = source("escalation.dmn")
    assert old in text
    found = examined({"escalation.dmn": text.replace(old, new)}).errors
    assert [(one.rule, one.element_id) for one in found] == [("ladder", "escalation")]


@pytest.mark.parametrize(
    "cell", ['"gas', "__import__('os')", "9**9", '"a" == 1', "x" * 501, "unknown_name + 1"]
)
def test_a_cell_that_does_not_compile_is_refused_at_its_place(cell):
    text = source("urgency.dmn").replace('<text>"gas"</text>', f"<text>{cell}</text>")
    found = examined({"urgency.dmn": text}).errors
    assert {one.resource for one in found} <= {"urgency.dmn", "repair.bpmn"}
    assert found
    assert all(one.element_id for one in found)


def test_bad_topics_are_told_alone():
    found = examined({"topics.toml": b"[handler"}).errors
    assert [one.rule for one in found] == ["topics_toml"]


def test_a_missing_form_is_told_once_not_as_missing_variables():
    found = examined({"rate.form": None}).errors
    assert {(one.rule, one.element_id) for one in found} == {
        ("unknown_form", "rate"),
        ("unknown_form", "ring"),
    }


def test_findings_are_ordered_by_file_and_position_and_told_all_at_once():
    repair = (
        source("repair.bpmn")
        .replace('camunda:topic="repair.notify"', "")
        .replace('camunda:dueDate="PT8H"', 'camunda:dueDate="8h"')
    )
    visit = source("visit.bpmn").replace('camunda:formRef="visit_form"', "")
    found = examined({"repair.bpmn": drawn(repair), "visit.bpmn": drawn(visit)}).errors
    assert [(one.resource, one.rule) for one in found] == [
        ("repair.bpmn", "no_topic"),
        ("repair.bpmn", "bad_expression"),
        ("visit.bpmn", "no_form"),
    ]
    assert found[0].line < found[1].line


def test_a_check_that_fails_itself_becomes_a_finding():
    class Odd(bytes):
        def removeprefix(self, _prefix):
            raise ZeroDivisionError

    found = examine({"visit.bpmn": Odd(b"<x/>")}, around()).problems
    assert [(one.resource, one.rule) for one in found] == [("visit.bpmn", "unreadable")]
    assert "ZeroDivisionError" in found[0].zh


def every_rule() -> set[str]:
    """Collect the names of all rules."""
    modules = [
        importlib.import_module(f"engine.bpmn.check.{found.name}")
        for found in pkgutil.iter_modules(engine.bpmn.check.__path__)
    ]
    return {
        value.name
        for module in [*modules, loader, trial]
        for value in vars(module).values()
        if isinstance(value, Rule)
    }


def test_every_rule_is_broken_by_some_test():
    mutants = [
        value
        for module in (test_shape_rules, test_meaning_rules)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, list)
    ]
    tried = {broken.rule for group in mutants for broken in group} | {
        case.rule for case in test_hostile.CASES
    }
    here = {rule for rule, *_ in FILES} | {
        "dialect", "not_drawn", "no_picture", "no_english", "drawn_elsewhere", "duplicate_key",
        "called_start", "call_circle", "calls_deep", "calls_long",
        "two_types", "form_topic", "form_answers", "form_outcomes", "ladder", "table", "unreadable",
    }  # fmt: skip
    # Where files are deployed, in the trial, and with the tables of the product.
    elsewhere = {
        "no_python", "too_costly", "too_busy", "not_loadable", "asked_table",
        "asked_row", "asked_column", "asked_code", "asked_cell",
        "asked_value", "asked_order", "ladder_order",
        "lost_process", "lost_start", "more_errors", "more_warnings",
    }  # fmt: skip
    assert every_rule() - tried - here - elsewhere == set()
