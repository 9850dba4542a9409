"""Long work: done in turns, gone on with after a kill, never twice, stopped, failed and continued."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.work import Engine, Work
from handlers import bootstrap
from handlers import settings as installation
from handlers.accounts.permissions import Post
from handlers.errors import RecordConflict, RecordNotFound, RuleRefused
from handlers.shared import limits, long_work, outbox
from handlers.shared.channels.choice import channels_of
from handlers.shared.long_work import LongWork, Turn
from handlers.shared.outbox import Job, JobContext, Lane
from handlers.shared.outbox_child import attempt
from handlers.shared.outbox_worker import Worker
from handlers.shared.records import alarm, outbox_job
from tests.handlers.estate_world import World

pytestmark = pytest.mark.both_stores

STEPS = 4


class Killed(BaseException):
    """The process that does the work dies."""


class Steps:
    """Work of four steps, each of which writes one alarm; what should go wrong is told beforehand."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.wrong: dict[int, BaseException] = {}
        self.turn_ends = False

    def __call__(self, turn: Turn) -> None:
        while (at := turn.cursor or 0) < STEPS:

            def step(work: Work, at: int = at) -> None:
                work.connection.execute(
                    alarm.insert().values(
                        id=turn.id + at, kind="step", subject_id=at, detail={}, raised_at=work.now
                    )
                )
                turn.save(work, at + 1, at + 1, STEPS, bad=at)
                if at in self.wrong:
                    raise self.wrong.pop(at)

            turn.engine.run(turn.actor, step)
            if self.turn_ends:
                return
        turn.engine.run(turn.actor, lambda work: turn.finish(work, answer=42))

    def run(self, job: Job, _seconds: float) -> str | None:
        """Do a turn in this process."""
        channels = channels_of(self.engine, installation.of(self.engine))
        context = JobContext(self.engine, channels, bootstrap.message_book(), job)
        return attempt(lambda _job: long_work.run({"steps": self})(context), job)

    def stop(self) -> None:
        """Nothing is to be ended."""

    def worker(self) -> Worker:
        """Return a worker for long work."""
        return Worker(self.engine, [self], 30, Lane.LONG)

    def done(self) -> list[int]:
        """Return the steps that were done."""
        with self.engine.reading(SYSTEM) as work:
            query = select(alarm.c.subject_id).where(alarm.c.kind == "step").order_by(alarm.c.id)
            return list(work.connection.execute(query).scalars())


@pytest.fixture
def steps(engine: Engine) -> Steps:
    """Work of four steps."""
    return Steps(engine)


@pytest.fixture
def owner(world: World) -> Iterator[Actor]:
    """Somebody who begins long work."""
    return world.staff(Post.CSL)


def begin(engine: Engine, owner: Actor) -> int:
    return engine.run(owner, lambda work: long_work.begin(work, "steps", {}))


def seen(engine: Engine, owner: Actor, work_id: int) -> LongWork:
    with engine.reading(owner) as work:
        return long_work.get(work, work_id)


def test_long_work_is_done_and_its_owner_sees_how_far_it_is(
    engine: Engine, steps: Steps, owner: Actor
) -> None:
    work_id = begin(engine, owner)
    assert seen(engine, owner, work_id).state == "waiting"
    steps.turn_ends = True
    assert steps.worker().drain() == STEPS + 1  # each turn ends after a step; the last one finishes
    found = seen(engine, owner, work_id)
    assert (found.state, found.done, found.total, found.result) == ("done", STEPS, STEPS, {"answer": 42})
    assert found.counts == {"bad": STEPS - 1}
    assert steps.done() == [0, 1, 2, 3]


def test_messages_do_not_wait_for_long_work(engine: Engine, steps: Steps, owner: Actor) -> None:
    begin(engine, owner)
    assert outbox.claim(engine, 10, timedelta(minutes=1)) == []
    assert len(outbox.claim(engine, 10, timedelta(minutes=1), Lane.LONG)) == 1


def test_a_kill_costs_the_step_under_way_and_nothing_is_done_twice(
    engine: Engine, steps: Steps, owner: Actor, clock: SettableClock
) -> None:
    work_id = begin(engine, owner)
    steps.wrong[2] = Killed()
    with pytest.raises(Killed):
        steps.worker().drain()
    assert steps.done() == [0, 1]
    assert steps.worker().drain() == 0  # the lease of the dead one still runs
    clock.advance(seconds=limits.LONG_LEASE.total_seconds() + 1)
    assert steps.worker().drain() == 1
    assert steps.done() == [0, 1, 2, 3]
    assert seen(engine, owner, work_id).state == "done"


