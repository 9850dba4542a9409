"""Activities that run several times."""

import pytest

from engine.bpmn.errors import ModelInvalid
from engine.bpmn.runtime import Run, StepFailed
from tests.engine.bpmn.cases import FakeHost, begin
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    crossing,
    duration,
    each,
    end,
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
    user,
)


def asking(*inside: str, sequential: bool = False, more: str = "") -> str:
    step = user("ask", each("people", "person", *inside, sequential=sequential), camunda_assignee="${person}")
    return process(start(), step, more, user("after"), end(), flows("start", "ask", "after", "end"))


def results(variable: str, item: str) -> tuple[str, str]:
    return tag("loopDataOutputRef", variable), tag("outputDataItem", name=item, id="out")


def test_in_parallel_every_instance_opens_at_once_with_its_item():
    case = begin(program(asking()), people=["a", "b", "c"])
    assert [wait.assignee for wait in case.open()] == ["a", "b", "c"]
    run = Run.load(case.program, case.content)
    assert run.visible(case.open()[1].token) == {"people": ["a", "b", "c"], "person": "b", "loopCounter": 1}
    for _ in range(3):
        assert "after" not in case.steps
        case.complete("ask")
    assert case.steps == ["after"]
    assert case.variables == {"people": ["a", "b", "c"]}


def test_a_loop_variable_hides_a_variable_of_the_case():
    case = begin(program(asking()), people=["a", "b"], person="someone")
    assert [wait.assignee for wait in case.open()] == ["a", "b"]
    assert case.variables["person"] == "someone"


def test_one_by_one_the_next_instance_opens_when_the_last_is_through():
    case = begin(program(asking(sequential=True)), people=["a", "b"])
    assert [wait.assignee for wait in case.open()] == ["a"]
    case.complete("ask")
    assert [wait.assignee for wait in case.open()] == ["b"]
    case.complete("ask")
    assert case.steps == ["after"]


@pytest.mark.parametrize("sequential", [True, False])
def test_the_results_stand_in_the_order_of_the_list(sequential):
    case = begin(
        program(asking(*results("answers", "answer"), sequential=sequential)), people=["a", "b", "c"]
    )
    order = [0, 0, 0] if sequential else [2, 0, 0]
    for index in order:
        wait = case.open("ask")[index]
        given = wait.assignee.upper()
        case.do(lambda run, wait=wait, given=given: run.complete(case.host, wait.token, {"answer": given}))
    assert case.variables["answers"] == ["A", "B", "C"]
    assert "answer" not in case.variables


def test_an_empty_list_passes_at_once():
    case = begin(program(asking(*results("answers", "answer"))), people=[])
    assert case.steps == ["after"]
    assert case.variables["answers"] == []


@pytest.mark.parametrize(
    ("people", "why"), [(None, "不是列表"), ("ab", "不是列表"), (list(range(101)), "最多 100")]
)
def test_what_is_no_short_list_fails_at_the_activity(people, why):
    with pytest.raises(StepFailed, match=why) as failure:
        begin(program(asking()), people=people)
    assert failure.value.element == "ask"


def test_a_hundred_instances_are_allowed():
    case = begin(program(asking()), people=[str(number) for number in range(100)])
    assert len(case.open()) == 100


def test_a_completion_condition_gives_up_the_others():
    enough = tag("completionCondition", "${nrOfCompletedInstances / nrOfInstances &gt;= 0.5}")
    case = begin(program(asking(enough)), people=["a", "b", "c", "d"])
    case.complete("ask")
    assert len(case.open()) == 3
    case.complete("ask")
    assert case.steps == ["after"]
    assert case.log.count(("cancelled", "ask")) == 2


def test_a_completion_condition_sees_what_the_instance_said():
    enough = tag("completionCondition", "${veto}")
    case = begin(program(asking(enough, sequential=True)), people=["a", "b", "c"])
    case.complete("ask", veto=False)
    case.complete("ask", veto=True)
    assert case.steps == ["after"]


def test_a_collection_may_be_an_expression():
    step = user("ask", each("${order.people}", "person"), camunda_assignee="${person}")
    case = begin(
        program(process(start(), step, end(), flows("start", "ask", "end"))), order={"people": ["x"]}
    )
    assert [wait.assignee for wait in case.open()] == ["x"]


def test_an_interrupting_timer_ends_all_instances():
    late = boundary("late", "ask", duration("PT1H")) + user("remind") + flows("late", "remind", "end")
    case = begin(program(asking(more=late)), people=["a", "b"])
    case.complete("ask")
    case.fire("late")
    assert case.steps == ["remind"]


