"""Variables live in one scope for the case and one for each called process."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn.errors import ModelInvalid, NotJson
from engine.bpmn.expressions import ValueType
from engine.bpmn.program import compile_program
from engine.bpmn.runtime import Run, StepFailed
from engine.bpmn.snapshot import load
from engine.durations import Duration
from engine.topics import Topic
from tests.engine.bpmn.cases import MORNING, FakeHost, begin
from tests.engine.bpmn.diagrams import (
    call,
    crossing,
    diagram,
    end,
    exclusive,
    flow,
    flows,
    parallel,
    process,
    program,
    said,
    service,
    start,
    subprocess,
    tag,
    topics,
    user,
)


def test_a_value_set_in_one_branch_survives_the_later_end_of_another():
    body = (
        parallel("fork", "join"),
        user("quick"),
        user("slow"),
        user("after"),
        flows("start", "fork", "quick", "join", "after", "end"),
        flows("fork", "slow", "join"),
    )
    case = begin(program(process(start(), *body, end())), k="original")
    case.complete("quick", k="changed")
    case.complete("slow", other=1)
    assert case.variables == {"k": "changed", "other": 1}
    case.complete("after")
    assert case.last.variables() == {"k": "changed", "other": 1}


CALLED = process(start("s"), user("inner"), end("e"), flows("s", "inner", "e"), key="visit")


def test_only_what_is_declared_crosses_into_a_called_process_and_back():
    crossed = crossing(
        given={"place": "house", "hours": "${n + 1}"}, taken={"answer": "result", "twice": "${hours * 2}"}
    )
    body = (call("go", "visit", crossed), user("after"), flows("start", "go", "after", "end"))
    case = begin(program(process(start(), *body, end()), CALLED), house="H1", n=3, secret="s")
    run = Run.load(case.program, case.content)
    assert run.variables(("go",)) == {"place": "H1", "hours": 4}
    case.complete("inner", result="fixed", private="x")
    assert case.variables == {"house": "H1", "n": 3, "secret": "s", "answer": "fixed", "twice": 8}


def test_a_called_process_without_declarations_takes_and_gives_nothing():
    body = (call("go", "visit"), user("after"), flows("start", "go", "after", "end"))
    case = begin(program(process(start(), *body, end()), CALLED), secret="s")
    assert Run.load(case.program, case.content).variables(("go",)) == {}
    case.complete("inner", leaked=1)
    assert case.variables == {"secret": "s"}


def test_passing_all_variables_is_refused():
    everything = tag("extensionElements", '<camunda:in variables="all"/>')
    body = (call("go", "visit", everything), flows("start", "go", "end"))
    with pytest.raises(ModelInvalid) as refused:
        program(process(start(), *body, end()), CALLED)
    assert refused.value.element == "go"


def test_an_embedded_subprocess_shares_the_variables_around_it():
    inner = subprocess("sub", start("s"), user("inside"), end("e"), flows("s", "inside", "e"))
    body = (inner, exclusive("which", default="which_no"), user("yes"), user("no"), flow("start", "sub"))
    ways = (flow("sub", "which"), flow("which", "yes", "${found}"), flow("which", "no"), flow("yes", "end"))
    case = begin(program(process(start(), *body, *ways, end(), flow("no", "end"))))
    case.complete("inside", found=True)
    assert case.steps == ["yes"]


def test_no_variable_is_kept_with_a_token():
    case = begin(
        program(
            process(
                start(),
                parallel("f"),
                user("a"),
                user("b"),
                end(),
                flows("start", "f", "a", "end"),
                flows("f", "b", "end"),
            )
        ),
        x=1,
    )
    case.complete("a", y=2)
    workflow = load(case.program, case.content)
    assert all(task.data == {} for task in workflow.tasks.values())


@pytest.mark.parametrize(
    "value", [datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, {1: 2}, float("nan"), b"x", 2**200]
)
def test_values_that_are_not_json_are_refused_where_they_are_written(value):
    case = begin(program(process(start(), user("u"), end(), flows("start", "u", "end"))))
    with pytest.raises(NotJson) as refused:
        case.complete("u", x=value)
    assert refused.value.element == "u"
    assert case.steps == ["u"]


def test_a_bad_variable_of_a_start_is_blamed_on_the_process():
    with pytest.raises(NotJson) as refused:
        begin(program(process(start(), user("u"), end(), flows("start", "u", "end"))), x={1, 2})
    assert (refused.value.path, refused.value.element) == ((), "p")


def test_process_data_are_never_logged(caplog):
    caplog.set_level(1)
    case = begin(program(process(start(), user("u"), end(), flows("start", "u", "end"))), secret="canary")
    case.complete("u")
    assert [record for record in caplog.records if record.name.startswith("spiff")] == []


def test_an_integer_that_json_readers_would_not_keep_is_refused():
    case = begin(program(process(start(), user("u"), user("v"), end(), flows("start", "u", "v", "end"))))
    with pytest.raises(NotJson):
        case.complete("u", x=2**70)


def test_handlers_set_only_what_their_topic_declares():
    case_program = program(
        process(start(), service("c", "do"), user("u"), end(), flows("start", "c", "u", "end"))
    )
    case = begin(case_program, FakeHost(handlers={"do": lambda inputs: {"y": inputs["x"]}}), x=5)
    assert case.variables == {"x": 5, "y": 5}
    with pytest.raises(StepFailed, match="没有声明"):
        begin(case_program, FakeHost(handlers={"do": lambda _inputs: {"z": 1}}))


def typed_program(*body: str, forms=None):
    offered = topics(
        {"when": Topic("when", "handler", (), {"notice": ValueType.MOMENT, "span": ValueType.DURATION})}
    )
    return compile_program(
        "p", {"p.bpmn": diagram(process(start(), *body, end()))}, offered, forms=forms or {}
    )


def test_variables_have_the_types_that_topics_and_forms_declare():
    steps = service("c", "when") + user("u", camunda_formRef="visit", camunda_dueDate="${notice + PT16H}")
    compiled = typed_program(steps, flows("start", "c", "u", "end"), forms={"visit": {"day": ValueType.DATE}})
    assert compiled.types["p"] == {
        "notice": ValueType.MOMENT,
        "span": ValueType.DURATION,
        "day": ValueType.DATE,
    }
    assert compiled.variables[("p", "day")] is ValueType.DATE
    host = FakeHost(handlers={"when": lambda _: {"notice": "2026-11-23T02:00:00Z", "span": "PT5M"}})
    (wait,) = begin(compiled, host).open()
    assert wait.due == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def test_a_value_of_another_type_than_declared_is_refused_where_it_is_written():
    compiled = typed_program(service("c", "when"), flows("start", "c", "end"))
    with pytest.raises(StepFailed) as refused:
        begin(compiled, FakeHost(handlers={"when": lambda _: {"notice": "tomorrow"}}))
    assert refused.value.element == "c"


def test_a_variable_with_two_declarations_has_any_type():
    step = service("c", "when") + user("u", camunda_formRef="visit")
    compiled = typed_program(
        step, flows("start", "c", "u", "end"), forms={"visit": {"notice": ValueType.CODE}}
    )
    assert compiled.types["p"]["notice"] is ValueType.ANY


def test_types_travel_through_calls():
    crossed = crossing(given={"from": "notice"}, taken={"back": "from"})
    offered = topics({"when": Topic("when", "handler", (), {"notice": ValueType.MOMENT})})
    outer = process(
        start(), service("c", "when"), call("go", "visit", crossed), end(), flows("start", "c", "go", "end")
    )
    compiled = compile_program("p", {"p.bpmn": diagram(outer, CALLED)}, offered)
    assert compiled.types["visit"]["from"] is ValueType.MOMENT
    assert compiled.types["p"]["back"] is ValueType.MOMENT


def test_what_a_user_step_says_is_computed_once_when_it_opens():
    words = {
        "camunda_dueDate": "${limit}",
        "camunda_followUpDate": "PT10M",
        "camunda_assignee": "${who}",
    }
    first = user("first")
    step = user("u", said(rank="${urgent ? 0 : 3}"), **words)
    case = begin(program(process(start(), first, step, end(), flows("start", "first", "u", "end"))))
    case.complete("first", limit="PT45M", who="4711", urgent=True)
    wait = case.open("u")[0]
    assert (wait.due, wait.follow_up) == (Duration.parse("PT45M"), Duration.parse("PT10M"))
    assert (wait.assignee, wait.rank) == ("4711", 0)
    case.do(lambda run: run.correct(case.host, {"limit": "PT1M", "who": "1", "urgent": False}))
    assert case.open("u")[0] == wait


def test_a_fixed_rank_and_no_limit_need_no_expression():
    case = begin(program(process(said(rank="1"), start(), user("u"), end(), flows("start", "u", "end"))))
    (wait,) = case.open()
    assert (wait.rank, wait.due, wait.assignee) == (1, None, None)


def test_now_is_the_moment_of_the_work():
    body = (exclusive("g", default="g_b"), user("a"), user("b"), flow("start", "g"), flow("g", "b"))
    ways = (flow("g", "a", "${now() == deadline}"), flow("a", "end"), flow("b", "end"))
    offered = topics(starts={"": {"deadline": ValueType.MOMENT}})
    compiled = compile_program("p", {"p.bpmn": diagram(process(start(), *body, *ways, end()))}, offered)
    assert begin(compiled, deadline="2026-11-23T02:00:00Z").steps == ["a"]
    later = FakeHost(now=MORNING + timedelta(seconds=1))
    assert begin(compiled, later, deadline="2026-11-23T02:00:00Z").steps == ["b"]


def test_facts_of_a_called_process_can_be_corrected():
    body = (call("go", "visit"), flows("start", "go", "end"))
    case = begin(program(process(start(), *body, end()), CALLED))
    case.do(lambda run: run.correct(case.host, {"x": 1}, ("go",)))
    assert Run.load(case.program, case.content).variables(("go",)) == {"x": 1}
    assert case.variables == {}


def test_a_type_crosses_into_a_called_process_through_a_choice_of_variables():
    """Symptom: a limit chosen by `coalesce` arrived as text, and adding it to a moment failed."""
    chosen = crossing(given={"arrive": "${urgent ? coalesce(special, limit) : limit}"})
    limits = Topic(
        "limits",
        "handler",
        (),
        {"urgent": ValueType.BOOLEAN, "limit": ValueType.DURATION, "special": ValueType.DURATION},
    )
    outer = process(
        start(), service("s", "limits"), call("c", "q", chosen), end(), flows("start", "s", "c", "end")
    )
    inner = process(start(), user("u"), end(), flows("start", "u", "end"), key="q")
    compiled = compile_program("p", {"p.bpmn": diagram(outer, inner)}, topics({"limits": limits}))
    assert compiled.types["q"]["arrive"] is ValueType.DURATION
