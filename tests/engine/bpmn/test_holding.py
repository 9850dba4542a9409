"""A step that cannot run is held and retried; a case that runs without end is stopped."""

import threading

import pytest

from engine.bilingual import in_both
from engine.bpmn.budget import MOST_CALLS_DEEP, Budget
from engine.bpmn.runtime import BudgetExceeded, NoSuchWait, Run, StepFailed
from engine.bpmn.snapshot import load
from engine.clock import monotonic, thread_seconds
from tests.engine.bpmn.cases import Case, FakeHost, begin
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    catch,
    crossing,
    duration,
    each,
    end,
    event,
    exclusive,
    flow,
    flows,
    parallel,
    process,
    program,
    start,
    subprocess,
    tag,
    user,
)

CHOICE = (
    exclusive("which", default="which_b"),
    user("a"),
    user("b"),
    flow("which", "a", "${x > 1}"),
    flow("which", "b"),
    flow("a", "end"),
    flow("b", "end"),
)


def held_after(case: Case, element: str, failing: StepFailed, **variables: object) -> None:
    """Complete a step again as the engine does after a failure: with the failed place held."""
    case.host.hold = {(failing.path, failing.element)}
    case.complete(element, **variables)
    case.host.hold = set()


def test_a_gateway_that_failed_is_held_and_the_rest_goes_on():
    body = (user("u"), parallel("fork"), user("beside"), flows("start", "u", "fork", "which"))
    case = begin(program(process(start(), *body, *CHOICE, end(), flows("fork", "beside", "end"))))
    with pytest.raises(StepFailed) as failure:
        case.complete("u")
    held_after(case, "u", failure.value)
    assert case.steps == ["beside"]
    (wait,) = case.waits("held")
    assert (wait.element, wait.step.kind) == ("which", "gateway")
    case.complete("beside")
    assert case.waits("held") == [wait]
    case.do(lambda run: run.correct(case.host, {"x": 2}))
    case.do(lambda run: run.retry(case.host, wait.token))
    assert case.steps == ["a"]
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.retry(case.host, wait.token))


def test_a_retry_that_fails_again_raises():
    case = begin(
        program(process(start(), flow("start", "which"), *CHOICE, end())), FakeHost(hold={((), "which")})
    )
    (wait,) = case.waits()
    case.host.hold = set()
    with pytest.raises(StepFailed):
        case.do(lambda run: run.retry(case.host, wait.token))
    assert case.waits() == [wait]


FAILING = {
    "user step": (user("bad", camunda_dueDate="${unset}"), "bad"),
    "timer": (
        user("bad0") + boundary("bad", "bad0", duration("${unset}"), interrupting=False) + flow("bad", "end"),
        "bad0",
    ),
    "list": (user("bad", each("unset", "item")), "bad"),
    "loop": (
        user("bad", tag("standardLoopCharacteristics", tag("loopCondition", "${unset}"), testBefore="true")),
        "bad",
    ),
}


@pytest.mark.parametrize("kind", ["user step", "timer", "list", "loop"])
def test_whatever_computes_something_when_its_token_arrives_can_be_held(kind):
    step, target = FAILING[kind]
    body = (user("u"), step, parallel("fork"), user("beside"), flows("start", "u", "fork", target, "end"))
    compiled = program(process(start(), *body, flows("fork", "beside", "end"), end()))
    case = begin(compiled)
    with pytest.raises(StepFailed) as failure:
        case.complete("u")
    assert failure.value.element == "bad"
    held_after(case, "u", failure.value)
    (wait,) = case.waits("held")
    assert wait.element == "bad"
    assert "beside" in case.steps
    repaired = {"user step": "PT1H", "timer": "PT1H", "list": ["a"], "loop": True}[kind]
    case.do(lambda run: run.correct(case.host, {"unset": repaired}))
    case.do(lambda run: run.retry(case.host, wait.token))
    assert case.waits("held") == []
    assert len(case.waits()) == (3 if kind == "timer" else 2)


def test_what_is_held_can_be_neither_completed_nor_fired_nor_reached():
    body = (
        parallel("fork"),
        user("u"),
        catch("pause", duration("PT1H")),
        catch("hear", event("message", "m")),
        flows("start", "fork", "u", "end"),
        flows("fork", "pause", "end"),
        flows("fork", "hear", "end"),
    )
    host = FakeHost(hold={((), "u"), ((), "pause"), ((), "hear")})
    case = begin(program(process(start(), *body, end())), host)
    held = {wait.element: wait.token for wait in case.waits("held")}
    assert sorted(held) == ["hear", "pause", "u"]
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.complete(host, held["u"], {}))
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.fire(host, held["pause"]))
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.correlate(host, "m", {}))


def test_nodes_that_nobody_drew_are_never_held():
    body = (user("u"), boundary("b", "u", duration("PT1H")), end(), flows("start", "u", "end"))
    case = begin(program(process(start(), *body)), FakeHost(hold={((), "")}))
    case.complete("u")
    assert case.finished


def test_a_call_can_be_held_before_it_begins():
    called = process(start("s"), user("inner"), end("e"), flows("s", "inner", "e"), key="visit")
    case = begin(
        program(process(start(), call("go", "visit"), end(), flows("start", "go", "end")), called),
        FakeHost(hold={((), "go")}),
    )
    assert case.steps == []
    (wait,) = case.waits("held")
    case.host.hold = set()
    case.do(lambda run: run.retry(case.host, wait.token))
    assert case.steps == ["inner"]


