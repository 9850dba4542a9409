"""A Work is one transaction: all of it or nothing, on SQLite as on PostgreSQL."""

import threading

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from engine.clock import SettableClock
from engine.errors import NotPermitted, TransactionLost
from engine.ids import IdSource
from engine.ports import SYSTEM, Actor, Grants, Library, Membership
from engine.store.database import Database, time_limit
from engine.store.tables import deployment
from engine.work import Engine, Work
from tests.engine.ports import FakeDirectory, MemoryOutbox, PlainVault


@pytest.fixture
def engine(database: Database, clock: SettableClock) -> Engine:
    return Engine(database, FakeDirectory(), PlainVault(), MemoryOutbox(), Library({}, {}, {}), clock)


def _deploy(work: Work, number: int) -> None:
    work.connection.execute(
        insert(deployment).values(id=number, name=f"d{number}", source="", deployed_at=work.now, actor_id=0)
    )


def _stored(engine: Engine) -> list[int]:
    with engine.reading(SYSTEM) as work:
        return list(work.connection.scalars(select(deployment.c.id).order_by(deployment.c.id)))


def test_an_error_undoes_the_whole_work(engine: Engine) -> None:
    with pytest.raises(KeyError), engine.work(SYSTEM) as work:
        _deploy(work, 1)
        raise KeyError

    assert _stored(engine) == []


def test_a_released_savepoint_does_not_survive_the_rollback_around_it(engine: Engine) -> None:
    with pytest.raises(KeyError), engine.work(SYSTEM) as work:
        with work.savepoint():
            _deploy(work, 1)
        raise KeyError

    assert _stored(engine) == []


def test_a_failed_savepoint_undoes_only_itself(engine: Engine) -> None:
    with engine.work(SYSTEM) as work:
        _deploy(work, 1)
        with pytest.raises(KeyError), work.savepoint():
            _deploy(work, 2)
            raise KeyError
        _deploy(work, 3)

    assert _stored(engine) == [1, 3]


def test_two_works_that_read_then_write_both_finish(engine: Engine) -> None:
    both_started = threading.Barrier(2, timeout=20)
    failures: list[BaseException] = []

    def read_then_write(number: int) -> None:
        try:
            both_started.wait()
            for step in range(20):
                with engine.work(SYSTEM) as work:
                    work.connection.scalars(select(deployment.c.id)).all()
                    _deploy(work, number * 100 + step)
        except BaseException as error:  # noqa: BLE001  # handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=read_then_write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert len(_stored(engine)) == 40


def test_a_reading_work_sees_one_state_whatever_is_committed_meanwhile(engine: Engine) -> None:
    with engine.reading(SYSTEM) as reading:
        query = select(deployment.c.id)
        before = reading.connection.scalars(query).all()
        with engine.work(SYSTEM) as work:
            _deploy(work, 1)
        after = reading.connection.scalars(query).all()

    assert before == after == []
    assert _stored(engine) == [1]


def test_a_reading_work_cannot_write(engine: Engine) -> None:
    with pytest.raises(DBAPIError), engine.reading(SYSTEM) as work:
        _deploy(work, 1)

    assert _stored(engine) == []


def test_a_moment_comes_back_as_it_went_in(engine: Engine, clock: SettableClock) -> None:
    with engine.work(SYSTEM) as work:
        _deploy(work, 1)

    with engine.reading(SYSTEM) as work:
        assert work.connection.scalar(select(deployment.c.deployed_at)) == clock.now()


def test_a_statement_that_never_ends_is_interrupted_on_sqlite(
    sqlite_database: Database, clock: SettableClock
) -> None:
    engine = Engine(
        sqlite_database, FakeDirectory(), PlainVault(), MemoryOutbox(), Library({}, {}, {}), clock
    )
    endless = (
        "INSERT INTO deployment (id, name, source, deployed_at, actor_id) "
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n) SELECT i, 'x', '', 'x', 0 FROM n"
    )

    with pytest.raises(TransactionLost), engine.work(SYSTEM) as work:
        _deploy(work, 1)
        with work.savepoint(), time_limit(work.connection, 0.2):
            work.connection.exec_driver_sql(endless)

    assert _stored(engine) == []


def test_a_lost_transaction_is_run_again_with_what_failed(engine: Engine) -> None:
    seen: list[set[tuple[str, str]]] = []

    def call(work: Work) -> str:
        seen.append(set(work.held))
        if not work.held:
            raise TransactionLost("transaction_lost", "x", held={("", "dispatch"): ValueError("slow")})
        return "done"

    assert engine.run(SYSTEM, call) == "done"
    assert seen == [set(), {("", "dispatch")}]


def test_a_person_without_the_permission_is_refused(engine: Engine) -> None:
    someone = Actor(7, "staff")

    with pytest.raises(NotPermitted), engine.work(someone) as work:
        work.require("process.deploy")


def test_grants_count_in_their_scope_only(engine: Engine) -> None:
    someone = Actor(7, "staff")
    directory = engine.directory
    assert isinstance(directory, FakeDirectory)
    directory.give(someone, Grants((Membership("cs", 1),), frozenset({("case.read", 1)})))

    with engine.reading(someone) as work:
        assert work.may("case.read", 1)
        assert not work.may("case.read", 2)
        assert not work.may("case.read")


def test_ids_drawn_by_many_threads_differ() -> None:
    source = IdSource()
    drawn: list[list[int]] = [[] for _ in range(4)]

    def draw(mine: list[int]) -> None:
        for _ in range(1_000):
            mine.extend([*source.draw(), *source.draw(4)])

    threads = [threading.Thread(target=draw, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in drawn)
    together = [number for mine in drawn for number in mine]
    assert len(set(together)) == 20_000
    assert max(together) < 2**63


def test_rows_are_read_one_by_one_with_parameters(engine: Engine) -> None:
    with engine.work(SYSTEM) as work:
        for number in (1, 2, 3):
            _deploy(work, number)
    query = select(deployment.c.id).where(deployment.c.id.in_([1, 3])).order_by(deployment.c.id)

    with engine.reading(SYSTEM) as reading, engine.work(SYSTEM) as writing:
        found = [
            list(work.connection.scalars(query.execution_options(yield_per=1))) for work in (reading, writing)
        ]

    assert found == [[1, 3], [1, 3]]
