"""Timers fire when they are told to, and say beforehand when that will be."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn.runtime import NoSuchWait, Run, StepFailed
from engine.durations import Duration
from tests.engine.bpmn.cases import MORNING, FakeHost, begin
from tests.engine.bpmn.diagrams import (
    boundary,
    catch,
    cycle,
    date,
    duration,
    end,
    flows,
    process,
    program,
    said,
    start,
    user,
)


def reminding(definition: str, *, interrupting: bool = False) -> str:
    return process(
        start(),
        user("u"),
        boundary("timer", "u", definition, interrupting=interrupting),
        user("remind"),
        end(),
        flows("start", "u", "end"),
        flows("timer", "remind", "end"),
    )


@pytest.mark.parametrize(
    ("definition", "due"),
    [
        (duration("PT30M"), MORNING + timedelta(minutes=30)),
        (duration('"PT30M"'), MORNING + timedelta(minutes=30)),
        (duration("${limit}"), MORNING + timedelta(minutes=45)),
        (duration("P1M"), datetime(2026, 12, 23, 2, 0, tzinfo=UTC)),
        (date("2026-12-01T10:00:00+08:00"), datetime(2026, 12, 1, 2, 0, tzinfo=UTC)),
        (date("${moment}"), datetime(2027, 1, 1, 2, 0, tzinfo=UTC)),
        (cycle("R3/PT10M"), MORNING + timedelta(minutes=10)),
    ],
)
def test_a_timer_says_when_it_is_due_as_seen_from_its_arming(definition, due):
    compiled = program(reminding(definition))
    case = begin(compiled, limit="PT45M", moment="2027-01-01T10:00:00+08:00")
    assert case.due == {"timer": due}
    case.host.wait(minutes=5)
    case.do(lambda run: run.correct(case.host, {"limit": "PT1M"}))
    assert case.due == {"timer": due}


def test_a_timer_knows_the_activity_it_closes():
    case = begin(program(reminding(duration("PT30M"), interrupting=True)))
    (timer,) = case.waits("timer")
    assert timer.interrupting
    assert timer.closes == case.open("u")[0].token


def test_an_interrupting_timer_cancels_its_activity():
    case = begin(program(reminding(duration("PT30M"), interrupting=True)))
    case.fire("timer")
    assert case.steps == ["remind"]
    assert case.log[-3:] == [("fired", "timer"), ("cancelled", "u"), ("entered", "remind")]
    assert case.last.moves[0].attached_to == "u"


def test_a_non_interrupting_timer_leaves_its_activity_open_and_fires_once():
    case = begin(program(reminding(duration("PT30M"))))
    case.fire("timer")
    assert case.steps == ["remind", "u"]
    assert case.due == {}
    case.complete("u")
    assert case.steps == ["remind"]
    case.complete("remind")
    assert case.finished


def test_completing_the_activity_ends_its_timers():
    case = begin(program(reminding(duration("PT30M"))))
    token = case.waits("timer")[0].token
    case.complete("u")
    assert case.finished
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.fire(case.host, token))


def test_nothing_fires_by_itself_when_its_time_is_past():
    case = begin(program(reminding(duration("PT30M"), interrupting=True)))
    case.host.wait(days=3)
    case.complete("u")
    assert case.finished
    assert ("fired", "timer") not in case.log


def test_only_the_timer_that_is_named_fires():
    body = (
        user("u"),
        boundary("first", "u", duration("PT10M"), interrupting=False),
        boundary("second", "u", duration("PT20M"), interrupting=False),
        user("a"),
        user("b"),
        flows("start", "u", "end"),
        flows("first", "a", "end"),
        flows("second", "b", "end"),
    )
    case = begin(program(process(start(), *body, end())))
    case.host.wait(hours=1)
    case.fire("second")
    assert case.steps == ["b", "u"]
    assert list(case.due) == ["first"]


def test_a_bounded_cycle_fires_every_occurrence_late_ones_too():
    case = begin(program(reminding(cycle("R3/PT10M"))))
    case.host.wait(hours=2)
    seen = []
    while case.due:
        seen.append(case.due["timer"])
        case.fire("timer")
    assert seen == [MORNING + timedelta(minutes=minutes) for minutes in (10, 20, 30)]
    assert case.steps == ["remind", "remind", "remind", "u"]


def test_an_endless_cycle_passes_over_what_it_missed_but_one():
    case = begin(program(reminding(cycle("R/PT10M"))))
    case.host.wait(minutes=95)
    case.fire("timer")
    assert case.steps == ["remind", "u"]
    assert case.due == {"timer": MORNING + timedelta(minutes=100)}


@pytest.mark.parametrize("late", [0, 1, 9, 10, 11, 20, 25, 70, 71, 12345])
def test_the_next_firing_of_an_endless_cycle_is_the_first_in_the_future(late):
    case = begin(program(reminding(cycle("R/PT10S"))))
    case.host.wait(seconds=10 + late)
    case.fire("timer")
    due = case.due["timer"]
    assert timedelta(0) < due - case.host.now <= timedelta(seconds=10)
    assert (due - MORNING).total_seconds() % 10 == 0


def test_an_endless_cycle_ends_with_its_activity_and_stays_small():
    case = begin(program(reminding(cycle("R/PT10M"))))
    for _ in range(50):
        case.fire("timer")
        case.complete("remind")
    assert len(case.content) < 600
    case.complete("u")
    assert case.finished


def test_reminders_that_are_open_survive_the_end_of_the_activity():
    case = begin(program(reminding(cycle("R/PT10M"))))
    case.fire("timer")
    case.complete("u")
    assert case.steps == ["remind"]
    assert case.due == {}


def test_a_cycle_with_a_start_and_one_with_an_end():
    case = begin(program(reminding(cycle("R2/2026-11-24T10:00:00+08:00/P1D"))))
    assert case.due == {"timer": datetime(2026, 11, 24, 2, 0, tzinfo=UTC)}
    case.fire("timer")
    assert case.due == {"timer": datetime(2026, 11, 25, 2, 0, tzinfo=UTC)}
    case.fire("timer")
    assert case.due == {}
    case = begin(program(reminding(cycle("R2/PT1H/2026-11-23T14:00:00+08:00"))))
    assert case.due == {"timer": datetime(2026, 11, 23, 5, 0, tzinfo=UTC)}


def test_an_interrupting_cycle_fires_once():
    case = begin(program(reminding(cycle("R3/PT10M"), interrupting=True)))
    case.fire("timer")
    assert case.steps == ["remind"]
    assert case.due == {}


def test_an_intermediate_timer_lets_its_token_go_on():
    body = (catch("pause", duration("P1D")), user("u"), flows("start", "pause", "u", "end"))
    case = begin(program(process(start(), *body, end())))
    assert case.steps == []
    case.fire("pause")
    assert case.steps == ["u"]


def test_a_pause_moves_a_timer():
    case = begin(program(reminding(cycle("R2/PT10M"))))
    token = case.waits("timer")[0].token
    later = MORNING + timedelta(minutes=25)
    case.do(lambda run: run.move_timer(token, later))
    assert case.due == {"timer": later}
    case.fire("timer")
    assert case.due == {"timer": MORNING + timedelta(minutes=20)}
    with pytest.raises(NoSuchWait):
        case.do(lambda run: run.move_timer(case.open("u")[0].token, later))


def test_a_timer_without_a_time_fails_at_its_element():
    with pytest.raises(StepFailed) as failure:
        begin(program(reminding(duration("${unset}"))))
    assert failure.value.element == "timer"


def test_a_user_step_without_a_limit_has_that_of_its_interrupting_timer():
    case = begin(program(reminding(duration("PT30M"), interrupting=True)))
    assert case.open("u")[0].due == Duration.parse("PT30M")
    assert case.open("u")[0].step.limit_text == "PT30M"
    assert begin(program(reminding(duration("PT30M")))).open("u")[0].due is None


def test_a_timer_that_follows_pauses_says_so():
    timer = boundary("timer", "u", duration("PT1H"), said(pausable="true"), interrupting=False)
    case = begin(
        program(process(start(), user("u"), timer, end(), flows("start", "u", "end"), flows("timer", "end")))
    )
    assert case.waits("timer")[0].step.pausable


def test_the_clock_of_a_timer_is_the_host_not_the_machine():
    host = FakeHost(now=datetime(1999, 12, 31, 23, 0, tzinfo=UTC))
    case = begin(program(reminding(duration("PT1H"))), host)
    assert case.due == {"timer": datetime(2000, 1, 1, tzinfo=UTC)}
    assert Run.load(case.program, case.content).waits()[0].due is None
