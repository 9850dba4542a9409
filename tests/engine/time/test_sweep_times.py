"""A sweep works out the times of many steps at once, and they are those of each by itself."""

from datetime import timedelta

from sqlalchemy import insert

from engine.calendar import always
from engine.clock import SettableClock
from engine.escalation import Happening, agenda, parse_ladder
from engine.ids import new_id
from engine.limits import keep_ladder, times_of
from engine.ports import SYSTEM
from engine.store.tables import escalation, history_event, job, user_task
from engine.sweep import sweep
from engine.work import Engine
from tests.engine.time import world
from tests.engine.time.world import fetch, open_steps

MINUTES = timedelta(minutes=1)


def test_steps_that_differ_in_one_thing_each_have_times_of_their_own(
    engine: Engine, clock: SettableClock
) -> None:
    ladder = parse_ladder(
        {"level": level, "after": after, "notify": "csl"}
        for level, after in enumerate(("50%", "PT20M", "due-PT4M", "due+PT15M"), 1)
    )
    keep_ladder(engine, world.BUNDLE, "mixed", ladder)
    now = clock.now()
    for facts in (
        {},
        {"paused_seconds": 600},
        {"due_at": now + 50 * MINUTES},
        {"original_due_at": now + 20 * MINUTES},
        {"follow_up_at": now + 35 * MINUTES},
        {"overdue_at": now},
        {"ladder": "accept"},
        {"opened_at": now - 7 * MINUTES},
    ):
        open_steps(engine, **({"ladder": "mixed", "job_in": 10 * MINUTES} | facts))
    (known,) = open_steps(engine, ladder="mixed", job_in=10 * MINUTES)
    climbed = {"task_id": known, "instance_id": fetch(engine, user_task)[-1].instance_id, "level": 1}
    told = {"ladder": "mixed", "notified": "csl", "due_at": now, "fired_at": now}
    with engine.work(SYSTEM) as work:
        work.connection.execute(insert(escalation), [{"id": new_id(), **climbed, **told}])
    clock.advance(minutes=31)
    rungs, jobs, late = set(), set(), set()
    for task in fetch(engine, user_task):
        times = times_of(task, [1] if task.id == known else [])
        coming = agenda(times, ladder if task.ladder == "mixed" else world.LADDER, always(engine.zone))
        rungs |= {(task.id, due.level, due.at) for due in coming if due.level and due.at <= clock.now()}
        jobs |= {(task.id, min(due.at for due in coming if due.at > clock.now()))} if coming else set()
        late |= {task.id for due in coming if due.what is Happening.OVERDUE and due.at <= clock.now()}
    sweep(engine, clock.now())

    assert {(row.task_id, row.level, row.due_at) for row in fetch(engine, escalation)} == rungs | {
        (known, 1, now)
    }
    assert {(row.task_id, row.due_at) for row in fetch(engine, job)} == jobs
    assert {row.task_id for row in fetch(engine, history_event) if row.kind == "overdue"} == late
