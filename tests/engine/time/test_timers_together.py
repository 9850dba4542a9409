"""Of several who want to move one case at the same moment, one moves it, once."""

import threading
from collections import Counter
from dataclasses import replace

from sqlalchemy import select, update

from engine import tasks
from engine.errors import Problem
from engine.ports import SYSTEM
from engine.service_tasks import Context
from engine.store.database import Database
from engine.store.tables import incident, instance, job
from engine.timers import fire_due
from tests.engine.cases.conftest import CLERK, Shop
from tests.engine.time.test_timers import MINUTE, PATIENT, REMINDING, moved, several, told


def test_two_nodes_move_each_case_once(shop: Shop, database: Database) -> None:
    shop.deploy(REMINDING)
    several(shop, "reminding", 40)
    shop.clock.advance(hours=1)
    other = Database(database.url.render_as_string(hide_password=False))
    nodes = [shop.engine, replace(shop.engine, database=other, cache={})]
    together = threading.Barrier(2, timeout=20)

    def run(node) -> None:
        together.wait()
        fire_due(node)

    threads = [threading.Thread(target=run, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    fire_due(shop.engine)
    other.dispose()

    assert Counter(number for number, _ in shop.calls) == {f"R{number}": 1 for number in range(40)}
    assert told(shop, "fired") == 40
    assert shop.rows(incident) == []


def test_what_is_put_off_after_it_was_found_due_waits_for_its_new_time(shop: Shop) -> None:
    shop.deploy(REMINDING)
    several(shop, "reminding", 2)
    shop.clock.advance(hours=1)

    def put_off(context: Context) -> None:
        others = job.c.instance_id != context.instance_id
        later = shop.clock.now() + MINUTE
        context.work.connection.execute(update(job).where(others).values(due_at=later))

    shop.behave = put_off
    assert fire_due(shop.engine) == 1
    assert len(shop.calls) == 1

    shop.behave = lambda _context: None
    shop.clock.advance(minutes=1)
    fire_due(shop.engine)
    assert sorted(number for number, _ in shop.calls) == ["R0", "R1"]


def test_completing_and_firing_at_once_let_one_of_them_win(shop: Shop) -> None:
    shop.deploy(PATIENT)
    several(shop, "patient", 20)
    shop.clock.advance(minutes=31)
    ids = [row.id for row in shop.open_tasks("answer")]
    together = threading.Barrier(2, timeout=20)
    refused: list[str] = []

    def complete() -> None:
        together.wait()
        for task_id in reversed(ids):
            try:
                shop.engine.run(CLERK, lambda work, task_id=task_id: tasks.complete(work, task_id, {}))
            except Problem as problem:
                refused.append(problem.code)

    def fire() -> None:
        together.wait()
        fire_due(shop.engine)

    threads = [threading.Thread(target=complete), threading.Thread(target=fire)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    fire_due(shop.engine)

    # The time was up before anybody completed, so the timer wins every time, whoever fires it.
    assert len(refused) == 20
    assert moved(shop) == {"call": 20}
    assert told(shop, "fired") == 20
    assert shop.rows(incident) == []


def test_a_case_that_somebody_works_on_is_left_for_later_and_not_waited_for(
    shop: Shop, database: Database
) -> None:
    if database.is_sqlite:
        return  # one writer at a time: there is nobody to wait for
    shop.deploy(PATIENT)
    busy, _ = several(shop, "patient", 2)
    shop.clock.advance(minutes=31)
    with shop.engine.work(SYSTEM) as work:
        work.connection.execute(select(instance).where(instance.c.id == busy).with_for_update()).one()
        assert fire_due(shop.engine) == 1

    assert fire_due(shop.engine) == 1
    assert moved(shop) == {"call": 2}
