"""BPMN errors and escalations go outward from where they arise, never to a parallel branch."""

import pytest

from engine.errors import HandlerFailed, RuleBroken
from tests.engine.bpmn.cases import FakeHost, begin
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    each,
    end,
    event,
    flow,
    flows,
    parallel,
    process,
    program,
    service,
    start,
    subprocess,
    throw,
    user,
)


def refusing(code: str) -> FakeHost:
    def handler(_inputs):
        raise RuleBroken(code, "没有可派的班组")

    return FakeHost(handlers={"do": handler})


def caught(code: str | None, *more: str) -> str:
    """A handler step with a boundary error event, and a like one on a parallel user step."""
    body = (
        parallel("fork"),
        service("c", "do"),
        boundary("on_c", "c", event("error", code)),
        user("beside"),
        boundary("on_beside", "beside", event("error", code)),
        user("handled"),
        user("wrong"),
        flows("start", "fork", "c", "end"),
        flows("on_c", "handled", "end"),
        flows("fork", "beside", "end"),
        flows("on_beside", "wrong", "end"),
    )
    return process(start(), *body, *more, end())


def test_a_refusal_takes_the_boundary_event_of_its_own_step():
    case = begin(program(caught("no_crew")), refusing("no_crew"))
    assert case.steps == ["beside", "handled"]
    assert ("error", "c") in case.log
    assert ("fired", "on_c") in case.log
    assert ("cancelled", "c") in case.log


def test_a_boundary_event_without_code_catches_every_error():
    assert begin(program(caught(None)), refusing("anything")).steps == ["beside", "handled"]


def test_the_boundary_event_with_the_code_comes_before_the_one_without():
    body = (
        service("c", "do"),
        boundary("any", "c", event("error")),
        boundary("exact", "c", event("error", "no_crew")),
        user("a"),
        user("b"),
        flows("start", "c", "end"),
        flows("any", "a", "end"),
        flows("exact", "b", "end"),
    )
    assert begin(program(process(start(), *body, end())), refusing("no_crew")).steps == ["b"]


def test_a_refusal_that_nobody_catches_reaches_the_caller():
    with pytest.raises(RuleBroken, match="没有可派的班组"):
        begin(program(caught("another")), refusing("no_crew"))


def test_a_refusal_goes_outward_through_subprocess_and_call():
    inner = subprocess("sub", start("s2"), service("c", "do"), end("e2"), flows("s2", "c", "e2"))
    called = process(start("s"), inner, end("e"), flows("s", "sub", "e"), key="visit")
    body = (
        parallel("fork"),
        call("go", "visit"),
        boundary("failed", "go", event("error", "no_crew")),
        user("beside"),
        boundary("other", "beside", event("error", "no_crew")),
        user("handled"),
        user("wrong"),
        flows("start", "fork", "go", "end"),
        flows("failed", "handled", "end"),
        flows("fork", "beside", "end"),
        flows("other", "wrong", "end"),
    )
    case = begin(program(process(start(), *body, end()), called), refusing("no_crew"))
    assert case.steps == ["beside", "handled"]
    assert {("cancelled", "go"), ("cancelled", "sub"), ("error", "c")} <= set(case.log)


def test_a_person_can_raise_an_error_at_an_open_step():
    case = begin(program(caught("no_crew")))
    token = case.open("beside")[0].token
    assert case.do(lambda run: run.raise_error(case.host, token, "unknown", {})) is False
    assert case.steps == ["beside"]
    assert case.do(lambda run: run.raise_error(case.host, token, "no_crew", {"why": "ill"})) is True
    assert case.steps == ["wrong"]
    assert case.variables == {"why": "ill"}


def test_an_error_at_one_instance_ends_the_whole_multi_instance_activity():
    body = (
        user("ask", each("people", "person")),
        boundary("failed", "ask", event("error", "gone")),
        user("handled"),
        flows("start", "ask", "end"),
        flows("failed", "handled", "end"),
    )
    case = begin(program(process(start(), *body, end())), people=["a", "b", "c"])
    token = case.open("ask")[1].token
    case.do(lambda run: run.raise_error(case.host, token, "gone", {}))
    assert case.steps == ["handled"]
    assert case.log.count(("cancelled", "ask")) == 3


def erring(*inside: str) -> tuple[str, ...]:
    inner = subprocess(
        "sub",
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        end("failed", event("error", "broken")),
        end("e"),
        flows("s", "f", "a", "failed"),
        flows("f", "b", "e"),
    )
    return (inner, user("after"), *inside, flows("start", "sub", "after", "end"))


def test_an_error_end_event_ends_its_subprocess_and_takes_the_boundary_event():
    catcher = (
        boundary("on_sub", "sub", event("error", "broken")),
        user("repair"),
        flows("on_sub", "repair", "end"),
    )
    case = begin(program(process(start(), *erring(*catcher), end())))
    case.complete("a")
    assert case.steps == ["repair"]
    assert {("left", "failed"), ("cancelled", "b"), ("cancelled", "sub"), ("fired", "on_sub")} <= set(
        case.log
    )


