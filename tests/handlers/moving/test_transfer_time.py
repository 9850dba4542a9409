"""The limits of a change of owner run from the notice, whatever its steps took (policy C2)."""

from datetime import timedelta

import pytest

from handlers.policy.clauses import Asked
from handlers.policy.figures import Figure, figure
from tests.handlers.moving.moving_world import Desk


def test_each_step_is_due_so_long_after_the_notice_however_late_it_opens(desk: Desk) -> None:
    noticed_at = desk.clock.now() - timedelta(hours=3)
    number = desk.told_of_transfer(ago=timedelta(hours=3))
    due = {
        "register": 1,
        "verify": 16,
        "tell_old": 16,
        "enter": 16,
        "second_check": 20,
        "fees": 24,
        "keys": 24,
    }

    def is_due(step: str) -> None:
        assert desk.task(number, step).due_at == noticed_at + timedelta(hours=due[step]), step

    is_due("register")
    desk.register(number)
    is_due("verify")
    desk.later(hours=5)
    desk.papers(number)
    is_due("tell_old")
    desk.tell_old(number)
    is_due("enter")
    desk.later(hours=5)
    desk.enter(number)
    is_due("second_check")
    desk.check(number)
    is_due("fees")
    is_due("keys")
    assert desk.case(number).due_at == noticed_at + timedelta(hours=24)


@pytest.mark.parametrize("done", ["notice", "register", "papers", "tell"])
def test_the_lead_hears_at_16_the_manager_at_20_and_quality_at_24_hours(desk: Desk, done: str) -> None:
    noticed_at = desk.clock.now()
    number = desk.told_of_transfer()
    steps = ["notice", "register", "papers", "tell"]
    desk.register(number)
    acts = {"papers": desk.papers, "tell": desk.tell_old}
    for step in steps[2 : steps.index(done) + 1]:
        desk.later(hours=1)
        acts[step](number)
    (step,) = desk.steps(number)
    told = []
    for hours in (15.9, 16, 20, 24):
        desk.at(noticed_at + timedelta(hours=hours))
        told.append([level for one, level in desk.warned(number) if one == step and level > 1])
    assert told == [[], [2], [2, 3], [2, 3, 4]]
    assert desk.task(number, step).overdue_at is not None


def test_a_check_that_waits_is_told_on_at_the_same_hours(desk: Desk) -> None:
    noticed_at = desk.clock.now()
    number = desk.to_check()
    told = []
    for hours in (15.9, 16, 20, 24):
        desk.at(noticed_at + timedelta(hours=hours))
        told.append(desk.warned(number))
    levels = [[level for step, level in one if step == "second_check"] for one in told]
    assert levels == [[], [1], [1, 2], [1, 2, 3]]


def test_a_step_that_opens_after_its_hour_is_late_at_once(desk: Desk) -> None:
    number = desk.told_of_transfer(ago=timedelta(hours=21))
    desk.later(minutes=1)
    desk.register(number)
    desk.later(minutes=1)
    task = desk.task(number, "verify")
    assert task.overdue_at is not None
    assert [level for step, level in desk.warned(number) if step == "verify"] == [1, 2, 3]


def test_nothing_is_skipped_or_completed_by_time(desk: Desk) -> None:
    number = desk.to_check()
    desk.later(days=9)
    assert desk.steps(number) == ["second_check"]
    assert desk.may_act(desk.owner)


def test_managers_see_how_many_changes_were_in_the_records_within_24_hours(desk: Desk) -> None:
    def told(name: str) -> Figure:
        with desk.engine.reading(desk.manager) as work:
            return figure(work, Asked(name, "", "", ""))

    number = desk.told_of_transfer(ago=timedelta(hours=23))
    desk.register(number)
    missing = {"missing": ["buyer_id"], "note": "身份证没带"}
    desk.do(number, "verify", desk.clerk, outcome="missing", **missing)
    assert told("waiting_for_papers") == Figure(1)
    desk.later(hours=2)
    desk.do(number, "wait_papers", desk.clerk, note="到了")
    desk.papers(number)
    desk.tell_old(number)
    desk.enter(number)
    desk.check(number)
    assert told("changed_in_time") == Figure(0, 1)
