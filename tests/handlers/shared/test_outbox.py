"""The outbox: jobs are stored with their cause, run once, tried again, and never lost with their worker."""

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor, OutboxItem
from engine.work import Engine
from handlers.shared import limits, outbox
from handlers.shared.outbox import Job, LeaseLost, put, retry_delay
from handlers.shared.outbox_worker import Worker
from handlers.shared.records import alarm, outbox_job

pytestmark = pytest.mark.both_stores

LEASE = timedelta(minutes=2)


class Inline:
    """Runs jobs in this process, with this test's clock."""

    def __init__(self, call: Callable[[Job], str | None]) -> None:
        self._call = call

    def run(self, job: Job, seconds: float) -> str | None:
        return self._call(job)

    def stop(self) -> None:
        pass


def give(engine: Engine, *keys: str, name: str = "note") -> None:
    with engine.work(SYSTEM) as work:
        for key in keys:
            put(work, OutboxItem(name, {"about": key}, key))


def states(engine: Engine) -> dict[str, str]:
    with engine.reading(SYSTEM) as work:
        return {row.dedup_key: row.state for row in work.connection.execute(select(outbox_job))}


def alarms(engine: Engine) -> list[str]:
    with engine.reading(SYSTEM) as work:
        return list(work.connection.execute(select(alarm.c.kind)).scalars())


def test_a_key_is_run_once_however_often_it_is_put(engine: Engine) -> None:
    give(engine, "a")
    give(engine, "a", "b")
    done: list[str] = []
    worker = Worker(engine, [Inline(lambda job: done.append(job.key))], 1)
    assert worker.drain() == 2
    give(engine, "a")
    assert worker.drain() == 0
    assert done == ["a", "b"]


def test_a_job_of_a_transaction_that_is_undone_does_not_exist(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.work(SYSTEM) as work:
        put(work, OutboxItem("note", {}, "a"))
        1 / 0  # noqa: B018
    assert states(engine) == {}


def test_a_job_waits_for_its_moment(engine: Engine, clock: SettableClock) -> None:
    with engine.work(SYSTEM) as work:
        put(work, OutboxItem("note", {}, "later", work.now + timedelta(minutes=5)))
    assert outbox.claim(engine, 10, LEASE) == []
    clock.advance(minutes=5)
    assert [job.key for job in outbox.claim(engine, 10, LEASE)] == ["later"]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
def test_what_was_to_run_at_once_does_not_wait_for_a_clock_that_was_put_back(
    engine: Engine, clock: SettableClock, back: timedelta
) -> None:
    with engine.work(SYSTEM) as work:
        put(work, OutboxItem("note", {}, "later", work.now + timedelta(minutes=5)))
    give(engine, "alarm", "fails once")
    begun, done, answers = clock.now(), [], iter(["no"])

    def call(job: Job) -> str | None:
        done.append(job.key)
        return next(answers, None) if job.key == "fails once" else None

    worker = Worker(engine, [Inline(call)], 1)
    clock.set(begun - back)
    assert worker.drain() == 2
    clock.advance(minutes=1)
    assert worker.drain() == 1
    while clock.now() < begun + timedelta(hours=1):  # it catches up with what had waited
        worker.drain()
        clock.advance(minutes=5)
    assert sorted(done) == ["alarm", "fails once", "fails once", "later"]
    assert set(states(engine).values()) == {"done"}


def test_a_job_that_runs_while_the_clock_is_put_back_is_run_by_nobody_else(
    engine: Engine, clock: SettableClock
) -> None:
    give(engine, "a")
    [job] = outbox.claim(engine, 1, LEASE)
    clock.set(clock.now() - timedelta(hours=1))
    assert outbox.claim(engine, 1, LEASE) == []
    with engine.work(SYSTEM) as work:
        assert outbox.finish(work.connection, job, work.now)
    clock.advance(hours=2)
    assert outbox.claim(engine, 1, LEASE) == []


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=30)])
def test_a_job_whose_worker_died_waits_no_longer_than_a_lease_for_a_clock_that_was_put_back(
    engine: Engine, clock: SettableClock, back: timedelta
) -> None:
    give(engine, "quick")
    give(engine, "long", name=outbox.LONG_WORK)
    for lane in outbox.Lane:
        assert len(outbox.claim(engine, 1, LEASE, lane)) == 1
    clock.set(clock.now() - back)
    assert [outbox.claim(engine, 1, LEASE, lane) for lane in outbox.Lane] == [[], []]
    clock.advance(seconds=LEASE.total_seconds())
    taken = [outbox.claim(engine, 1, LEASE, lane) for lane in outbox.Lane]
    assert [[job.key for job in jobs] for jobs in taken] == [["quick"], ["long"]]


