"""Tokens go the way the diagram draws: tasks, messages, signals, subprocesses, calls, ends."""

import pytest

from engine.bpmn.runtime import NoSuchWait
from tests.engine.bpmn.cases import begin
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    catch,
    crossing,
    duration,
    end,
    event,
    flows,
    parallel,
    process,
    program,
    service,
    start,
    subprocess,
    tag,
    throw,
    user,
)


def test_a_case_waits_at_its_user_task_and_ends_when_it_is_completed():
    case = begin(program(process(start(), user("u"), end("done"), flows("start", "u", "done"))))
    assert case.steps == ["u"]
    case.complete("u")
    assert case.finished
    assert case.outcome == "done"
    assert case.log == [
        ("entered", "start"),
        ("left", "start"),
        ("entered", "u"),
        ("left", "u"),
        ("entered", "done"),
        ("left", "done"),
    ]


def test_a_completed_step_cannot_be_completed_again():
    case = begin(program(process(start(), user("u"), user("v"), end(), flows("start", "u", "v", "end"))))
    token = case.open("u")[0].token
    case.complete("u")
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.complete(case.host, token, {}))
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.complete(case.host, "not a token", {}))


def test_tasks_without_a_person_run_through():
    body = (tag("task", id="a"), tag("manualTask", id="b"), service("c", "do"), user("u"))
    case = begin(program(process(start(), *body, end(), flows("start", "a", "b", "c", "u", "end"))), x=7)
    assert case.steps == ["u"]
    assert case.host.handled == [("c", (), {"x": 7})]


def test_an_external_step_waits_for_its_worker_with_its_inputs():
    case = begin(
        program(process(start(), service("w", "worker"), end(), flows("start", "w", "end"))), x=7, z=8
    )
    (wait,) = case.waits()
    assert (wait.kind, wait.inputs, wait.step.topic) == ("external", {"x": 7}, "worker")
    case.complete("w", y=1)
    assert case.finished


def test_a_message_start_begins_at_its_own_event():
    body = (
        start("online", "repair_online"),
        start("phone", "repair_phone"),
        user("a"),
        user("b"),
        end(),
        flows("online", "a", "end"),
        flows("phone", "b", "end"),
    )
    compiled = program(process(*body))
    assert compiled.starts == {"repair_online": "online", "repair_phone": "phone"}
    case = begin(compiled, message="repair_phone")
    assert case.steps == ["b"]
    assert case.log == [("entered", "phone"), ("left", "phone"), ("entered", "b")]
    case.complete("b")
    assert case.finished
    with pytest.raises(NoSuchWait):
        begin(compiled)


def test_messages_are_thrown_to_the_world_with_what_they_carry():
    carried = crossing(given={"order": "order_id", "twice": "${n * 2}"})
    body = (
        throw("tell", event("message", "told", carried)),
        tag("sendTask", id="send", messageRef="message_sent"),
        tag("receiveTask", id="receive", messageRef="message_answer"),
        end("end", event("message", "over")),
        flows("start", "tell", "send", "receive", "end"),
    )
    case = begin(program(process(start(), *body)), order_id="R1", n=4)
    assert [(t.name, t.variables) for t in case.last.thrown] == [
        ("told", {"order": "R1", "twice": 8}),
        ("sent", {}),
    ]
    case.do(lambda run: run.correlate(case.host, "answer", {}))
    assert [(t.kind, t.name) for t in case.last.thrown] == [("message", "over")]
    assert case.finished


def test_a_signal_reaches_every_branch_that_waits_for_it():
    body = (
        parallel("fork"),
        catch("hear", event("signal", "bell")),
        user("listen"),
        boundary("heard", "listen", event("signal", "bell")),
        user("ring"),
        throw("bell", event("signal", "bell")),
        user("x"),
        user("y"),
        end(),
        flows("start", "fork", "hear", "x", "end"),
        flows("fork", "listen", "end"),
        flows("heard", "y", "end"),
        flows("fork", "ring", "bell", "end"),
    )
    case = begin(program(process(start(), *body)))
    case.complete("ring")
    assert case.steps == ["x", "y"]
    assert [(thrown.kind, thrown.name) for thrown in case.last.thrown] == [("signal", "bell")]


