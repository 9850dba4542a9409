"""REL-03, REL-04: the clock of one step is stopped and let go by two at once; its due date is right after."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from engine import deadlines, tasks
from engine.ports import Actor
from engine.store.tables import due_change, escalation, history_event, job, task_history
from engine.timers import fire_due
from tests.engine.cases.conftest import CLERK, SECOND_CLERK, Shop
from tests.engine.time.visit import HOUR, LEAD, jobs, levels, step, timers
from tests.reliability.invariants import violations
from tests.reliability.together import Call, together

LIMIT = 2 * HOUR


@pytest.fixture(autouse=True, params=range(2))  # who is faster differs
def whole(visit: Shop) -> Iterator[None]:
    """Look after each race whether the rows of the case fit together."""
    yield
    assert violations(visit.engine) == []


def pausing(visit: Shop, until: datetime, actor: Actor = CLERK) -> Call:
    task_id = visit.task("repair")
    return lambda: visit.engine.run(actor, lambda work: deadlines.pause(work, task_id, "parts", until))


def going_on(visit: Shop, actor: Actor = CLERK) -> Call:
    task_id = visit.task("repair")
    return lambda: visit.engine.run(actor, lambda work: deadlines.unpause(work, task_id))


def completing(visit: Shop) -> Call:
    task_id = visit.task("repair")
    return lambda: visit.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}))


def firing(visit: Shop) -> Call:
    return lambda: fire_due(visit.engine)


def changes(visit: Shop) -> list[str]:
    return [row.kind for row in visit.rows(due_change)]


def test_pause_and_complete(visit: Shop) -> None:
    opened = visit.clock.now()
    done, paused = together(completing(visit), pausing(visit, opened + 5 * HOUR))

    assert done == "done"
    assert paused in {"done", "task_completed"}
    (ended,) = visit.rows(task_history)
    assert ended.due_at == opened + (7 if paused == "done" else 2) * HOUR
    assert changes(visit) == ["pause"] * (paused == "done")
    assert visit.rows(job) == []


def test_pause_and_pause(visit: Shop) -> None:
    opened = visit.clock.now()
    longer, shorter = together(
        pausing(visit, opened + 5 * HOUR, LEAD), pausing(visit, opened + 3 * HOUR, SECOND_CLERK)
    )

    assert sorted((longer, shorter)) == ["done", "is_paused"]
    length = 5 * HOUR if longer == "done" else 3 * HOUR
    assert (step(visit).due_at, step(visit).pause_count) == (opened + LIMIT + length, 1)
    assert timers(visit)["given_up"] == opened + 4 * HOUR + length
    assert jobs(visit) == {"unpause": opened + length}
    assert changes(visit) == ["pause"]


def test_resume_and_the_fire_of_its_timer(visit: Shop) -> None:
    opened = visit.clock.now()
    pausing(visit, opened + 5 * HOUR)()
    visit.clock.advance(hours=5, minutes=10)
    by_hand, by_clock, by_second_clock = together(going_on(visit, LEAD), firing(visit), firing(visit))

    assert by_hand in {"done", "not_paused"}
    assert (by_clock, by_second_clock) == ("done", "done")
    assert step(visit).due_at == opened + LIMIT + 5 * HOUR
    assert (step(visit).paused_at, step(visit).paused_seconds) == (None, 5 * 3600)
    assert timers(visit)["given_up"] == opened + 9 * HOUR
    assert jobs(visit) == {"deadline": opened + 6 * HOUR}
    assert changes(visit) == ["pause", "unpause"]
    assert [row.kind for row in visit.rows(history_event)].count("unpaused") == 1


def test_resume_and_resume(visit: Shop) -> None:
    opened = visit.clock.now()
    pausing(visit, opened + 5 * HOUR)()
    visit.clock.advance(hours=1)
    assert sorted(together(going_on(visit), going_on(visit, LEAD))) == ["done", "not_paused"]

    assert (step(visit).due_at, step(visit).paused_seconds) == (opened + LIMIT + HOUR, 3600)
    assert jobs(visit) == {"deadline": opened + 2 * HOUR}


def test_resume_and_complete(visit: Shop) -> None:
    opened = visit.clock.now()
    pausing(visit, opened + 5 * HOUR)()
    visit.clock.advance(hours=1)
    done, went_on = together(completing(visit), going_on(visit, LEAD))

    assert done == "done"
    assert went_on in {"done", "task_completed"}
    (ended,) = visit.rows(task_history)
    assert ended.due_at == opened + LIMIT + (HOUR if went_on == "done" else 5 * HOUR)
    assert visit.rows(job) == []


def test_pause_and_move_of_the_due_date(visit: Shop) -> None:
    opened, task_id = visit.clock.now(), visit.task("repair")
    paused, moved = together(
        pausing(visit, opened + 5 * HOUR),
        lambda: visit.engine.run(
            LEAD, lambda work: deadlines.move(work, task_id, opened + 10 * HOUR, "业主要求")
        ),
    )

    assert paused == "done"
    assert moved in {"done", "is_paused"}
    limit = 10 * HOUR if moved == "done" else LIMIT
    assert step(visit).due_at == opened + limit + 5 * HOUR
    assert jobs(visit) == {"unpause": opened + 5 * HOUR}


def test_pause_and_the_fire_of_a_rung(visit: Shop) -> None:
    opened = visit.clock.now()
    visit.clock.advance(minutes=100)  # the warning and 80 % are due
    until = visit.clock.now() + 5 * HOUR
    assert together(pausing(visit, until), firing(visit)) == ["done", "done"]

    assert step(visit).due_at == opened + LIMIT + 5 * HOUR
    assert jobs(visit) == {"unpause": until}
    assert levels(visit) in ([], [0, 1])
    visit.clock.set(until)
    fire_due(visit.engine)
    fire_due(visit.engine)
    assert sorted(row.level for row in visit.rows(escalation)) == [0, 1]
    assert jobs(visit) == {"deadline": opened + LIMIT + 5 * HOUR}


def test_pause_and_the_fire_of_the_timer_of_the_step(visit: Shop) -> None:
    opened = visit.clock.now()
    visit.engine.run(
        LEAD, lambda work: deadlines.move(work, visit.task("repair"), opened + timedelta(days=1), "业主要求")
    )
    visit.clock.advance(hours=4)  # given up now, though not late
    paused, fired = together(pausing(visit, opened + 9 * HOUR), firing(visit))

    assert fired == "done"
    assert paused in {"task_withdrawn", "task_timed_out"}
    fire_due(visit.engine)  # a tick passes over a case that is in somebody's hands
    assert visit.steps() == ["remind"]
    assert jobs(visit) == {}