def test_a_call_whose_result_cannot_be_computed_is_held_at_its_end():
    called = process(start("s"), user("inner"), end("e"), flows("s", "inner", "e"), key="visit")
    step = call("go", "visit", crossing(taken={"sum": "${a + 1}"}))
    case = begin(
        program(process(start(), step, user("after"), end(), flows("start", "go", "after", "end")), called)
    )
    with pytest.raises(StepFailed) as failure:
        case.complete("inner", a="text")
    held_after(case, "inner", failure.value, a="text")
    (wait,) = case.waits("held")
    assert wait.element == "go"
    case.do(lambda run: run.correct(case.host, {"a": 1}, ("go",)))
    case.do(lambda run: run.retry(case.host, wait.token))
    assert case.variables == {"sum": 2}
    assert case.steps == ["after"]


def test_a_place_inside_a_call_is_held_only_there():
    called = process(start("s"), user("inner"), end("e"), flows("s", "inner", "e"), key="visit")
    body = (
        parallel("fork"),
        call("one", "visit"),
        call("two", "visit"),
        flows("start", "fork", "one", "end"),
    )
    compiled = program(process(start(), *body, flows("fork", "two", "end"), end()), called)
    case = begin(compiled, FakeHost(hold={(("two",), "inner")}))
    assert [(wait.kind, wait.path) for wait in case.waits()] == [("user", ("one",)), ("held", ("two",))]


def test_a_subprocess_with_a_held_step_can_be_interrupted():
    inner = subprocess("sub", start("s"), flow("s", "which"), *CHOICE, end("end"))
    body = (inner, boundary("late", "sub", duration("PT1H")), user("after"), end("over"))
    compiled = program(process(start(), *body, flows("start", "sub", "over"), flows("late", "after", "over")))
    case = begin(compiled, FakeHost(hold={((), "which")}))
    case.fire("late")
    assert case.steps == ["after"]


def test_an_endless_loop_of_automatic_steps_is_stopped():
    body = (
        exclusive("enter"),
        tag("task", id="t"),
        exclusive("again"),
        flows("start", "u", "enter", "t", "again"),
    )
    compiled = program(
        process(
            start(),
            user("u"),
            *body,
            flow("again", "enter", "${true}"),
            flow("again", "end", "${false}"),
            end(),
        )
    )
    case = begin(compiled)
    with pytest.raises(BudgetExceeded, match="500 个自动步骤") as failure:
        case.complete("u")
    held_after(case, "u", failure.value)
    assert [wait.kind for wait in case.waits()] == ["held"]


def test_a_process_that_calls_itself_is_stopped():
    recursive = process(start(), user("u"), call("again", "p"), end(), flows("start", "u", "again", "end"))
    case = begin(program(recursive))
    case.complete("u")
    assert case.waits()[0].path == ("again",)
    for _ in range(MOST_CALLS_DEEP - 1):
        case.complete("u")
    with pytest.raises(BudgetExceeded, match="嵌套超过 10 层") as failure:
        case.complete("u")
    held_after(case, "u", failure.value)
    (wait,) = case.waits()
    assert (wait.kind, wait.element, wait.path) == ("held", "again", ("again",) * MOST_CALLS_DEEP)
    endless = process(start(), call("again", "p"), end(), flows("start", "again", "end"))
    with pytest.raises(BudgetExceeded, match="嵌套"):
        begin(program(endless))


def test_processes_that_call_each_other_in_a_circle_are_stopped():
    circle = (
        process(start(), call("there", "q"), end(), flows("start", "there", "end")),
        process(start(), call("back", "p"), end(), flows("start", "back", "end"), key="q"),
    )
    with pytest.raises(BudgetExceeded, match="嵌套"):
        begin(program(*circle))


def test_a_case_with_too_many_tokens_is_stopped():
    inner = subprocess(
        "sub",
        start("s"),
        user("u", each("people", "person")),
        end("e"),
        flows("s", "u", "e"),
        each("people", "group"),
    )
    compiled = program(process(start(), inner, end(), flows("start", "sub", "end")))
    with pytest.raises(BudgetExceeded, match="节点"):
        begin(compiled, people=list(range(100)))


def test_a_move_that_takes_too_long_is_stopped():
    case = begin(program(process(start(), user("u"), end(), flows("start", "u", "end"))))
    workflow = load(case.program, case.content)
    moments = iter([0.0, 4.9, 5.1])
    budget = Budget(lambda: next(moments))
    budget.spend(workflow, workflow.task_tree)
    with pytest.raises(BudgetExceeded, match="5 秒") as failure:
        budget.spend(workflow, workflow.task_tree)
    assert in_both(failure.value.reason)[1] == "More work in one move than allowed (5 s of processor)"


def test_a_machine_that_stands_still_spends_nothing():
    before, began = thread_seconds(), monotonic()
    threading.Event().wait(0.3)
    assert monotonic() - began > thread_seconds() - before + 0.2


def test_a_case_that_grows_too_large_is_refused():
    case = begin(program(process(start(), user("u"), user("v"), end(), flows("start", "u", "v", "end"))))
    run = Run.load(case.program, case.content)
    run.complete(case.host, run.waits()[0].token, {"x": [["y" * 1000] * 2100]})
    with pytest.raises(BudgetExceeded):
        run.dump()
