"""A step's time: what its diagram says, pauses, moves, and what stays of the old."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import calendar, deadlines, instances, tasks
from engine.errors import AlreadyDone, NotAllowed, Refused
from engine.ports import SYSTEM, Actor, Grants, Membership
from engine.store.tables import (
    due_change,
    escalation,
    history_event,
    instance,
    job,
    task_candidate,
    user_task,
)
from engine.timers import fire_due
from tests.engine.cases.conftest import CLERK, COMMUNITY, MANAGER, STRANGER, Shop
from tests.engine.models import Model
from tests.engine.time.tables import LADDERS, PAUSES
from tests.engine.time.test_calendar import office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEAD = Actor(8, "staff")

VISIT = (
    Model("visit")
    .start()
    .user("repair", due="PT2H", follow_up="PT1H", escalation="accept", pausable="true")
    .timer("given_up", "repair", "PT4H", pausable="true")
    .timer("reminded", "repair", "PT3H", interrupting=False)
    .user("remind")
    .end()
    .end("stopped")
    .end("told")
    .flow("start", "repair", "end")
    .flow("given_up", "stopped")
    .flow("reminded", "remind", "told")
)


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


@pytest.fixture
def visit(shop: Shop) -> Shop:
    """A case whose one step is due in two hours, is given up after four, and can be paused."""
    shop.deploy(VISIT, LADDERS, PAUSES)
    shop.start("visit")
    rights = {"task.move_due", "task.approve_pause"}
    shop.directory.give(
        LEAD,
        Grants((Membership("csl", COMMUNITY),), frozenset((right, COMMUNITY) for right in rights)),
    )
    return shop


def pause(shop: Shop, until: datetime, reason: str = "owner_absent", actor: Actor = CLERK) -> None:
    task_id = shop.task("repair")
    shop.engine.run(actor, lambda work: deadlines.pause(work, task_id, reason, until))


def unpause(shop: Shop, actor: Actor = CLERK) -> None:
    task_id = shop.task("repair")
    shop.engine.run(actor, lambda work: deadlines.unpause(work, task_id))


def move(shop: Shop, due_at: datetime, reason: str = "下暴雨", actor: Actor = MANAGER) -> None:
    task_id = shop.task("repair")
    shop.engine.run(actor, lambda work: deadlines.move(work, task_id, due_at, reason))


def step(shop: Shop):
    (row,) = shop.open_tasks("repair")
    return row


def jobs(shop: Shop) -> dict[str, datetime]:
    """Tell what happens next to the step and when, without its own timers."""
    return {row.kind: row.due_at for row in shop.rows(job) if row.step_id == "repair"}


def timers(shop: Shop) -> dict[str, datetime]:
    return {row.step_id: row.due_at for row in shop.rows(job) if row.kind == "timer"}


def levels(shop: Shop) -> list[int]:
    return [row.level for row in shop.rows(escalation)]


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


# --- pausing -----------------------------------------------------------------------------------------------


def test_a_pause_puts_off_the_due_date_and_lets_nothing_fire_meanwhile(visit: Shop) -> None:
    opened = visit.clock.now()
    visit.clock.advance(minutes=30)
    pause(visit, opened + DAY)
    visit.clock.advance(hours=20)
    fire_due(visit.engine)

    assert step(visit).due_at == step(visit).due_sort == opened + DAY + 1.5 * HOUR
    assert step(visit).original_due_at == opened + 2 * HOUR
    assert levels(visit) == []
    assert jobs(visit) == {"unpause": opened + DAY}


def test_a_paused_step_goes_on_by_itself_and_recomputes_its_rungs(visit: Shop) -> None:
    opened = visit.clock.now()
    visit.clock.advance(minutes=90)
    fire_due(visit.engine)
    pause(visit, opened + DAY)
    visit.clock.set(opened + DAY)
    fire_due(visit.engine)
    paused = DAY - 1.5 * HOUR

    assert levels(visit) == [0]
    assert step(visit).paused_at is None
    assert step(visit).paused_seconds == paused.total_seconds()
    assert jobs(visit) == {"deadline": opened + 1.6 * HOUR + paused}
    visit.clock.set(opened + 2 * HOUR + paused)
    fire_due(visit.engine)
    assert levels(visit) == [0, 1, 2]
    assert step(visit).overdue_at == visit.clock.now()
    assert jobs(visit) == {"deadline": opened + 3 * HOUR + paused}


def test_a_pause_that_ends_early_costs_only_its_own_length(visit: Shop) -> None:
    opened = visit.clock.now()
    pause(visit, opened + DAY)
    visit.clock.advance(hours=5)
    unpause(visit)

    assert step(visit).due_at == opened + 7 * HOUR
    assert step(visit).follow_up_at == opened + 6 * HOUR
    assert timers(visit)["given_up"] == opened + 9 * HOUR
    assert jobs(visit) == {"deadline": opened + 6 * HOUR}


def test_a_pause_whose_end_was_missed_ended_when_it_was_planned_to(visit: Shop) -> None:
    opened = visit.clock.now()
    pause(visit, opened + 5 * HOUR)
    visit.clock.advance(hours=6)  # the platform was down for an hour
    fire_due(visit.engine)

    assert step(visit).due_at == opened + 7 * HOUR
    assert step(visit).paused_seconds == 5 * 3600


def test_only_the_timers_marked_pausable_move_with_a_pause(visit: Shop) -> None:
    opened = visit.clock.now()
    pause(visit, opened + DAY)
    assert timers(visit) == {"given_up": opened + DAY + 4 * HOUR, "reminded": opened + 3 * HOUR}

    visit.clock.set(opened + 4 * HOUR)
    fire_due(visit.engine)
    assert visit.steps() == ["remind", "repair"]
    visit.clock.set(opened + DAY)
    fire_due(visit.engine)
    pause(visit, opened + 2 * DAY, actor=LEAD)
    assert timers(visit) == {"given_up": opened + 2 * DAY + 4 * HOUR}
    visit.clock.set(opened + 2 * DAY + 4 * HOUR)
    fire_due(visit.engine)
    assert visit.steps() == ["remind"]


def test_a_paused_step_can_still_be_completed(visit: Shop) -> None:
    pause(visit, visit.clock.now() + DAY)
    visit.clock.advance(hours=10)
    visit.complete("repair")

    assert visit.rows(job) == []
    assert visit.steps() == []


def test_every_pause_and_its_end_stay_with_reason_person_and_both_dates(visit: Shop) -> None:
    opened = visit.clock.now()
    pause(visit, opened + DAY, "parts")
    visit.clock.advance(hours=3)
    unpause(visit, LEAD)
    task_id = visit.task("repair")

    with visit.engine.reading(CLERK) as work:
        kept = [
            (change.kind, change.actor_id, change.reason, change.old_due_at, change.new_due_at)
            for change in deadlines.changes(work, task_id)
        ]
    due = opened + 2 * HOUR
    assert kept == [
        ("pause", CLERK.id, "parts", due, due + DAY),
        ("unpause", LEAD.id, "parts", due + DAY, due + 3 * HOUR),
    ]
    assert [row.kind for row in visit.rows(history_event) if row.kind.endswith("paused")] == [
        "paused",
        "unpaused",
    ]


def test_a_reason_that_the_table_does_not_list_is_refused(visit: Shop) -> None:
    with pytest.raises(Refused, match="holiday"):
        pause(visit, visit.clock.now() + HOUR, "holiday")


def test_a_pause_is_no_longer_than_its_reason_allows(visit: Shop) -> None:
    now = visit.clock.now()
    with pytest.raises(Refused, match="11-30 10:00"):
        pause(visit, now + 7 * DAY + timedelta(seconds=1), actor=LEAD)
    pause(visit, now + 7 * DAY, actor=LEAD)


def test_a_pause_cannot_end_before_it_begins(visit: Shop) -> None:
    with pytest.raises(Refused):
        pause(visit, visit.clock.now())


def test_a_long_pause_needs_somebody_who_may_approve_it(visit: Shop) -> None:
    until = visit.clock.now() + 3 * DAY + timedelta(seconds=1)
    with pytest.raises(NotAllowed, match=r"task\.approve_pause"):
        pause(visit, until)
    assert step(visit).paused_at is None
    pause(visit, until, actor=LEAD)


def test_a_second_pause_needs_somebody_who_may_approve_it(visit: Shop) -> None:
    pause(visit, visit.clock.now() + HOUR)
    unpause(visit)
    with pytest.raises(NotAllowed, match=r"task\.approve_pause"):
        pause(visit, visit.clock.now() + HOUR)
    pause(visit, visit.clock.now() + HOUR, actor=LEAD)

    assert step(visit).pause_count == 2


def test_a_late_step_is_not_paused(visit: Shop) -> None:
    visit.clock.advance(hours=2, seconds=1)
    with pytest.raises(Refused, match="已超时"):
        pause(visit, visit.clock.now() + HOUR)


def test_a_paused_step_is_neither_paused_again_nor_moved(visit: Shop) -> None:
    pause(visit, visit.clock.now() + HOUR)
    with pytest.raises(AlreadyDone):
        pause(visit, visit.clock.now() + HOUR, actor=LEAD)
    with pytest.raises(AlreadyDone):
        move(visit, visit.clock.now() + DAY)


def test_a_step_that_is_not_paused_cannot_go_on(visit: Shop) -> None:
    with pytest.raises(AlreadyDone):
        unpause(visit)


def test_a_step_whose_diagram_does_not_say_so_is_never_paused(shop: Shop) -> None:
    shop.deploy(Model("plain").start().user("repair").end().flow("start", "repair", "end"), PAUSES)
    shop.start("plain")
    with pytest.raises(Refused, match="不能暂停"):
        pause(shop, shop.clock.now() + HOUR)


def test_a_procedure_without_a_table_of_pauses_knows_no_reason(shop: Shop) -> None:
    model = Model("bare").start().user("repair", pausable="true").end().flow("start", "repair", "end")
    shop.deploy(model)
    shop.start("bare")
    with pytest.raises(Refused, match="不是可选的暂停原因"):
        pause(shop, shop.clock.now() + HOUR)


def test_a_stranger_pauses_nothing(visit: Shop) -> None:
    with pytest.raises(NotAllowed):
        pause(visit, visit.clock.now() + HOUR, actor=STRANGER)
    pause(visit, visit.clock.now() + HOUR)
    with pytest.raises(NotAllowed):
        unpause(visit, STRANGER)


def test_who_does_not_hold_a_claimed_step_does_not_pause_it(visit: Shop) -> None:
    task_id = visit.task("repair")
    visit.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    with pytest.raises(NotAllowed):
        pause(visit, visit.clock.now() + HOUR, actor=Actor(2, "staff"))
    pause(visit, visit.clock.now() + HOUR, actor=CLERK)


def test_a_suspended_case_ends_its_pause_when_it_is_resumed(visit: Shop) -> None:
    opened = visit.clock.now()
    (case,) = {row.instance_id for row in visit.open_tasks()}
    pause(visit, opened + 5 * HOUR)
    visit.engine.run(MANAGER, lambda work: instances.suspend(work, case, "查账"))
    visit.clock.advance(hours=8)
    fire_due(visit.engine)
    assert step(visit).paused_at is not None
    visit.engine.run(MANAGER, lambda work: instances.resume(work, case))
    fire_due(visit.engine)

    assert step(visit).paused_seconds == 5 * 3600


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
