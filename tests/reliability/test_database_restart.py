"""REL-09: PostgreSQL crashes and comes back while clerks work; what was said to be done is done."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import select

from engine import tasks
from engine.errors import StoreUnavailable, TaskGone, TaskNotFound, TransactionLost
from engine.ports import SYSTEM
from engine.store import schema
from engine.store.tables import task_history, user_task
from engine.work import Engine
from tests.postgres import PostgresServer
from tests.reliability import plant
from tests.reliability.invariants import violations

CASES = 20


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that no other test uses."""
    with TemporaryDirectory(prefix="wuye-restart-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.start()
        yield server
        server.stop()


class Clerks:
    """Three people at work until they are told to stop, who remember what they were told is done."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.done: list[int] = []
        self.errors: Counter[type[BaseException]] = Counter()
        self.progress = threading.Semaphore(0)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(seed,)) for seed in range(3)]
        for thread in self._threads:
            thread.start()

    def _work(self, seed: int) -> None:
        choose = random.Random(seed)
        while not self._stop.is_set():
            try:
                plant.work_once(self.engine, choose, CASES)
                self._complete_one(choose)
            except Exception as error:  # noqa: BLE001  # counted, and judged by the test
                self.errors[type(error)] += 1
                self._stop.wait(0.05)

    def _complete_one(self, choose: random.Random) -> None:
        with self.engine.reading(SYSTEM) as work:
            ids = list(work.connection.scalars(select(user_task.c.id).limit(50)))
        task_id = choose.choice(ids)
        try:
            self.engine.run(plant.CLERKS[0], lambda work: tasks.complete(work, task_id, {}))
        except (TaskGone, TaskNotFound):
            return  # another clerk was faster
        self.done.append(task_id)
        self.progress.release()

    def wait_for(self, count: int) -> None:
        """Wait until so many more steps were completed."""
        for _ in range(count):
            assert self.progress.acquire(timeout=60), self.errors

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)


def _survives(server: PostgresServer, restarts: int) -> None:
    engine = plant.build(server.new_database())
    schema.create(engine.database)
    plant.deploy(engine)
    clerks = Clerks(engine)
    try:
        for _ in range(restarts):
            clerks.wait_for(10)
            server.restart()
        clerks.wait_for(10)  # the pool has recovered by itself
    finally:
        clerks.stop()
    with engine.reading(SYSTEM) as work:
        done = set(work.connection.scalars(select(task_history.c.id)))
    assert set(clerks.done) <= done
    assert len(clerks.done) == len(set(clerks.done))
    assert set(clerks.errors) <= {StoreUnavailable, TransactionLost}
    assert violations(engine) == []
    engine.database.dispose()


def test_a_crash_of_the_database_loses_nothing_that_was_done(own_server: PostgresServer) -> None:
    _survives(own_server, 1)


@pytest.mark.long
def test_ten_crashes_of_the_database_lose_nothing_that_was_done(own_server: PostgresServer) -> None:
    _survives(own_server, 10)