def test_who_lost_the_work_to_another_process_does_nothing_more(
    engine: Engine, steps: Steps, owner: Actor
) -> None:
    begin(engine, owner)
    [job] = outbox.claim(engine, 1, limits.LONG_LEASE, Lane.LONG)
    with engine.work(SYSTEM) as work:
        work.connection.execute(update(outbox_job).values(claim="somebody else"))
    assert steps.run(job, 30) is None
    assert steps.done() == []


def test_a_bug_is_tried_again_and_at_last_told_and_can_be_gone_on_with(
    engine: Engine, steps: Steps, owner: Actor, clock: SettableClock
) -> None:
    work_id = begin(engine, owner)
    for _ in range(limits.JOB_ATTEMPTS):
        steps.wrong[1] = ZeroDivisionError()
        steps.worker().drain()
        clock.advance(hours=1)
    found = seen(engine, owner, work_id)
    assert found.state == "failed"
    assert found.failure is not None
    assert "系统出错" in found.failure[0]
    engine.run(owner, lambda work: long_work.go_on(work, work_id))
    steps.worker().drain()
    assert seen(engine, owner, work_id).state == "done"
    assert steps.done() == [0, 1, 2, 3]


def test_a_refusal_is_told_at_once_with_its_reason(engine: Engine, steps: Steps, owner: Actor) -> None:
    work_id = begin(engine, owner)
    steps.wrong[1] = RuleRefused("too_late", "放行已超过 {hours} 小时", hours=24)
    assert steps.worker().drain() == 1
    found = seen(engine, owner, work_id)
    assert (found.state, found.failure) == ("failed", ("放行已超过 {hours} 小时", {"hours": 24}))
    assert steps.done() == [0]


def test_a_job_that_kills_every_process_shows_as_failed(engine: Engine, owner: Actor) -> None:
    work_id = begin(engine, owner)
    with engine.work(SYSTEM) as work:
        work.connection.execute(update(outbox_job).values(state="dead"))
    assert seen(engine, owner, work_id).state == "failed"
    engine.run(owner, lambda work: long_work.go_on(work, work_id))
    assert seen(engine, owner, work_id).state == "waiting"


def test_stopped_work_ends_before_its_next_step_and_goes_on_from_there(
    engine: Engine, steps: Steps, owner: Actor
) -> None:
    work_id = begin(engine, owner)
    steps.turn_ends = True
    [job] = outbox.claim(engine, 1, limits.LONG_LEASE, Lane.LONG)
    steps.run(job, 30)
    engine.run(owner, lambda work: long_work.stop(work, work_id))
    steps.worker().drain()
    assert seen(engine, owner, work_id).state == "stopped"
    assert steps.done() == [0]
    with engine.work(owner) as work, pytest.raises(RecordConflict):
        long_work.stop(work, work_id)
    engine.run(owner, lambda work: long_work.go_on(work, work_id))
    steps.worker().drain()
    assert steps.done() == [0, 1, 2, 3]


def test_a_turn_that_was_overtaken_by_a_continuation_changes_nothing(
    engine: Engine, steps: Steps, owner: Actor
) -> None:
    work_id = begin(engine, owner)
    [old] = outbox.claim(engine, 1, limits.LONG_LEASE, Lane.LONG)
    engine.run(owner, lambda work: long_work.stop(work, work_id))
    engine.run(owner, lambda work: long_work.go_on(work, work_id))
    steps.run(old, 30)
    assert steps.done() == []
    steps.worker().drain()
    assert steps.done() == [0, 1, 2, 3]


def test_long_work_is_its_owners_alone(engine: Engine, world: World, owner: Actor) -> None:
    work_id = begin(engine, owner)
    other = world.staff(Post.CSL)
    with engine.reading(other) as work:
        assert long_work.own(work) == []
        with pytest.raises(RecordNotFound):
            long_work.get(work, work_id)
    for call in (long_work.stop, long_work.go_on):
        with engine.work(other) as work, pytest.raises(RecordNotFound):
            call(work, work_id)
    with engine.reading(owner) as work:
        assert [one.id for one in long_work.own(work)] == [work_id]


def test_work_that_ended_long_ago_is_forgotten(
    engine: Engine, steps: Steps, owner: Actor, clock: SettableClock
) -> None:
    begin(engine, owner)
    steps.worker().drain()
    begin(engine, owner)
    clock.advance(seconds=limits.LONG_WORK_KEPT.total_seconds() + 1)
    assert engine.run(SYSTEM, long_work.purge) == 1
