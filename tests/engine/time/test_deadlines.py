"""A step's time: what its diagram says, what a manager makes of it, and what stays of the old."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from engine import calendar, tasks
from engine.errors import NotAllowed, Refused
from engine.ports import SYSTEM
from engine.store.tables import due_change, escalation, history_event, instance, task_candidate, user_task
from engine.timers import fire_due
from tests.engine.cases.conftest import CLERK, MANAGER, Shop
from tests.engine.models import Model
from tests.engine.time.test_calendar import office
from tests.engine.time.visit import DAY, HOUR, jobs, levels, move, step

WHOLE = (
    Model("whole", properties={"dueDate": "P1D"})
    .start()
    .user("first", due="PT2H", form="notice")
    .user("second", due="")
    .end()
    .flow("start", "first", "second", "end")
)
NOTICE_FORM = (
    "notice.form",
    b'{"type": "default", "id": "notice", "schemaVersion": 18, "components": [{"type": "datetime",'
    b' "subtype": "datetime", "key": "noticed_at", "label": "x", "variable": true}]}',
)


# --- opening -----------------------------------------------------------------------------------------------


def test_a_step_opens_with_its_limit_warning_and_ladder_and_one_job(visit: Shop) -> None:
    now = visit.clock.now()

    assert (step(visit).due_at, step(visit).original_due_at) == (now + 2 * HOUR, now + 2 * HOUR)
    assert step(visit).follow_up_at == now + HOUR
    assert jobs(visit) == {"deadline": now + HOUR}


def test_a_step_climbs_the_ladder_of_its_table_and_its_timers_take_their_paths(visit: Shop) -> None:
    told = []
    for _ in range(5):
        visit.clock.advance(hours=1)
        fire_due(visit.engine)
        told.append((levels(visit), visit.steps()))

    assert told == [
        ([0], ["repair"]),
        ([0, 1, 2], ["repair"]),
        ([0, 1, 2, 3], ["remind", "repair"]),
        ([0, 1, 2, 3], ["remind"]),
        ([0, 1, 2, 3], ["remind"]),
    ]


def test_a_clock_that_was_put_back_escalates_nothing_twice_and_nothing_that_was_done(visit: Shop) -> None:
    visit.clock.advance(hours=2)
    fire_due(visit.engine)
    assert levels(visit) == [0, 1, 2]

    visit.clock.set(visit.clock.now() - 2 * HOUR)
    visit.start("visit", "R2")
    newer = max(row.id for row in visit.open_tasks("repair"))
    visit.clock.advance(minutes=30)
    fire_due(visit.engine)
    visit.engine.run(CLERK, lambda work: tasks.complete(work, newer, {}))
    for _ in range(7):  # it catches up, and two hours more
        visit.clock.advance(minutes=30)
        fire_due(visit.engine)

    assert [(row.task_id == newer, row.level) for row in visit.rows(escalation)] == [
        (False, level) for level in range(4)
    ]
    assert visit.steps() == ["remind"]


def test_a_limit_on_a_working_calendar_counts_its_hours_only(shop: Shop) -> None:
    calendar.declare(shop.engine, {"office": office()})
    with shop.engine.work(SYSTEM) as work:
        calendar.publish_days(
            work,
            "cn_workdays",
            [calendar.ListedDay(day, kind) for day, kind in office().exceptions.items()],
        )
    shop.clock.set(datetime.fromisoformat("2026-09-30T17:00:00+08:00"))  # before the week of National Day
    shop.deploy(
        Model("complain")
        .start()
        .user("repair", due="P2D", follow_up="PT2H", clock="office")
        .end()
        .flow("start", "repair", "end")
    )
    shop.start("complain")

    assert step(shop).due_at == datetime.fromisoformat("2026-10-09T17:00:00+08:00")
    assert step(shop).follow_up_at == datetime.fromisoformat("2026-10-08T10:00:00+08:00")


def test_a_step_without_a_limit_has_that_of_the_whole_case(shop: Shop) -> None:
    opened = shop.clock.now()
    shop.deploy(WHOLE, NOTICE_FORM)
    shop.start("whole")
    assert [(row.step_id, row.due_at) for row in shop.open_tasks()] == [("first", opened + 2 * HOUR)]
    shop.clock.advance(hours=1)
    shop.complete("first")

    assert shop.open_tasks("second")[0].due_at == opened + DAY
    assert shop.rows(instance)[0].due_at == opened + DAY


def test_the_limit_of_a_case_may_run_from_what_is_only_known_later(shop: Shop) -> None:
    model = replace(WHOLE, properties={"dueDate": "${noticed_at + PT24H}"})
    shop.deploy(model, NOTICE_FORM)
    shop.start("whole")
    assert shop.rows(instance)[0].due_at is None
    shop.clock.advance(hours=1)
    shop.complete("first", noticed_at="2026-11-22T12:00:00+08:00")

    assert shop.open_tasks("second")[0].due_at == datetime.fromisoformat("2026-11-23T12:00:00+08:00")


# --- moving ------------------------------------------------------------------------------------------------


def test_a_manager_moves_a_due_date_and_the_next_rung_with_it(visit: Shop) -> None:
    opened = visit.clock.now()
    visit.clock.advance(minutes=100)
    fire_due(visit.engine)
    assert levels(visit) == [0, 1]
    move(visit, opened + 10 * HOUR)

    assert step(visit).due_at == step(visit).due_sort == opened + 10 * HOUR
    assert step(visit).original_due_at == opened + 2 * HOUR
    assert jobs(visit) == {"deadline": opened + 10 * HOUR}  # level 1 stays fired
    visit.clock.set(opened + 12 * HOUR)
    fire_due(visit.engine)
    assert levels(visit) == [0, 1, 2, 3]
    (change,) = visit.rows(due_change)
    assert (change.kind, change.actor_id, change.reason) == ("move", MANAGER.id, "下暴雨")


def test_a_late_step_that_was_given_more_time_becomes_late_again(visit: Shop) -> None:
    visit.clock.advance(hours=2, minutes=30)
    fire_due(visit.engine)
    assert step(visit).overdue_at is not None
    due_at = visit.clock.now() + HOUR
    move(visit, due_at)
    assert step(visit).overdue_at is None

    visit.clock.set(due_at)
    fire_due(visit.engine)
    assert step(visit).overdue_at == due_at
    assert [row.kind for row in visit.rows(history_event)].count("overdue") == 2
    assert len(levels(visit)) == len(set(levels(visit)))


def test_an_early_warning_keeps_its_distance_from_a_moved_due_date(visit: Shop) -> None:
    opened = visit.clock.now()
    move(visit, opened + 5 * HOUR)
    assert step(visit).follow_up_at == opened + 4 * HOUR
    move(visit, opened + HOUR)
    assert step(visit).follow_up_at == opened


def test_widened_candidates_see_a_moved_due_date_in_their_lists(visit: Shop) -> None:
    visit.clock.advance(hours=2)
    fire_due(visit.engine)
    move(visit, visit.clock.now() + 5 * HOUR)

    with visit.engine.reading(SYSTEM) as work:
        (candidate,) = work.connection.execute(select(task_candidate)).all()
    assert candidate.due_sort == step(visit).due_sort


def test_a_move_needs_a_reason_a_coming_moment_and_the_right(visit: Shop) -> None:
    coming = visit.clock.now() + HOUR
    with pytest.raises(Refused, match="原因"):
        move(visit, coming, "  ")
    with pytest.raises(Refused, match="已过去"):
        move(visit, visit.clock.now())
    with pytest.raises(NotAllowed):
        move(visit, coming, actor=CLERK)
    assert visit.rows(due_change) == []


def test_the_warning_is_sent_once_however_often_the_due_date_moves(visit: Shop) -> None:
    for hours in (5, 4, 6):
        visit.clock.advance(hours=1)
        fire_due(visit.engine)
        move(visit, visit.clock.now() + hours * HOUR)
    visit.clock.advance(hours=10)
    fire_due(visit.engine)

    assert levels(visit).count(0) == 1
    assert len([row for row in visit.rows(user_task) if row.step_id == "repair"]) == 0  # given up after 4 h