def test_subprocesses_over_a_list_keep_their_items_apart():
    inner = subprocess(
        "sub",
        start("s"),
        user("ask", camunda_assignee="${person}"),
        exclusive("g", default="g_e"),
        user("again", camunda_assignee="${person}"),
        end("e"),
        flows("s", "ask", "g"),
        flow("g", "again", '${answer == "no"}'),
        flow("g", "e"),
        flow("again", "e"),
        each("people", "person", *results("answers", "answer")),
    )
    case = begin(
        program(process(start(), inner, user("after"), end(), flows("start", "sub", "after", "end"))),
        people=["a", "b"],
    )
    case.complete("ask", answer="no")
    assert [(wait.element, wait.assignee) for wait in case.open()] == [("again", "a"), ("ask", "b")]
    case.complete("ask", answer="yes")
    case.complete("again")
    assert case.variables == {"people": ["a", "b"], "answers": ["no", "yes"]}


def test_calls_over_a_list_get_their_items_and_give_their_results():
    called = process(start("s"), user("visit"), end("e"), flows("s", "visit", "e"), key="visiting")
    crossed = crossing(given={"house": "home"}, taken={"found": "state"})
    outer = call("go", "visiting", crossed, each("homes", "home", *results("states", "found")))
    case = begin(
        program(process(start(), outer, user("after"), end(), flows("start", "go", "after", "end")), called),
        homes=["H1", "H2"],
    )
    houses = [Run.load(case.program, case.content).visible(wait.token)["house"] for wait in case.open()]
    assert houses == ["H1", "H2"]
    case.complete("visit", state="ok")
    case.complete("visit", state="leak")
    assert case.variables == {"homes": ["H1", "H2"], "states": ["ok", "leak"]}


def test_interrupted_subprocesses_over_a_list_leave_nothing_behind():
    inner = subprocess(
        "sub", start("s"), user("ask"), end("e"), flows("s", "ask", "e"), each("people", "person")
    )
    late = boundary("late", "sub", duration("PT1H"))
    body = (inner, late, user("remind"), flows("start", "sub", "end"), flows("late", "remind", "end"))
    case = begin(program(process(start(), *body, end())), people=["a", "b"])
    case.fire("late")
    assert case.steps == ["remind"]
    assert b'"sub"' not in case.content
    assert case.log.count(("cancelled", "ask")) == 2


def test_handlers_over_a_list_run_at_once():
    host = FakeHost(handlers={"do": lambda inputs: {"y": inputs["x"]}})
    step = service("c", "do", each("people", "x"))
    case = begin(
        program(process(start(), step, user("u"), end(), flows("start", "c", "u", "end"))),
        host,
        people=[1, 2, 3],
    )
    assert [inputs for _, _, inputs in host.handled] == [{"x": 1}, {"x": 2}, {"x": 3}]
    assert case.variables == {"people": [1, 2, 3], "y": 3}


def looping(test_before: bool, maximum: str | None = "3") -> str:
    words = {"testBefore": "true" if test_before else "false"} | ({"loopMaximum": maximum} if maximum else {})
    mark = tag("standardLoopCharacteristics", tag("loopCondition", "${again}"), **words)
    return process(start(), user("u", mark), user("after"), end(), flows("start", "u", "after", "end"))


def test_a_standard_loop_runs_again_while_its_condition_holds():
    case = begin(program(looping(False)), again=True)
    case.complete("u")
    assert case.steps == ["u"]
    case.complete("u", again=False)
    assert case.steps == ["after"]


def test_a_standard_loop_stops_at_its_maximum():
    case = begin(program(looping(False)), again=True)
    for _ in range(3):
        case.complete("u")
    assert case.steps == ["after"]


def test_a_standard_loop_that_tests_before_may_run_not_at_all():
    assert begin(program(looping(True)), again=False).steps == ["after"]


def test_a_loop_without_condition_or_maximum_is_refused():
    mark = tag("standardLoopCharacteristics")
    with pytest.raises(ModelInvalid):
        program(process(start(), user("u", mark), end(), flows("start", "u", "end")))


def test_multi_instance_without_a_collection_is_refused():
    mark = tag("multiInstanceLoopCharacteristics", tag("loopCardinality", "3"))
    with pytest.raises(ModelInvalid) as refused:
        program(process(start(), user("u", mark), end(), flows("start", "u", "end")))
    assert refused.value.element == "u"


def test_the_step_of_an_instance_is_the_step_of_the_diagram():
    step = user("ask", said(name_en="Ask", cancel="cs"), each("people", "person"))
    case = begin(program(process(start(), step, end(), flows("start", "ask", "end"))), people=["a"])
    (wait,) = case.open()
    assert wait.step is case.program.steps["p", "ask"]
    assert wait.step.cancel == ("cs",)
