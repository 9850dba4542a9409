"""The real scheduler on the machine's own clock; tests wait for events, never for time to pass."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from engine.clock import SystemClock, monotonic
from engine.escalation import parse_ladder
from engine.limits import keep_ladder
from engine.ports import SYSTEM, OutboxItem
from engine.scheduler import INTERVAL, Periodic, Scheduler, announce
from engine.store.database import Database
from engine.store.tables import user_task
from engine.work import Engine
from tests.engine.ports import MemoryOutbox
from tests.engine.time import world

SOON = timedelta(milliseconds=300)
PATIENCE = 15  # seconds, half of the interval at which the scheduler would look by itself
AT_ONCE = parse_ladder([{"level": 1, "after": "0%", "notify": "cs"}])


class RingingOutbox(MemoryOutbox):
    """An outbox that says when something was put, and may keep whoever puts it waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.rung = threading.Semaphore(0)
        self.entered = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.refusals = 0
        self.refused = threading.Event()

    def put_many(self, connection: Connection, items: Sequence[OutboxItem], now: datetime) -> None:
        self.entered.set()
        assert self.open.wait(PATIENCE)
        if self.refusals:
            self.refusals -= 1
            self.refused.set()
            raise OSError("as a store may")
        super().put_many(connection, items, now)
        for _ in items:
            self.rung.release()

    def wait_for(self, items: int) -> bool:
        """Wait until so many more items were put."""
        return all(self.rung.acquire(timeout=PATIENCE) for _ in range(items))


def node_on(database: Database) -> Engine:
    engine = replace(
        world.new_engine(database, SystemClock()),  # type: ignore[arg-type]  # a clock that no test sets
        outbox=RingingOutbox(),
    )
    keep_ladder(engine, world.BUNDLE, "at_once", AT_ONCE)
    return engine


@pytest.fixture
def node(database: Database) -> Engine:
    engine = node_on(database)
    world.prepare(engine)
    return engine


@pytest.fixture
def running(node: Engine) -> Iterator[Scheduler]:
    scheduler = Scheduler(node)
    scheduler.start()
    yield scheduler
    scheduler.stop()


def outbox_of(engine: Engine) -> RingingOutbox:
    assert isinstance(engine.outbox, RingingOutbox)
    return engine.outbox


def due_in(engine: Engine, delay: timedelta, count: int = 1) -> None:
    """Commit steps whose first rung fires after a delay, as opening a step does."""
    world.open_steps(engine, count, ladder="at_once", job_in=delay)
    engine.on_earlier_timer(engine.clock.now() + delay)


def test_what_came_due_while_the_platform_was_down_is_done_at_the_start(node: Engine) -> None:
    due_in(node, timedelta(hours=-1), 50)
    scheduler = Scheduler(node)
    scheduler.start()
    try:
        assert outbox_of(node).wait_for(50)
    finally:
        scheduler.stop()
    assert scheduler.last_tick_at is not None
    assert scheduler.seconds_since_tick() < PATIENCE


def test_a_commit_that_adds_an_earlier_timer_pulls_the_tick_forward(node: Engine, running: Scheduler) -> None:
    due_in(node, timedelta(0))
    assert outbox_of(node).wait_for(1)  # so the first tick is over or nearly, and the next one far away

    started = monotonic()
    due_in(node, SOON)
    due_in(node, timedelta(hours=5))

    assert outbox_of(node).wait_for(1)
    assert SOON.total_seconds() * 0.9 < monotonic() - started < INTERVAL.total_seconds() / 2


def test_a_timer_that_comes_due_while_the_tick_runs_is_not_left_for_the_next_one(
    node: Engine, running: Scheduler
) -> None:
    outbox = outbox_of(node)
    if not node.database.is_sqlite:  # there a tick in a batch does not keep others from committing
        outbox.open.clear()
        due_in(node, timedelta(0))
        assert outbox.entered.wait(PATIENCE)
    for _ in range(20):
        due_in(node, timedelta(0))
    outbox.open.set()

    assert outbox.wait_for(20)


def test_a_tick_arms_itself_for_what_comes_next(node: Engine) -> None:
    # It wishes for the next tick while it is running, when APScheduler would drop it.
    world.open_steps(node, ladder="at_once", job_in=timedelta(0))
    world.open_steps(node, ladder="at_once", job_in=timedelta(seconds=1))
    scheduler = Scheduler(node)
    scheduler.start()
    try:
        assert outbox_of(node).wait_for(2)
    finally:
        scheduler.stop()


def test_the_clock_goes_on_while_somebody_is_pulling_a_tick_forward(node: Engine) -> None:
    calls = threading.Semaphore(0)
    scheduler = Scheduler(node, (Periodic("beat", timedelta(seconds=0.1), calls.release),))
    scheduler.start()
    try:
        # Whoever holds this may be waiting for APScheduler, so APScheduler's thread must never wait for it.
        with scheduler._lock:
            scheduler._clock.modify_job("tick", next_run_time=node.clock.now())
            assert all(calls.acquire(timeout=PATIENCE) for _ in range(5))
        due_in(node, timedelta(0))
        assert outbox_of(node).wait_for(1)
    finally:
        scheduler.stop()


def test_the_ticks_go_on_after_one_has_failed(node: Engine) -> None:
    outbox = outbox_of(node)
    outbox.refusals = 1
    scheduler = Scheduler(node)
    scheduler.start()
    try:
        due_in(node, timedelta(0))
        assert outbox.refused.wait(PATIENCE)
        scheduler.wake(node.clock.now())
        assert outbox.wait_for(1)
    finally:
        scheduler.stop()


