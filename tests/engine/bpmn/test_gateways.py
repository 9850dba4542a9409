"""Gateways split and join tokens."""

import pytest

from engine.bpmn.runtime import NoSuchWait, StepFailed
from tests.engine.bpmn.cases import begin
from tests.engine.bpmn.diagrams import (
    catch,
    duration,
    end,
    event,
    exclusive,
    flow,
    flows,
    inclusive,
    parallel,
    process,
    program,
    start,
    subprocess,
    tag,
    user,
)

CHOICE = process(
    start(),
    exclusive("which", default="which_c"),
    user("a"),
    user("b"),
    user("c"),
    exclusive("join"),
    end(),
    flow("start", "which"),
    flow("which", "a", "${x > 2}"),
    flow("which", "b", "${x == 2}"),
    flow("which", "c"),
    *(flow(way, "join") for way in "abc"),
    flow("join", "end"),
)


@pytest.mark.parametrize(("x", "way"), [(3, "a"), (2, "b"), (1, "c")])
def test_an_exclusive_gateway_takes_the_flow_whose_condition_holds(x, way):
    case = begin(program(CHOICE), x=x)
    assert case.steps == [way]
    case.complete(way)
    assert case.finished


def test_a_condition_that_is_neither_true_nor_false_fails_at_its_gateway():
    with pytest.raises(StepFailed) as failure:
        begin(program(CHOICE))
    assert (failure.value.path, failure.value.element) == ((), "which")


def test_a_gateway_without_a_way_on_fails():
    body = (exclusive("which"), user("a"), flow("start", "which"), flow("which", "a", "${x == 1}"))
    with pytest.raises(StepFailed, match="没有条件成立"):
        begin(program(process(start(), *body, end(), flow("a", "end"))), x=2)


PARALLEL = process(
    start(),
    parallel("fork", "join"),
    user("a"),
    user("b"),
    user("c"),
    user("after"),
    end(),
    flows("start", "fork", "a", "join", "after", "end"),
    flows("fork", "b", "join"),
    flows("fork", "c", "join"),
)


def test_a_parallel_join_waits_for_every_branch():
    case = begin(program(PARALLEL))
    assert case.steps == ["a", "b", "c"]
    case.complete("b")
    case.complete("a")
    assert case.steps == ["c"]
    case.complete("c")
    assert case.steps == ["after"]
    assert sorted(kind for kind, element in case.log if element == "join") == ["entered"] * 3 + ["left"] * 3
    case.complete("after")
    assert case.finished


def test_a_parallel_join_inside_a_rework_loop_waits_in_every_round():
    body = (
        parallel("fork", "join"),
        user("a"),
        user("b"),
        user("check"),
        exclusive("again", default="again_end"),
        exclusive("enter"),
        flows("start", "enter", "fork", "a", "join", "check", "again", "end"),
        flows("fork", "b", "join"),
        flow("again", "enter", "${again}"),
    )
    case = begin(program(process(start(), *body, end())))
    for round_ in range(4):
        case.complete("a" if round_ % 2 else "b")
        assert case.steps == (["b"] if round_ % 2 else ["a"])
        case.complete("b" if round_ % 2 else "a")
        assert case.steps == ["check"]
        case.complete("check", again=round_ < 3)
    assert case.finished


def test_tokens_that_come_by_the_same_flow_wait_for_partners_of_their_own():
    body = (
        parallel("fork", "join"),
        exclusive("merge"),
        user("a1"),
        user("a2"),
        user("b"),
        user("after"),
        flows("start", "fork", "a1", "merge", "join", "after", "end"),
        flows("fork", "a2", "merge"),
        flows("fork", "b", "join"),
    )
    case = begin(program(process(start(), *body, end())))
    case.complete("a1")
    case.complete("a2")
    assert case.steps == ["b"]
    case.complete("b")
    assert case.steps == ["after"]


def test_many_parallel_blocks_in_a_row_stay_small():
    body, last = user("u"), "u"
    for number in range(12):
        fork, join, ways = f"fork{number}", f"join{number}", [f"{way}{number}" for way in "abcd"]
        body += parallel(fork, join) + "".join(tag("task", id=way) for way in ways) + flow(last, fork)
        body += "".join(flows(fork, way, join) for way in ways)
        last = join
    case = begin(program(process(start(), body, end(), flow("start", "u"), flow(last, "end"))))
    assert len(case.content) < 500
    case.complete("u")
    assert case.finished


