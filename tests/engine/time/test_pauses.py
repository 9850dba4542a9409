"""A pause stops a step's clock for a listed reason and a limited time, and leaves a trace."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from engine import deadlines, instances, tasks
from engine.bilingual import named
from engine.errors import AlreadyDone, NotAllowed, Refused, TaskGone
from engine.ports import SYSTEM, Actor
from engine.store.tables import history_event, job, task_candidate
from engine.timers import fire_due
from tests.engine.cases.conftest import CLERK, MANAGER, STRANGER, Shop
from tests.engine.models import Model
from tests.engine.time.tables import PAUSES
from tests.engine.time.visit import DAY, HOUR, LEAD, jobs, levels, move, pause, step, timers, unpause


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
    with pytest.raises(NotAllowed, match="暂停超过 3 天 或再次暂停，须由主管办理"):
        pause(visit, until)
    assert step(visit).paused_at is None
    pause(visit, until, actor=LEAD)


def test_a_second_pause_needs_somebody_who_may_approve_it(visit: Shop) -> None:
    pause(visit, visit.clock.now() + HOUR)
    unpause(visit)
    with pytest.raises(NotAllowed, match="暂停超过 3 天 或再次暂停，须由主管办理"):
        pause(visit, visit.clock.now() + HOUR)
    pause(visit, visit.clock.now() + HOUR, actor=LEAD)

    assert step(visit).pause_count == 2


def test_what_two_pauses_took_adds_up_and_moves_the_rungs(visit: Shop) -> None:
    opened = visit.clock.now()
    for hours in (3, 5):
        pause(visit, visit.clock.now() + DAY, actor=LEAD)
        visit.clock.advance(hours=hours)
        unpause(visit)

    assert step(visit).paused_seconds == 8 * 3600
    assert step(visit).due_at == opened + 10 * HOUR
    visit.clock.set(opened + 9 * HOUR)
    fire_due(visit.engine)
    assert jobs(visit) == {"deadline": opened + 8 * HOUR + 1.6 * HOUR}


def test_a_pause_of_just_the_free_length_needs_nobody_else(visit: Shop) -> None:
    pause(visit, visit.clock.now() + 3 * DAY)
    assert step(visit).pause_count == 1


def test_at_its_very_limit_a_step_is_not_late_and_can_be_paused(visit: Shop) -> None:
    visit.clock.advance(hours=2)
    pause(visit, visit.clock.now() + HOUR)
    assert step(visit).due_at == visit.clock.now() + HOUR


def test_a_pause_moves_the_step_in_the_lists_of_all_who_may_do_it(visit: Shop) -> None:
    task = step(visit)
    copied = {
        name: getattr(task, name) for name in ("scope_id", "process_key", "step_id", "rank", "due_sort")
    }
    with visit.engine.work(SYSTEM) as work:
        work.connection.execute(insert(task_candidate).values(task_id=task.id, group_code="pm", **copied))
    pause(visit, visit.clock.now() + HOUR)
    with visit.engine.reading(SYSTEM) as work:
        listed = work.connection.execute(select(task_candidate.c.due_sort)).scalars().all()
    assert listed == [task.due_at + HOUR] == [step(visit).due_sort]


def test_a_late_step_is_not_paused(visit: Shop) -> None:
    visit.clock.advance(hours=2, seconds=1)
    with pytest.raises(Refused, match="已超时") as refused:
        pause(visit, visit.clock.now() + HOUR)
    assert refused.value.params["name"] == named(step(visit)), "in the language of whoever reads it"


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


def test_nobody_puts_off_what_should_have_happened_by_now(visit: Shop) -> None:
    opened = visit.clock.now()
    move(visit, opened + 10 * HOUR)
    visit.clock.advance(hours=4)  # `given_up` is due, and nobody has fired it yet
    with pytest.raises(TaskGone, match="时限已到"):
        pause(visit, opened + 5 * HOUR)
    assert timers(visit)["given_up"] == opened + 4 * HOUR
    fire_due(visit.engine)
    assert visit.open_tasks("repair") == []


def test_a_timer_that_only_reminds_keeps_nobody_from_pausing(visit: Shop) -> None:
    opened = visit.clock.now()
    move(visit, opened + 10 * HOUR)
    visit.clock.advance(hours=3)
    pause(visit, opened + 5 * HOUR)
    assert step(visit).paused_at == opened + 3 * HOUR
