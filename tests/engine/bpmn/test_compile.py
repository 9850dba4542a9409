"""A procedure compiles to what its diagrams say; what would go wrong silently is refused."""

import pytest

from engine.bpmn.errors import ModelInvalid
from engine.bpmn.parse import DiagramParser
from engine.bpmn.program import compile_program
from engine.bpmn.runtime import NoSuchWait, Run
from engine.bpmn.xml import read_xml
from tests.engine.bpmn.cases import FakeHost, begin
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    diagram,
    duration,
    end,
    event,
    exclusive,
    flow,
    flows,
    process,
    program,
    said,
    service,
    start,
    subprocess,
    tag,
    throw,
    topics,
    user,
)


def refused(*processes: str) -> ModelInvalid:
    with pytest.raises(ModelInvalid) as raised:
        program(*processes)
    assert raised.value.zh
    assert raised.value.en
    return raised.value


def lane(name: str, *elements: str, post: str = "", inside: str = "") -> str:
    words = said(post=post) if post else ""
    listed = "".join(tag("flowNodeRef", element) for element in elements)
    inner = tag("childLaneSet", inside, id=f"set_{name}") if inside else ""
    return tag("lane", words, listed, inner, id=f"lane_{name}", name=name)


def test_a_step_says_what_the_modeler_wrote():
    words = {
        "camunda_formRef": "accept_repair",
        "camunda_dueDate": "PT30M",
        "camunda_followUpDate": "PT20M",
        "camunda_assignee": "${who}",
        "camunda_candidateGroups": "cs, csl",
    }
    properties = said(name_en="Accept", clock="office", escalation="repair", cancel="cs,own", pausable="true")
    step = program(process(start(), user("u", properties, **words), end(), flows("start", "u", "end"))).steps[
        "p", "u"
    ]
    assert (step.process, step.element, step.kind, step.name, step.name_en) == (
        "p",
        "u",
        "user",
        "u",
        "Accept",
    )
    assert (step.group, step.form, step.limit_text) == (("cs", "csl"), "accept_repair", "PT30M")
    assert (step.clock, step.ladder, step.cancel, step.pausable) == ("office", "repair", ("cs", "own"), True)
    assert step.assignee.names == {"who"}
    assert step.follow_up.text == "PT20M"


def test_a_lane_gives_its_post_to_its_steps_and_to_those_inside_them():
    inner = subprocess("sub", start("s"), user("inside"), end("e"), flows("s", "inside", "e"))
    lanes = tag(
        "laneSet",
        lane("客服", "start", "u", "sub", "end", post="cs", inside=lane("组长", "v")),
        lane("其他", "own"),
        id="lanes",
    )
    steps = (user("u"), user("v"), user("own"), inner, boundary("late", "u", duration("PT1H")))
    body = (start(), *steps, end(), flows("start", "u", "v", "own", "sub", "end"), flow("late", "end"))
    compiled = program(process(lanes, *body)).steps
    assert {e: compiled["p", e].group for e in ("u", "v", "own", "inside", "late")} == {
        "u": ("cs",),
        "v": ("cs",),
        "own": (),
        "inside": ("cs",),
        "late": ("cs",),
    }
    assert compiled["p", "v"].lane == "组长"


def test_candidate_groups_come_before_the_lane():
    lanes = tag("laneSet", lane("客服", "u", post="cs"), id="lanes")
    step = user("u", camunda_candidateGroups="fin")
    compiled = program(process(lanes, start(), step, end(), flows("start", "u", "end")))
    assert compiled.steps["p", "u"].group == ("fin",)


def test_a_process_says_its_name_limit_starters_and_what_cancels_it():
    words = said(name_en="Repair", dueDate="PT72H", on_cancel="repair.cancel")
    body = (words, start(), user("u"), end(), flows("start", "u", "end"))
    compiled = program(process(*body, camunda_candidateStarterGroups="cs,own"))
    assert (compiled.name, compiled.name_en, compiled.due.text) == ("p", "Repair", "PT72H")
    assert (compiled.on_cancel, compiled.starters) == ("repair.cancel", ("cs", "own"))


def test_kinds_of_steps():
    body = (
        start(),
        service("h", "do"),
        service("w", "worker"),
        exclusive("g"),
        tag("sendTask", id="send", camunda_type="external", camunda_topic="do"),
        boundary("t", "w", duration("PT1H"), interrupting=False),
        boundary("m", "w", event("message", "x"), interrupting=False),
        end(),
        flows("start", "h", "w", "g", "send", "end"),
        flow("t", "end"),
        flow("m", "end"),
    )
    steps = program(process(*body)).steps
    kinds = {element: step.kind for (_, element), step in steps.items()}
    assert kinds == {
        "start": "start",
        "h": "handler",
        "w": "external",
        "g": "gateway",
        "send": "handler",
        "t": "timer",
        "m": "message",
        "end": "end",
    }
    assert (steps["p", "t"].attached_to, steps["p", "t"].interrupting, steps["p", "m"].message) == (
        "w",
        False,
        "x",
    )


def test_data_objects_and_stores_are_remarks():
    remarks = (
        tag("dataObject", id="order"),
        tag("dataObjectReference", id="order_ref", dataObjectRef="order"),
        tag("dataStoreReference", id="store_ref"),
    )
    reads = tag("dataInputAssociation", tag("sourceRef", "store_ref"), id="reads")
    writes = tag("dataOutputAssociation", tag("targetRef", "order_ref"), id="writes")
    case = begin(
        program(process(*remarks, start(), user("u", reads, writes), end(), flows("start", "u", "end")))
    )
    case.complete("u")
    assert case.last.variables() == {}


