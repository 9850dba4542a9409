"""Keeps jobs in the transaction that asks for them, and hands them out one by one to whoever runs them."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from engine.ports import Json, OutboxItem
from engine.store.dialects import insert_unknown
from engine.work import SYSTEM, Engine, Work
from handlers.shared import limits
from handlers.shared.alarms import raise_alarm
from handlers.shared.permissions import Permission
from handlers.shared.records import outbox_job

if TYPE_CHECKING:
    from handlers.shared.channels import Channels
    from handlers.shared.messages import MessageBook

_ERROR_LENGTH = 500
DEAD_JOB = "dead_job"  # the alarm
ON_DEATH = "on_death"  # argument of a job: the name of the one that follows should it die
_PUT = ("name", "args", "dedup_key", "state", "created_at", "run_at", "attempts")


@dataclass(frozen=True)
class Job:
    """A job that was handed out, until its lease ends.

    Attributes:
        key: the same in every attempt; receivers drop a delivery whose key they know.
        claim: proves that this attempt still holds the lease.
    """

    id: int
    name: str
    args: Mapping[str, Json]
    key: str
    attempts: int
    claim: str


@dataclass(frozen=True)
class JobContext:
    """What a job's function works with, in a child process that may be killed."""

    engine: Engine
    channels: "Channels"
    book: "MessageBook"
    job: Job

    def done(self, work: Work) -> None:
        """Note, in the transaction of the job's own effect, that it happened, so that it happens once.

        Raises:
            LeaseLost: another attempt took over; this one's effect must be undone.
        """
        if not finish(work.connection, self.job, work.now):
            raise LeaseLost(self.job.name)


class LeaseLost(Exception):
    """The job was given to somebody else meanwhile, or is done already."""


JobFunction = Callable[[JobContext], None]


class TableOutbox:
    """The engine's Outbox over a table, drained by the embedded worker.

    A distributed job engine takes this class's place where one is used: whatever stores `OutboxItem`s in the
    caller's transaction and runs the same job functions by name.
    """

    def put_many(self, connection: Connection, items: Sequence[OutboxItem], now: datetime) -> None:
        """Store jobs in the caller's transaction; known keys are passed over."""
        rows = [
            (
                item.name,
                item.args,
                item.dedup_key,
                "ready",
                now,
                now if item.not_before is None else max(now, item.not_before),
                0,
            )
            for item in items
        ]
        insert_unknown(connection, outbox_job, _PUT, rows)


def put(work: Work, item: OutboxItem) -> None:
    """Store one job in this transaction."""
    work.engine.outbox.put_many(work.connection, [item], work.now)


class Lane(StrEnum):
    """Which jobs a worker takes: long work must not keep urgent messages waiting."""

    QUICK = "quick"
    LONG = "long"


LONG_WORK = "long_work"  # the name of the job that gives long work a turn


def claim(engine: Engine, count: int, lease: timedelta, lane: Lane = Lane.QUICK) -> list[Job]:
    """Take jobs that are due, and those whose holder let the lease run out; an attempt counts when it begins.

    A job that has used up its attempts without a word, because it kills whoever runs it, is dead as well.
    """

    def take(work: Work) -> list[Job]:
        due = (
            select(outbox_job.c.id, outbox_job.c.attempts)
            .where(_is_due(work, lane))
            .order_by(outbox_job.c.run_at, outbox_job.c.id)
            .limit(count)
            .with_for_update(skip_locked=True)
        )
        rows = work.connection.execute(due).all()
        for row in rows:
            if row.attempts >= limits.JOB_ATTEMPTS:
                _bury(work, row.id, "every attempt ended without a word")
        alive = [row.id for row in rows if row.attempts < limits.JOB_ATTEMPTS]
        if not alive:
            return []
        token = secrets.token_hex(16)
        taken = work.connection.execute(
            outbox_job.update()
            .where(outbox_job.c.id.in_(alive))
            .values(
                state="running",
                run_at=work.now + lease,
                attempts=outbox_job.c.attempts + 1,
                claim=token,
            )
            .returning(outbox_job)
        )
        return [
            Job(row.id, row.name, row.args, row.dedup_key, row.attempts, token)
            for row in sorted(taken, key=lambda row: alive.index(row.id))
        ]

    _cut_leases(engine, lease, lane)
    if not has_due(engine, lane):
        return []
    return engine.run(SYSTEM, take)


def has_due(engine: Engine, lane: Lane = Lane.QUICK) -> bool:
    """Tell without a write lock whether there is anything to take."""
    with engine.reading(SYSTEM) as work:
        due = select(outbox_job.c.id).where(_is_due(work, lane))
        return work.connection.execute(due.limit(1)).first() is not None


