"""REL-01: processes are killed at random moments under load; nothing is lost, doubled or stuck."""

import multiprocessing
import random
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from engine.ports import SYSTEM
from engine.store.database import Database
from engine.store.tables import history_event, task_history
from engine.timers import fire_due
from engine.work import Engine
from handlers.shared.records import outbox_job
from tests.reliability import plant
from tests.reliability.invariants import violations
from tests.reliability.plant import Duty
from tests.reliability.receiver import Receiver

_spawning = multiprocessing.get_context("forkserver")
_spawning.set_forkserver_preload(["tests.reliability.plant"])

ROLES: tuple[Callable[[Duty], None], ...] = (plant.clerk, plant.clerk, plant.clerk, plant.clock)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Something outside that effects are sent to."""
    receiving = Receiver()
    yield receiving
    receiving.close()


class Crew:
    """Processes at work, each replaced when it is killed."""

    def __init__(self, url: str, receiver: str, seed: int) -> None:
        self._url, self._receiver = url, receiver
        self._random = random.Random(seed)
        self._starts = 0
        self._processes = [self._start(role) for role in ROLES]

    def _start(self, role: Callable[[Duty], None]) -> multiprocessing.process.BaseProcess:
        self._starts += 1
        duty = Duty(self._url, self._receiver, self._starts)
        process = _spawning.Process(target=role, args=(duty,), daemon=True)
        process.start()
        return process

    def work_until(self, is_reached: Callable[[], bool]) -> None:
        """Let everybody work, however slow the machine is, until something is reached."""
        while not is_reached():
            self._processes[0].join(timeout=0.05)
            assert self._processes[0].exitcode is None, "a process ended by itself"

    def kill_one(self) -> None:
        """Let everybody work for a moment, then kill one without warning."""
        number = self._random.randrange(len(ROLES))
        victim = self._processes[number]
        victim.join(timeout=self._random.uniform(0.05, 0.6))
        assert victim.exitcode is None, "a process ended by itself"
        victim.kill()
        victim.join()
        self._processes[number] = self._start(ROLES[number])

    def kill_all(self) -> None:
        """End the day."""
        for process in self._processes:
            process.kill()
            process.join()


def _finish(engine: Engine, receiver: Receiver) -> None:
    """Let one process finish all that is open."""
    choose = random.Random(1)
    while plant.work_once(engine, choose, 0):
        pass
    with engine.work(SYSTEM) as work:  # what killed senders held is free again when their leases end
        work.connection.execute(
            outbox_job.update().where(outbox_job.c.state == "running").values(run_at=work.now)
        )
    fire_due(engine)
    while plant.deliver_once(engine, receiver.url):
        pass


def _survives(database: Database, receiver: Receiver, kills: int) -> None:
    engine = plant.build(database.url.render_as_string(hide_password=False))
    plant.deploy(engine)
    crew = Crew(database.url.render_as_string(hide_password=False), receiver.url, seed=kills)
    try:
        crew.work_until(lambda: _completed(engine) > 0)
        for _ in range(kills):
            crew.kill_one()
    finally:
        crew.kill_all()
    assert violations(engine) == []
    _finish(engine, receiver)
    assert violations(engine) == []
    assert plant.open_cases(engine) == 0
    _effects_are_complete(engine, receiver)
    engine.database.dispose()


def _effects_are_complete(engine: Engine, receiver: Receiver) -> None:
    with engine.reading(SYSTEM) as work:
        keys = set(work.connection.scalars(select(outbox_job.c.dedup_key)))
        undone = work.connection.scalar(
            select(func.count()).select_from(outbox_job).where(outbox_job.c.state != "done")
        )
        told = work.connection.scalar(
            select(func.count()).select_from(history_event).where(history_event.c.kind == "completed")
        )
    assert undone == 0
    assert set(receiver.deliveries) == keys
    assert _completed(engine) == told
    assert told


def _completed(engine: Engine) -> int:
    with engine.reading(SYSTEM) as work:
        count = select(func.count()).select_from(task_history).where(task_history.c.end_kind == "completed")
        return work.connection.scalars(count).one()


def test_a_few_kills_under_load_lose_nothing(database: Database, receiver: Receiver) -> None:
    _survives(database, receiver, kills=6)


@pytest.mark.long
def test_a_hundred_kills_under_load_lose_nothing(database: Database, receiver: Receiver) -> None:
    _survives(database, receiver, kills=110)