def test_an_error_end_event_that_nobody_catches_ends_the_case_and_is_told():
    case = begin(program(process(start(), *erring(), end())))
    case.complete("a")
    assert case.finished
    assert case.outcome == "failed"
    assert [(thrown.kind, thrown.name) for thrown in case.last.thrown] == [("error", "broken")]


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_reaches_the_activity_around_it_only(interrupting):
    inner = subprocess(
        "sub",
        start("s"),
        user("work"),
        throw("tell", event("escalation", "late")),
        user("go_on"),
        end("e"),
        flows("s", "work", "tell", "go_on", "e"),
    )
    body = (
        parallel("fork"),
        inner,
        boundary("heard", "sub", event("escalation", "late"), interrupting=interrupting),
        user("boss"),
        subprocess("beside", start("s2"), user("other"), end("e2"), flows("s2", "other", "e2")),
        boundary("not_heard", "beside", event("escalation", "late")),
        user("wrong"),
        flows("start", "fork", "sub", "end"),
        flows("heard", "boss", "end"),
        flows("fork", "beside", "end"),
        flows("not_heard", "wrong", "end"),
    )
    case = begin(program(process(start(), *body, end())))
    case.complete("work")
    assert case.steps == (["boss", "other"] if interrupting else ["boss", "go_on", "other"])
    assert case.last.thrown == []


def test_an_escalation_that_nobody_catches_is_told_to_the_world():
    body = (throw("tell", event("escalation", "late")), user("u"), flows("start", "tell", "u", "end"))
    case = begin(program(process(start(), *body, end())))
    assert [(thrown.kind, thrown.name, thrown.element) for thrown in case.last.thrown] == [
        ("escalation", "late", "tell")
    ]
    assert case.steps == ["u"]


def test_a_non_interrupting_boundary_event_hears_every_escalation():
    inner = subprocess(
        "sub",
        start("s"),
        user("work"),
        throw("one", event("escalation", "late")),
        user("more"),
        throw("two", event("escalation", "late")),
        user("rest"),
        end("e"),
        flows("s", "work", "one", "more", "two", "rest", "e"),
    )
    body = (inner, boundary("heard", "sub", event("escalation", "late"), interrupting=False), user("boss"))
    case = begin(
        program(process(start(), *body, end(), flows("start", "sub", "end"), flows("heard", "boss", "end")))
    )
    case.complete("work")
    case.complete("more")
    assert case.steps == ["boss", "boss", "rest"]


def test_a_message_boundary_event_can_be_heard_again_and_again():
    body = (
        user("u"),
        boundary("more", "u", event("message", "supplement"), interrupting=False),
        user("read"),
        flows("start", "u", "end"),
        flows("more", "read", "end"),
    )
    case = begin(program(process(start(), *body, end())))
    for _ in range(3):
        case.do(lambda run: run.correlate(case.host, "supplement", {}))
    assert case.steps == ["read", "read", "read", "u"]
    case.complete("u")
    assert case.steps == ["read", "read", "read"]
    assert case.waits("message") == []


def test_a_failed_handler_leaves_its_token_to_be_retried():
    answers = iter([HandlerFailed("handler_failed", "数据库忙"), None])

    def handler(_inputs):
        error = next(answers)
        if error:
            raise error
        return {"y": 1}

    body = (user("u"), service("c", "do"), user("v"), flows("start", "u", "c", "v", "end"))
    case = begin(program(process(start(), *body, end())), FakeHost(handlers={"do": handler}))
    case.complete("u", kept=True)
    (wait,) = case.waits()
    assert (wait.kind, wait.element, wait.error) == ("retry", "c", "数据库忙")
    assert case.variables == {"kept": True}
    case.do(lambda run: run.retry(case.host, wait.token))
    assert case.steps == ["v"]
    assert case.variables == {"kept": True, "y": 1}


def test_a_refusal_after_a_retry_takes_its_boundary_event():
    case = begin(program(caught("no_crew")), FakeHost(hold={((), "c")}))
    (wait,) = case.waits("retry")
    case.host.hold.clear()
    case.host.handlers = refusing("no_crew").handlers
    case.do(lambda run: run.retry(case.host, wait.token))
    assert case.steps == ["beside", "handled"]


def test_an_error_flow_may_lead_back_to_the_failed_step():
    body = (
        user("before"),
        service("c", "do"),
        boundary("on_c", "c", event("error", "no_crew")),
        flow("start", "before"),
        flows("before", "c", "end"),
        flow("on_c", "before"),
    )
    case = begin(program(process(start(), *body, end())), refusing("no_crew"))
    for _ in range(3):
        case.complete("before")
        assert case.steps == ["before"]
    case.host.handlers.clear()
    case.complete("before")
    assert case.finished