def _cut_leases(engine: Engine, lease: timedelta, lane: Lane) -> None:
    """Let no lease last longer than one can: it was given before the clock was put back.

    Its holder may be alive all the same, so it has a whole lease from now on.
    """

    def is_too_long(work: Work) -> ColumnElement[bool]:
        latest = work.now + lease + limits.CLOCK_SLACK
        return and_(outbox_job.c.state == "running", outbox_job.c.run_at > latest, _is_of(lane))

    with engine.reading(SYSTEM) as work:
        if work.connection.execute(select(outbox_job.c.id).where(is_too_long(work)).limit(1)).first() is None:
            return
    engine.run(
        SYSTEM,
        lambda work: work.connection.execute(
            outbox_job.update().where(is_too_long(work)).values(run_at=work.now + lease)
        ),
    )


def renew(connection: Connection, job: Job, until: datetime) -> bool:
    """Hold a job for longer if this attempt still holds it."""
    return (
        connection.execute(
            outbox_job.update()
            .where(
                outbox_job.c.id == job.id, outbox_job.c.claim == job.claim, outbox_job.c.state == "running"
            )
            .values(run_at=until)
        ).rowcount
        == 1
    )


def finish(connection: Connection, job: Job, now: datetime) -> bool:
    """Mark a job as done if this attempt still holds it."""
    return (
        connection.execute(
            outbox_job.update()
            .where(
                outbox_job.c.id == job.id, outbox_job.c.claim == job.claim, outbox_job.c.state == "running"
            )
            .values(state="done", ended_at=now, claim=None, last_error=None)
        ).rowcount
        == 1
    )


def fail(work: Work, job: Job, error: str) -> None:
    """Note a failed attempt: try again later, or, after the last one, give up and raise an alarm."""
    if job.attempts >= limits.JOB_ATTEMPTS:
        _bury(work, job.id, error)
        return
    jitter = 0.8 + secrets.randbelow(401) / 1000
    work.connection.execute(
        outbox_job.update()
        .where(outbox_job.c.id == job.id, outbox_job.c.claim == job.claim)
        .values(
            state="ready",
            run_at=work.now + retry_delay(job.attempts, jitter),
            claim=None,
            last_error=error[:_ERROR_LENGTH],
        )
    )


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """Tell how long to wait after a number of failed attempts: 15 s, 1 min, 4 min, 16 min, give or take.

    Args:
        jitter: factor around 1 that keeps jobs which failed together from coming back together.
    """
    factor: float = limits.RETRY_FACTOR ** (attempts - 1)
    return limits.FIRST_RETRY * (factor * jitter)


def revive(work: Work, job_id: int) -> None:
    """Let a dead job try again from its first attempt."""
    work.require(Permission.SYSTEM_CONFIGURE)
    work.connection.execute(
        outbox_job.update()
        .where(outbox_job.c.id == job_id, outbox_job.c.state == "dead")
        .values(state="ready", attempts=0, run_at=work.now, ended_at=None)
    )


def purge(work: Work) -> int:
    """Forget jobs that were done long ago; until then their keys keep them from being done again."""
    return work.connection.execute(
        outbox_job.delete().where(
            outbox_job.c.state == "done", outbox_job.c.ended_at < work.now - limits.DONE_JOBS_KEPT
        )
    ).rowcount


def _is_due(work: Work, lane: Lane) -> ColumnElement[bool]:
    # Put to be run at once, and the clock was put back since: an alarm must not wait until it catches up.
    # What was put for later waits for its moment, and a lease for its end: its holder may be alive.
    was_at_once = and_(
        outbox_job.c.state == "ready",
        outbox_job.c.created_at > work.now,
        outbox_job.c.run_at == outbox_job.c.created_at,
    )
    return and_(
        outbox_job.c.state.in_(("ready", "running")),
        or_(outbox_job.c.run_at <= work.now, was_at_once),
        _is_of(lane),
    )


def _is_of(lane: Lane) -> ColumnElement[bool]:
    is_long = outbox_job.c.name == LONG_WORK
    return is_long if lane is Lane.LONG else ~is_long


def _bury(work: Work, job_id: int, error: str) -> None:
    row = work.connection.execute(
        outbox_job.update()
        .where(outbox_job.c.id == job_id, outbox_job.c.state != "dead")
        .values(state="dead", ended_at=work.now, claim=None, last_error=error[:_ERROR_LENGTH])
        .returning(outbox_job.c.name, outbox_job.c.args, outbox_job.c.dedup_key)
    ).one_or_none()
    if row is None:
        return
    raise_alarm(work, DEAD_JOB, job_id, {"job": row.name})
    if ON_DEATH in row.args:
        put(work, OutboxItem(str(row.args[ON_DEATH]), row.args, f"{row.name} died:{job_id}"))