def test_a_signal_does_not_reach_what_it_has_just_ended():
    inner = subprocess("sub", start("s"), catch("hear", event("signal", "bell")), user("x"), end("e"))
    inner = inner.replace("</bpmn:subProcess>", flows("s", "hear", "x", "e") + "</bpmn:subProcess>")
    body = (inner, boundary("stop", "sub", event("signal", "bell")), user("y"), flows("start", "sub", "end"))
    case = begin(program(process(start(), *body, flows("stop", "y", "end"), end())))
    case.do(lambda run: run.signal(case.host, "bell", {}))
    assert case.steps == ["y"]
    assert case.log[-3:] == [("cancelled", "sub"), ("cancelled", "hear"), ("entered", "y")]


def test_a_signal_from_outside_reaches_the_case():
    body = (catch("hear", event("signal", "bell")), user("u"), flows("start", "hear", "u", "end"))
    case = begin(program(process(start(), *body, end())))
    assert case.do(lambda run: run.signal(case.host, "bell", {"loud": True})) == 1
    assert case.steps == ["u"]
    assert case.variables == {"loud": True}


def test_a_called_process_runs_inside_and_comes_back():
    called = process(start("s"), user("inner"), end("e"), flows("s", "inner", "e"), key="visit")
    case = begin(program(process(start(), call("go", "visit"), end(), flows("start", "go", "end")), called))
    (wait,) = case.open()
    assert (wait.process, wait.element, wait.path) == ("visit", "inner", ("go",))
    assert [step.element for step in case.program.around(wait)] == ["inner", "go"]
    case.complete("inner")
    assert case.finished
    assert case.outcome == "end"


def test_a_terminate_end_event_ends_only_its_own_subprocess():
    inner = subprocess(
        "sub",
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        end("stop", event("terminate")),
        end("e"),
        flows("s", "f", "a", "stop"),
        flows("f", "b", "e"),
    )
    body = (
        parallel("fork"),
        inner,
        user("beside"),
        user("after"),
        flows("start", "fork", "sub", "after", "end"),
    )
    case = begin(program(process(start(), *body, flows("fork", "beside", "end"), end())))
    assert case.steps == ["a", "b", "beside"]
    case.complete("a")
    assert case.steps == ["after", "beside"]
    assert ("cancelled", "b") in case.log


def test_a_terminate_end_event_of_the_root_ends_the_case():
    body = (parallel("fork"), user("a"), user("b"), end("stop", event("terminate")), end())
    case = begin(
        program(process(start(), *body, flows("start", "fork", "a", "stop"), flows("fork", "b", "end")))
    )
    case.complete("a")
    assert case.finished
    assert case.outcome == "stop"


def test_a_case_ends_when_its_last_branch_ends():
    body = (parallel("fork"), user("a"), user("b"), end("e1"), end("e2"))
    case = begin(
        program(process(start(), *body, flows("start", "fork", "a", "e1"), flows("fork", "b", "e2")))
    )
    case.complete("b")
    assert not case.finished
    case.complete("a")
    assert case.finished
    assert case.outcome == "e2,e1"


def test_a_token_ends_where_the_drawing_stops():
    inner = subprocess("sub", start("s"), user("inside"), end("unused"), flows("s", "inside"))
    late = boundary("late", "go", duration("PT1H"), interrupting=False)
    called = process(start("s1"), user("inner"), flows("s1", "inner"), key="visit")
    body = (call("go", "visit"), late, inner, user("last"), flows("start", "go", "sub", "last"))
    case = begin(program(process(start(), *body), called))
    case.fire("late")
    case.complete("inner")
    case.complete("inside")
    case.complete("last")
    assert case.finished
    assert case.outcome == ""


def test_cancelling_a_case_cancels_every_token():
    called = process(start("s"), user("inner"), end("e"), flows("s", "inner", "e"), key="visit")
    body = (parallel("fork"), user("a"), call("go", "visit"), end())
    case = begin(
        program(
            process(start(), *body, flows("start", "fork", "a", "end"), flows("fork", "go", "end")), called
        )
    )
    case.do(lambda run: run.cancel())
    assert case.finished
    assert case.waits() == []
    assert {("cancelled", "a"), ("cancelled", "go"), ("cancelled", "inner")} <= set(case.log)
