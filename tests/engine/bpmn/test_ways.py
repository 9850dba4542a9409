"""Looking ahead along the drawn ways finds the steps that can come next, and nothing behind them."""

from engine.bpmn.program import Program
from engine.bpmn.ways import Possible, Ways, ahead, read_ways
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    catch,
    diagram,
    duration,
    end,
    event,
    exclusive,
    flow,
    flows,
    process,
    program,
    start,
    subprocess,
    tag,
    user,
)


def drawn(*processes: str) -> tuple[Program, Ways]:
    return program(*processes), read_ways({"p.bpmn": diagram(*processes)})


def names(found: tuple[Possible, ...]) -> list[str]:
    return [f"{one.path}:{one.step.element if one.step else 'the end'}" for one in found]


def named(source: str, target: str, label: str) -> str:
    condition = tag("conditionExpression", "${x}")
    return tag(
        "sequenceFlow", condition, id=f"{source}_{target}", name=label, sourceRef=source, targetRef=target
    )


def test_the_ways_of_a_gateway_are_told_with_their_labels() -> None:
    body = (start(), user("ask"), exclusive("which", "which_no"), user("mend"), end("no"))
    ways = (flows("start", "ask", "which"), named("which", "mend", "修"), named("which", "no", "不修"))
    both = drawn(process(*body, *ways, flow("mend", "no")))
    found = ahead(*both, "", "ask")
    assert names(found) == [":mend", ":the end"]
    assert [one.said for one in found] == [(("修", ""),), (("不修", ""),)]
    assert found[0].through == (("", "ask_which"), ("", "which"), ("", "which_mend"), ("", "mend"))


def test_a_bare_yes_is_told_behind_the_question_of_its_gateway() -> None:
    body = (
        start(),
        user("ask"),
        tag("exclusiveGateway", id="which", name="修好？", default="which_no"),
        user("mend"),
        end("no"),
    )
    ways = (flows("start", "ask", "which"), named("which", "mend", "是"), named("which", "no", "否"))
    found = ahead(*drawn(process(*body, *ways, flow("mend", "no"))), "", "ask")
    assert [one.said for one in found] == [(("修好？是", ""),), (("修好？否", ""),)]


def test_a_way_goes_into_called_processes_and_out_of_them_again() -> None:
    outer = process(
        start(), user("a"), call("deep", "q"), user("z"), end(), flows("start", "a", "deep", "z", "end")
    )
    inner = process(start("s"), user("b"), end("e"), flows("s", "b", "e"), key="q")
    both = drawn(outer, inner)
    assert names(ahead(*both, "", "a")) == ["deep:b"]
    assert names(ahead(*both, "deep", "b")) == [":z"]
    assert names(ahead(*both, "", "z")) == [":the end"]


def test_a_way_leads_through_embedded_subprocesses() -> None:
    inside = subprocess("sub", start("s"), user("b"), end("e"), flows("s", "b", "e"))
    both = drawn(
        process(start(), user("a"), inside, user("z"), end(), flows("start", "a", "sub", "z", "end"))
    )
    assert names(ahead(*both, "", "a")) == [":b"]
    assert names(ahead(*both, "", "b")) == [":z"]


def test_an_error_goes_to_the_boundary_event_that_catches_it() -> None:
    inside = subprocess("sub", start("s"), user("b"), end("e", event("error", "no")), flows("s", "b", "e"))
    caught = boundary("caught", "sub", event("error", "no"))
    body = (start(), inside, caught, user("repair"), user("z"), end(), end("other"))
    ways = (flows("start", "sub", "z", "end"), flows("caught", "repair", "other"))
    assert names(ahead(*drawn(process(*body, *ways)), "", "b")) == [":repair"]


def test_a_loop_leads_back_to_its_step_and_is_walked_once() -> None:
    body = (start(), user("a"), exclusive("again", "again_end"), end())
    ways = (flows("start", "a", "again"), flow("again", "a", "${x}"), flow("again", "end"))
    assert names(ahead(*drawn(process(*body, *ways)), "", "a")) == [":a", ":the end"]


def test_a_token_comes_to_rest_at_an_event_that_it_waits_for() -> None:
    body = (start(), user("a"), catch("later", duration("PT1H")), user("z"), end())
    both = drawn(process(*body, flows("start", "a", "later", "z", "end")))
    assert names(ahead(*both, "", "a")) == [":later"]


def test_a_timer_leads_to_what_comes_when_it_fires() -> None:
    body = (start(), user("a"), boundary("late", "a", duration("PT1H")), user("other"), end(), end("off"))
    both = drawn(process(*body, flows("start", "a", "end"), flows("late", "other", "off")))
    assert names(ahead(*both, "", "late")) == [":other"]
