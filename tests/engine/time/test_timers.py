"""Cases whose timers are due move once each, by themselves, and a broken one stops no other."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from engine import incidents, instances
from engine.errors import Refused
from engine.ports import SYSTEM
from engine.service_tasks import Context
from engine.store.tables import history_event, incident, instance, job, user_task
from engine.timers import ATTEMPTS, delay, fire_due, next_due
from tests.engine.cases.conftest import MANAGER, Shop
from tests.engine.models import Model

MINUTE = timedelta(minutes=1)

# A step with a path for when its time is up, and one that reminds three times.
PATIENT = (
    Model("patient")
    .start()
    .user("answer", due="P1D")
    .timer("time_up", "answer", "PT30M")
    .user("call", due="P1D")
    .end()
    .end("called")
    .flow("start", "answer", "end")
    .flow("time_up", "call", "called")
)
REMINDING = (
    Model("reminding")
    .start(message="reported")
    .user("answer", due="P9D")
    .timer("remind", "answer", "R3/PT1H", interrupting=False)
    .service("note", "test.note")
    .end()
    .end("reminded")
    .flow("start", "answer", "end")
    .flow("remind", "note", "reminded")
)


def moved(shop: Shop) -> Counter[str]:
    """Count the open steps of all cases."""
    return Counter(row.step_id for row in shop.open_tasks())


def begin(shop: Shop, key: str, number: str = "R1") -> int:
    """Start a case of a procedure whose handler wants to know something."""
    return shop.start(key, number, message="reported", wanted="x").id


def several(shop: Shop, key: str, count: int) -> list[int]:
    if key == "patient":
        return [shop.start(key, f"R{number}").id for number in range(count)]
    return [begin(shop, key, f"R{number}") for number in range(count)]


def told(shop: Shop, kind: str) -> int:
    return sum(row.kind == kind for row in shop.rows(history_event))


def test_a_timer_that_another_one_took_away_in_the_same_tick_is_not_counted(shop: Shop) -> None:
    model = Model("patient").start().user("answer", due="P1D").timer("time_up", "answer", "PT30M")
    model = model.timer("time_over", "answer", "PT31M").user("call", due="P1D").end()
    shop.deploy(model.flow("start", "answer", "end").flow("time_up", "call", "end").flow("time_over", "call"))
    shop.start("patient")
    shop.clock.advance(minutes=31)
    assert fire_due(shop.engine) == 1
    assert moved(shop) == {"call": 1}


def test_a_due_timer_takes_its_path(shop: Shop) -> None:
    shop.deploy(PATIENT)
    shop.start("patient")
    shop.clock.advance(minutes=29)
    assert fire_due(shop.engine) == 0
    shop.clock.advance(minutes=1)

    assert fire_due(shop.engine) == 1
    assert shop.steps() == ["call"]
    assert fire_due(shop.engine) == 0


def test_timers_that_came_due_in_an_outage_fire_once_each(shop: Shop) -> None:
    shop.deploy(PATIENT)
    several(shop, "patient", 300)
    shop.clock.advance(hours=1)

    assert fire_due(shop.engine) == 300
    assert fire_due(shop.engine) == 0
    assert moved(shop) == {"call": 300}
    assert told(shop, "fired") == 300


def test_a_cycle_makes_up_for_an_outage_one_by_one_and_ends(shop: Shop) -> None:
    shop.deploy(REMINDING)
    begin(shop, "reminding")
    shop.clock.advance(hours=12)
    fire_due(shop.engine)

    assert len(shop.calls) == 3
    assert next_due(shop.engine) == shop.open_tasks()[0].due_at


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=-10)])
def test_a_clock_that_jumps_neither_doubles_nor_misses_a_timer(shop: Shop, jump: timedelta) -> None:
    shop.deploy(REMINDING)
    begin(shop, "reminding")
    start = shop.clock.now()
    for minute in range(0, 95, 5):
        shop.clock.set(start + minute * MINUTE)
        fire_due(shop.engine)
    assert len(shop.calls) == 1
    shop.clock.set(shop.clock.now() + jump)
    fire_due(shop.engine)
    for minute in range(0, 300, 7):
        shop.clock.set(max(start + minute * MINUTE, shop.clock.now()))
        fire_due(shop.engine)

    assert len(shop.calls) == 3
    assert told(shop, "fired") == 3


class StepsBack:
    """A clock that is put back by ten minutes after it was read once."""

    def __init__(self, now) -> None:
        self._now, self._reads = now, 0

    def now(self):
        self._reads += 1
        return self._now if self._reads == 1 else self._now - 10 * MINUTE


def test_a_clock_put_back_during_the_tick_does_not_undo_what_was_due(shop: Shop) -> None:
    shop.deploy(PATIENT)
    shop.start("patient")
    due = shop.clock.now() + 30 * MINUTE

    fire_due(replace(shop.engine, clock=StepsBack(due)))

    assert shop.steps() == ["call"]
    assert shop.rows(incident) == []


# --- failing -----------------------------------------------------------------------------------------------

NOTED = (
    Model("noted")
    .start(message="reported")
    .user("answer", due="P9D")
    .timer("remind", "answer", "PT1H", interrupting=False)
    .service("note", "test.note")
    .end()
    .end("reminded")
    .flow("start", "answer", "end")
    .flow("remind", "note", "reminded")
)
FAILING = (
    Model("failing")
    .start(message="reported")
    .service("note", "test.note")
    .user("after")
    .end()
    .flow("start", "note", "after", "end")
)


def break_case(shop: Shop, number: str) -> None:
    """Let the handler fail for one case."""

    def behave(context: Context) -> None:
        if context.business_key == number:
            raise ValueError("the pump is on fire")

    shop.behave = behave


def test_a_step_that_fails_five_times_becomes_an_incident_and_its_neighbours_go_on(shop: Shop) -> None:
    shop.deploy(NOTED)
    several(shop, "noted", 10)
    break_case(shop, "R3")
    shop.clock.advance(hours=1)
    fire_due(shop.engine)

    assert len(shop.calls) == 10  # the nine others went on in the same sweep
    for _ in range(ATTEMPTS + 3):
        shop.clock.advance(minutes=20)
        fire_due(shop.engine)
        if shop.rows(incident):
            break
    (trouble,) = shop.rows(incident)
    tries = Counter(number for number, _ in shop.calls)
    assert tries["R3"] == ATTEMPTS
    assert trouble.kind == "handler"
    assert "ValueError" in trouble.message
    assert "behave" in trouble.cause
    assert not [row for row in shop.rows(job) if row.kind == "retry"]


def test_attempts_are_further_and_further_apart(shop: Shop) -> None:
    shop.deploy(FAILING)
    break_case(shop, "R1")
    begin(shop, "failing")
    waits = []
    for _ in range(ATTEMPTS - 1):
        (retry,) = shop.rows(job)
        waits.append(retry.due_at - shop.clock.now())
        shop.clock.set(retry.due_at)
        fire_due(shop.engine)

    assert len(shop.calls) == ATTEMPTS
    assert all(later > 2 * earlier for earlier, later in pairwise(waits))
    assert len(shop.rows(incident)) == 1


def test_jobs_that_failed_together_are_not_tried_together() -> None:
    delays = {delay(2, job_id) for job_id in range(50)}

    assert len(delays) == 50
    assert min(delays) == timedelta(minutes=1)
    assert max(delays) < timedelta(minutes=1.25)


def test_a_step_that_works_again_goes_on_where_it_stood(shop: Shop) -> None:
    shop.deploy(FAILING)
    break_case(shop, "R1")
    begin(shop, "failing")
    shop.clock.advance(minutes=1)
    fire_due(shop.engine)
    assert shop.steps() == []
    shop.behave = lambda _context: None
    shop.clock.advance(minutes=5)
    fire_due(shop.engine)

    assert shop.steps() == ["after"]
    assert shop.rows(incident) == []


def test_what_a_rule_refuses_becomes_an_incident_at_once(shop: Shop) -> None:
    shop.deploy(REMINDING)
    several(shop, "reminding", 2)

    def behave(context: Context) -> None:
        if context.business_key == "R0":
            raise Refused("closed", "仓库已关闭")

    shop.behave = behave
    shop.clock.advance(hours=1)
    fire_due(shop.engine)

    (trouble,) = shop.rows(incident)
    assert trouble.message == "仓库已关闭"
    assert "R1" in {number for number, _ in shop.calls}


def test_a_retried_incident_lets_the_case_go_on(shop: Shop) -> None:
    shop.deploy(FAILING)
    break_case(shop, "R1")
    begin(shop, "failing")
    for _ in range(ATTEMPTS):
        shop.clock.advance(hours=1)
        fire_due(shop.engine)
    (trouble,) = shop.rows(incident)
    shop.behave = lambda _context: None
    shop.engine.run(MANAGER, lambda work: incidents.retry(work, trouble.id, "已修好"))

    assert shop.steps() == ["after"]


def test_a_case_that_cannot_be_read_is_put_aside_and_the_others_move(shop: Shop) -> None:
    shop.deploy(PATIENT)
    broken, *_ = several(shop, "patient", 10)
    with shop.engine.work(SYSTEM) as work:
        work.connection.execute(
            update(instance).where(instance.c.id == broken).values(snapshot=b"not a snapshot")
        )
    shop.clock.advance(minutes=31)
    assert fire_due(shop.engine) == 10
    assert moved(shop) == {"call": 9, "answer": 1}
    for _ in range(ATTEMPTS):
        shop.clock.advance(hours=1)
        fire_due(shop.engine)

    (trouble,) = shop.rows(incident)
    assert (trouble.instance_id, trouble.kind, trouble.step_id) == (broken, "timer", "time_up")
    assert not [row for row in shop.rows(job) if row.kind == "timer"]


def test_a_suspended_case_is_left_alone_until_it_is_resumed(shop: Shop) -> None:
    shop.deploy(PATIENT)
    case = shop.start("patient").id
    shop.engine.run(MANAGER, lambda work: instances.suspend(work, case, "查账"))
    shop.clock.advance(hours=2)
    assert fire_due(shop.engine) == 0
    shop.engine.run(MANAGER, lambda work: instances.resume(work, case))

    assert fire_due(shop.engine) == 1
    assert shop.steps() == ["call"]


def test_a_job_of_a_token_that_is_gone_fires_nothing(shop: Shop) -> None:
    shop.deploy(REMINDING)
    begin(shop, "reminding")
    with shop.engine.work(SYSTEM) as work:
        (timer,) = work.connection.execute(select(job).where(job.c.kind == "timer")).all()
        work.connection.execute(
            job.insert().values({**timer._mapping, "id": timer.id + 1, "due_at": shop.clock.now()})
        )
    fire_due(shop.engine)

    assert shop.calls == []
    assert [row.id for row in shop.rows(job) if row.kind == "timer"] == [timer.id]


def test_a_task_that_opens_late_in_the_tick_is_due_from_then_on(shop: Shop) -> None:
    shop.deploy(PATIENT)
    shop.start("patient")
    shop.clock.advance(hours=5)
    fire_due(shop.engine)

    with shop.engine.reading(SYSTEM) as work:
        (opened,) = work.connection.execute(select(user_task)).all()
    assert opened.opened_at == shop.clock.now()
    assert opened.due_at == shop.clock.now() + timedelta(days=1)