def test_a_failing_job_is_tried_five_times_ever_more_rarely_and_then_raises_an_alarm(
    engine: Engine, clock: SettableClock
) -> None:
    give(engine, "bad", "good")
    tried_at: list[float] = []

    def call(job: Job) -> str | None:
        if job.key == "good":
            return None
        tried_at.append(clock.now().timestamp())
        return "no"

    worker = Worker(engine, [Inline(call)], 1)
    for _ in range(2 * 60 * 60 // 5):
        worker.drain()
        clock.advance(seconds=5)
    gaps = [later - earlier for earlier, later in pairwise(tried_at)]
    assert len(tried_at) == limits.JOB_ATTEMPTS
    assert all(later > 2 * earlier for earlier, later in pairwise(gaps))
    assert states(engine) == {"bad": "dead", "good": "done"}
    assert alarms(engine) == ["dead_job"]


def test_a_revived_job_starts_over(engine: Engine, clock: SettableClock) -> None:
    give(engine, "bad")
    answers = iter(["no"] * limits.JOB_ATTEMPTS)
    worker = Worker(engine, [Inline(lambda _job: next(answers, None))], 1)
    for _ in range(limits.JOB_ATTEMPTS):
        worker.drain()
        clock.advance(hours=1)
    with engine.work(Actor(4711, "staff")) as work, pytest.raises(NotPermitted):
        outbox.revive(work, 1)
    with engine.work(SYSTEM) as work:
        outbox.revive(work, work.connection.execute(select(outbox_job.c.id)).scalar_one())
    worker.drain()
    assert states(engine) == {"bad": "done"}


def test_the_delay_grows_fourfold() -> None:
    assert [retry_delay(attempts, 1).total_seconds() for attempts in range(1, 5)] == [15, 60, 240, 960]


def test_a_dead_workers_job_is_taken_over_when_its_lease_is_out(engine: Engine, clock: SettableClock) -> None:
    give(engine, "a")
    [first] = outbox.claim(engine, 1, LEASE)
    clock.advance(seconds=119)
    assert outbox.claim(engine, 1, LEASE) == []
    clock.advance(seconds=1)
    [second] = outbox.claim(engine, 1, LEASE)
    assert (second.id, second.key, second.attempts) == (first.id, "a", 2)
    with engine.work(SYSTEM) as work:
        assert not outbox.finish(work.connection, first, work.now)  # the slow one must not report success
        outbox.fail(work, first, "late")  # nor failure
    with engine.work(SYSTEM) as work:
        assert outbox.finish(work.connection, second, work.now)


def test_a_job_that_kills_every_worker_is_buried_at_last(engine: Engine, clock: SettableClock) -> None:
    give(engine, "poison")
    for _ in range(limits.JOB_ATTEMPTS):
        assert len(outbox.claim(engine, 1, LEASE)) == 1
        clock.advance(hours=1)
    assert outbox.claim(engine, 1, LEASE) == []
    assert states(engine) == {"poison": "dead"}
    assert alarms(engine) == ["dead_job"]


def test_an_effect_in_the_database_happens_once_though_two_attempts_overlap(
    engine: Engine, clock: SettableClock
) -> None:
    give(engine, "a")
    [slow] = outbox.claim(engine, 1, LEASE)
    clock.advance(minutes=3)
    [fast] = outbox.claim(engine, 1, LEASE)

    def effect(job: Job) -> None:
        context = outbox.JobContext(engine, None, None, job)  # type: ignore[arg-type]  # nothing is sent
        with engine.work(SYSTEM) as work:
            put(work, OutboxItem("effect", {}, f"effect of attempt {job.attempts}"))
            context.done(work)

    effect(fast)
    with pytest.raises(LeaseLost):
        effect(slow)
    assert sorted(states(engine)) == ["a", "effect of attempt 2"]


def test_many_workers_share_the_jobs_without_taking_any_twice(engine: Engine) -> None:
    keys = [f"job {number}" for number in range(60)]
    give(engine, *keys)
    taken: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while jobs := outbox.claim(engine, 3, LEASE):
            taken.extend(job.key for job in jobs)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A claimer that found all rows locked may stop early; whoever held them goes on.
    assert sorted(taken) == sorted(keys)


def test_done_jobs_are_forgotten_after_a_month_and_dead_ones_are_not(
    engine: Engine, clock: SettableClock
) -> None:
    give(engine, "good")
    Worker(engine, [Inline(lambda _job: None)], 1).drain()
    clock.advance(days=30, seconds=1)
    with engine.work(SYSTEM) as work:
        assert outbox.purge(work) == 1
    assert states(engine) == {}