def test_nothing_runs_any_more_after_the_stop(node: Engine) -> None:
    scheduler = Scheduler(node)
    scheduler.start()
    due_in(node, timedelta(0))
    assert outbox_of(node).wait_for(1)
    scheduler.stop()
    due_in(node, timedelta(0))

    assert not any(thread.name.startswith(("APScheduler", "scheduler-")) for thread in threading.enumerate())
    assert world.count(node, user_task, user_task.c.level == 0) == 1


def test_a_scheduler_that_is_stopped_in_the_middle_of_a_burst_ends_after_its_page(node: Engine) -> None:
    outbox = outbox_of(node)
    outbox.open.clear()
    due_in(node, timedelta(0), 100)
    scheduler = Scheduler(node)
    scheduler.start()
    assert outbox.entered.wait(PATIENCE)
    stopper = threading.Thread(target=scheduler.stop)
    stopper.start()
    outbox.open.set()
    stopper.join(PATIENCE)

    assert not stopper.is_alive()


def test_a_clock_put_back_under_apscheduler_does_not_stop_the_ticks(node: Engine, running: Scheduler) -> None:
    due_in(node, timedelta(0))
    assert outbox_of(node).wait_for(1)
    # What an hour back looks like: the next run lies an hour ahead, and the last tick is long ago.
    running._clock.modify_job("tick", next_run_time=node.clock.now() + timedelta(hours=1))
    world.open_steps(node, ladder="at_once", job_in=timedelta(0))
    running._ticked_at = monotonic() - 60

    assert outbox_of(node).wait_for(1)


def test_two_schedulers_on_one_database_do_everything_once_and_both_live(
    node: Engine, database: Database
) -> None:
    other = node_on(Database(database.url.render_as_string(hide_password=False)))
    schedulers = [Scheduler(node), Scheduler(other)]
    for scheduler in schedulers:
        scheduler.start()
    try:
        for _ in range(20):
            due_in(node, timedelta(0), 10)
            due_in(other, timedelta(0), 10)
        done = threading.Semaphore(0)
        for one in (node, other):
            threading.Thread(target=_count_down, args=(outbox_of(one), done), daemon=True).start()
        assert all(done.acquire(timeout=PATIENCE) for _ in range(400))
    finally:
        for scheduler in schedulers:
            scheduler.stop()
        other.database.dispose()

    told = [item.dedup_key for one in (node, other) for item in outbox_of(one).items.values()]
    assert len(told) == len(set(told)) == 400
    assert all(scheduler.last_tick_at is not None for scheduler in schedulers)
    assert len(world.fired(node)) == len(set(world.fired(node))) == 400


def _count_down(outbox: RingingOutbox, done: threading.Semaphore) -> None:
    while outbox.rung.acquire(timeout=PATIENCE):
        done.release()


def test_another_node_hears_of_a_timer_that_is_due_soon(node: Engine, database: Database) -> None:
    if database.is_sqlite:
        return  # SQLite has one node
    desk = node_on(Database(database.url.render_as_string(hide_password=False)))
    desk.on_earlier_timer = partial(announce, desk)
    scheduler = Scheduler(node)
    scheduler.start()
    try:
        due_in(node, timedelta(0))
        assert outbox_of(node).wait_for(1)
        due_in(desk, SOON)
        assert outbox_of(node).wait_for(1)
    finally:
        scheduler.stop()
        desk.database.dispose()


def test_the_listener_comes_back_after_the_database_was_away(node: Engine, database: Database) -> None:
    if database.is_sqlite:
        return  # there is no connection that could be lost
    heard = threading.Event()
    desk = node_on(Database(database.url.render_as_string(hide_password=False)))
    scheduler = Scheduler(node, (Periodic("beat", timedelta(seconds=1), heard.set),))
    scheduler.start()
    try:
        due_in(node, timedelta(0))
        assert outbox_of(node).wait_for(1)
        with desk.work(SYSTEM) as work:
            work.connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %%'"
            )
        due_in(desk, timedelta(0))
        # Listening again, it looks at once for what was said meanwhile.
        assert outbox_of(node).wait_for(1)
        assert heard.wait(PATIENCE)
    finally:
        scheduler.stop()
        desk.database.dispose()


def test_periodic_work_goes_on_after_it_failed(node: Engine) -> None:
    calls = threading.Semaphore(0)

    def fail() -> None:
        calls.release()
        raise ValueError("as work may")

    scheduler = Scheduler(node, (Periodic("failing", timedelta(seconds=0.2), fail),))
    scheduler.start()
    try:
        assert all(calls.acquire(timeout=PATIENCE) for _ in range(3))
    finally:
        scheduler.stop()


def test_a_clock_put_back_under_apscheduler_does_not_stop_periodic_work(node: Engine) -> None:
    calls = threading.Semaphore(0)
    scheduler = Scheduler(node, (Periodic("patient", timedelta(seconds=0.2), calls.release),))
    scheduler.start()
    try:
        assert calls.acquire(timeout=PATIENCE)
        scheduler._clock.modify_job("patient", next_run_time=node.clock.now() + timedelta(days=1))
        assert all(calls.acquire(timeout=PATIENCE) for _ in range(3))
    finally:
        scheduler.stop()
