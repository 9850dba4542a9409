"""REL-02: a process dies at a named point; what was committed is there, and work goes on."""

import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from engine import deploying
from engine.ports import SYSTEM
from engine.store import schema
from engine.store.database import Database
from engine.store.tables import deployment
from engine.work import Engine
from handlers.shared import outbox
from handlers.shared.records import outbox_job
from tests.reliability import plant
from tests.reliability.invariants import violations
from tests.reliability.receiver import Receiver

_spawning = multiprocessing.get_context("forkserver")
_DIED = 77


def _die(*_: object) -> None:
    os._exit(_DIED)


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


# --- what the processes do until they die ------------------------------------------------------------------


def _before_commit(url: str, _receiver: str) -> None:
    engine = plant.build(url)
    event.listen(engine.database.writer, "commit", _die)
    while True:
        plant.work_once(engine, random.Random(1), 3)


def _after_commit_before_send(url: str, _receiver: str) -> None:
    engine = plant.build(url)
    while not outbox.has_due(engine):
        plant.work_once(engine, random.Random(1), 3)
    outbox.claim(engine, 1, timedelta(seconds=2))
    _die()


def _after_send_before_done(url: str, receiver: str) -> None:
    engine = plant.build(url)
    while not outbox.has_due(engine):
        plant.work_once(engine, random.Random(1), 3)
    commits = []

    def second_commit(_connection: object) -> None:
        commits.append(1)
        if len(commits) == 2:  # the first one took the job, this one would say that it is done
            _die()

    event.listen(engine.database.writer, "commit", second_commit)
    plant.deliver_once(engine, receiver)


def _during_deploy(url: str, _receiver: str) -> None:
    engine = plant.build(url)
    event.listen(engine.database.writer, "commit", _die)
    with engine.work(SYSTEM) as work:
        deploying.deploy(work, "second", plant.FILES, duplicate_filtering=False)


def _during_migration(url: str, _receiver: str) -> None:
    database = Database(url)
    statements = []

    def some_statements(*_: object) -> None:
        statements.append(1)
        if len(statements) == 20:
            _die()

    event.listen(database.writer, "before_cursor_execute", some_statements)
    schema.upgrade(database)


def _dies(point: Callable[[str, str], None], database: Database, receiver: str = "") -> None:
    process = _spawning.Process(target=point, args=(_url(database), receiver), daemon=True)
    process.start()
    process.join(timeout=60)
    assert process.exitcode == _DIED


# --- what must be true afterwards --------------------------------------------------------------------------


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Something outside that effects are sent to."""
    receiving = Receiver()
    yield receiving
    receiving.close()


POINTS = (_before_commit, _after_commit_before_send, _after_send_before_done, _during_deploy)


def _work_survives(
    point: Callable[[str, str], None], database: Database, receiver: Receiver, times: int
) -> None:
    engine = plant.build(_url(database))
    plant.deploy(engine)
    for _ in range(times):
        _dies(point, database, receiver.url)
        assert violations(engine) == []
        _deliver_all(engine, receiver)  # else the same job would kill its fifth worker and be buried
    choose = random.Random(2)
    while plant.work_once(engine, choose, 0):
        pass
    _deliver_all(engine, receiver)
    with engine.reading(SYSTEM) as work:
        keys = set(work.connection.scalars(select(outbox_job.c.dedup_key)))
        assert set(work.connection.scalars(select(outbox_job.c.state))) <= {"done"}
        assert work.connection.scalar(select(func.count()).select_from(deployment)) == 1
    assert set(receiver.deliveries) == keys
    assert plant.open_cases(engine) == 0
    assert violations(engine) == []
    engine.database.dispose()


def _deliver_all(engine: Engine, receiver: Receiver) -> None:
    with engine.work(SYSTEM) as work:  # what the dead held is free again when their leases end
        held = outbox_job.update().where(outbox_job.c.state == "running")
        work.connection.execute(held.values(run_at=work.now))
    while plant.deliver_once(engine, receiver.url):
        pass


def _migration_survives(database: Database, times: int) -> None:
    for _ in range(times):
        _dies(_during_migration, database)
        with database.reading() as connection:
            assert schema.current(connection) is None
    schema.upgrade(database)
    with database.reading() as connection:
        assert schema.current(connection) == schema.newest()


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Database]:
    """Return a database without any table."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").new_database() if postgres else f"sqlite:///{tmp_path}/e.db"
    database = Database(url)
    yield database
    database.dispose()


@pytest.mark.parametrize("point", POINTS)
def test_a_process_that_dies_at_a_point_leaves_nothing_half_done(
    point: Callable[[str, str], None], database: Database, receiver: Receiver
) -> None:
    _work_survives(point, database, receiver, 2)


@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_a_migration_that_dies_is_made_anew(empty: Database) -> None:
    _migration_survives(empty, 2)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_processes_that_die_twenty_times_at_a_point_leave_nothing_half_done(
    point: Callable[[str, str], None], database: Database, receiver: Receiver
) -> None:
    _work_survives(point, database, receiver, 20)


@pytest.mark.long
@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_a_migration_that_dies_twenty_times_is_made_anew(empty: Database) -> None:
    _migration_survives(empty, 20)