EVENT_SUBPROCESS = tag(
    "subProcess", start("s", "m"), end("e"), flows("s", "e"), id="bad", triggeredByEvent="true"
)
COMPENSATION = (
    user("u") + boundary("bad", "u", event("compensate")) + flows("start", "u", "end") + flow("bad", "end")
)


@pytest.mark.parametrize(
    ("element", "body"),
    [
        ("bad", throw("bad", tag("linkEventDefinition", name="x")) + flows("start", "bad", "end")),
        ("bad", throw("bad", event("compensate")) + flows("start", "bad", "end")),
        ("bad", COMPENSATION),
        ("bad", EVENT_SUBPROCESS + flows("start", "end")),
        ("bad", tag("adHocSubProcess", id="bad") + flows("start", "bad", "end")),
        (
            "bad",
            tag("transaction", start("s"), end("e"), flows("s", "e"), id="bad")
            + flows("start", "bad", "end"),
        ),
        ("bad", tag("scriptTask", tag("script", "x = 1"), id="bad") + flows("start", "bad", "end")),
        ("bad", tag("complexGateway", id="bad") + flows("start", "bad", "end")),
        ("bad", tag("serviceTask", id="bad") + flows("start", "bad", "end")),
        ("bad", service("bad", "unknown.topic") + flows("start", "bad", "end")),
        ("bad", call("bad", "missing") + flows("start", "bad", "end")),
        ("bad", call("bad", "${which}") + flows("start", "bad", "end")),
        ("bad", tag("businessRuleTask", id="bad", camunda_decisionRef="none") + flows("start", "bad", "end")),
        ("bad", user("bad", camunda_dueDate="0 0 * * *") + flows("start", "bad", "end")),
        ("bad", user("bad", camunda_assignee="${__import__('os')}") + flows("start", "bad", "end")),
        (
            "bad",
            user("u")
            + boundary("bad", "u", duration("-PT5M"))
            + flows("start", "u", "end")
            + flow("bad", "end"),
        ),
        (
            "bad",
            user("u") + boundary("bad", "u", duration("")) + flows("start", "u", "end") + flow("bad", "end"),
        ),
        ("bad_end", exclusive("bad") + flow("start", "bad") + flow("bad", "end", "${x == 1 +}")),
        (
            "bad",
            service("c", "do")
            + boundary("bad", "c", event("error"), interrupting=False)
            + flows("start", "c"),
        ),
        ("bad", throw("bad", tag("messageEventDefinition")) + flows("start", "bad", "end")),
    ],
)
def test_what_cannot_work_is_refused_with_its_element(element, body):
    problem = refused(process(start(), body, end()))
    if "complex" not in body and "missing" not in body:
        assert problem.element == element


def test_a_process_that_starts_by_message_only_cannot_be_called():
    called = process(start("s", "go"), end("e"), flows("s", "e"), key="visit")
    assert (
        refused(process(start(), call("bad", "visit"), end(), flows("start", "bad", "end")), called).element
        == "bad"
    )


def test_two_subprocesses_of_the_same_id_are_refused():
    inner = subprocess("sub", start("s"), end("e"), flows("s", "e"))
    first = process(start(), inner, call("go", "q"), end(), flows("start", "sub", "go", "end"))
    refused(first, process(start("s1"), inner, end("e1"), flows("s1", "sub", "e1"), key="q"))


def test_a_message_id_means_the_same_in_all_files():
    one = diagram(process(start("s", "m"), end(), flows("s", "end")))
    other = diagram(process(start("s", "m"), end(), flows("s", "end"), key="q")).replace(
        b'name="m"', b'name="n"'
    )
    with pytest.raises(ModelInvalid):
        compile_program("p", {"one.bpmn": one, "other.bpmn": other}, topics())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a>",
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"\x00\x01",
    ],
)
def test_hostile_xml_is_refused(content):
    with pytest.raises(ModelInvalid):
        read_xml(content)


def test_programs_do_not_share_a_parser():
    body = process(
        start(), subprocess("sub", start("s"), end("e"), flows("s", "e")), end(), flows("start", "sub", "end")
    )
    assert program(body).specs["sub"] is not program(body).specs["sub"]
    assert DiagramParser(topics()).process_parsers == {}


def test_files_with_an_xml_declaration_are_read_as_bytes():
    content = b'<?xml version="1.0" encoding="UTF-8"?>\n' + diagram(
        process(start(), end(), flows("start", "end"))
    )
    compiled = compile_program("p", {"p.bpmn": content}, topics())
    run = Run.start(compiled, FakeHost(), variables={})
    assert run.finished


def test_a_predicted_step_cannot_be_completed():
    case = begin(program(process(start(), user("u"), user("v"), end(), flows("start", "u", "v", "end"))))
    run = Run.load(case.program, case.content)
    assert [task.task_spec.name for task in run._workflow.tasks.values()] == ["Start", "u"]
    with pytest.raises(NoSuchWait):
        run.complete(case.host, "0" * 32, {})


def test_a_call_that_leads_in_a_circle_compiles_and_is_left_to_the_checks():
    circle = process(start(), user("u"), call("again", "p"), end(), flows("start", "u", "again", "end"))
    assert program(circle).steps["p", "again"].called == "p"


def test_notes_and_groups_are_passed_over():
    notes = tag("textAnnotation", tag("text", "说明"), id="note") + tag(
        "association", id="a", sourceRef="u", targetRef="note"
    )
    case = begin(program(process(start(), user("u"), notes, end(), flows("start", "u", "end"))))
    assert case.steps == ["u"]