INCLUSIVE = process(
    start(),
    inclusive("fork", default="fork_c"),
    user("a"),
    user("b"),
    user("c"),
    inclusive("join"),
    user("after"),
    end(),
    flow("start", "fork"),
    flow("fork", "a", "${a}"),
    flow("fork", "b", "${b}"),
    flow("fork", "c"),
    *(flow(way, "join") for way in "abc"),
    flows("join", "after", "end"),
)


@pytest.mark.parametrize(
    ("a", "b", "open_steps"), [(True, True, ["a", "b"]), (True, False, ["a"]), (False, False, ["c"])]
)
def test_an_inclusive_gateway_takes_and_joins_what_holds(a, b, open_steps):
    case = begin(program(INCLUSIVE), a=a, b=b)
    assert case.steps == open_steps
    for element in open_steps:
        assert "after" not in case.steps
        case.complete(element)
    assert case.steps == ["after"]


def test_an_inclusive_join_waits_for_a_running_subprocess():
    inner = subprocess("sub", start("s"), user("inside"), end("e"), flows("s", "inside", "e"))
    body = (inclusive("fork"), inner, user("b"), inclusive("join"), user("after"), flow("start", "fork"))
    ways = (
        flow("fork", "sub", "${true}"),
        flow("fork", "b", "${true}"),
        flow("sub", "join"),
        flow("b", "join"),
    )
    case = begin(program(process(start(), *body, *ways, end(), flows("join", "after", "end"))))
    case.complete("b")
    assert case.steps == ["inside"]
    case.complete("inside")
    assert case.steps == ["after"]


def test_an_inclusive_join_does_not_wait_for_a_token_that_may_come_by_a_flow_where_one_waits():
    body = (
        parallel("fork"),
        user("first"),
        user("second"),
        exclusive("which", default="which_b"),
        exclusive("a"),
        exclusive("b"),
        inclusive("join"),
        user("after"),
        flows("start", "fork", "first", "a", "join", "after", "end"),
        flows("fork", "second", "which", "b", "join"),
        flow("which", "a", "${true}"),
    )
    case = begin(program(process(start(), *body, end())))
    case.complete("first")
    assert case.steps == ["after", "second"]


def test_tokens_that_come_by_one_flow_pass_an_inclusive_join_one_after_the_other():
    body = (
        parallel("fork"),
        user("first"),
        user("second"),
        user("third"),
        exclusive("merge"),
        exclusive("which", default="which_join"),
        inclusive("join"),
        user("after"),
        end("given_up"),
        flows("start", "fork", "first", "merge", "join", "after", "end"),
        flows("fork", "second", "merge"),
        flows("fork", "third", "which", "join"),
        flow("which", "given_up", "${given_up}"),
    )
    case = begin(program(process(start(), *body, end())))
    case.complete("first")
    case.complete("second")
    assert case.steps == ["third"]
    case.complete("third", given_up=True)
    assert case.steps == ["after", "after"]


RACE = process(
    start(),
    tag("eventBasedGateway", id="race"),
    catch("paid", event("message", "paid")),
    catch("late", duration("P7D")),
    user("thank"),
    user("remind"),
    end(),
    flows("start", "race", "paid", "thank", "end"),
    flows("race", "late", "remind", "end"),
)


def test_behind_an_event_gateway_the_first_event_wins():
    case = begin(program(RACE))
    assert sorted((wait.kind, wait.element) for wait in case.waits()) == [
        ("message", "paid"),
        ("timer", "late"),
    ]
    case.do(lambda run: run.correlate(case.host, "paid", {"amount_fen": 5}))
    assert case.steps == ["thank"]
    assert case.waits("timer", "message") == []
    assert case.variables == {"amount_fen": 5}


def test_behind_an_event_gateway_the_timer_can_win():
    case = begin(program(RACE))
    case.fire("late")
    assert case.steps == ["remind"]
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.correlate(case.host, "paid", {}))
