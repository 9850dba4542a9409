"""Fires everything that is due: first marks and escalates in bulk, then moves each case in its own Work."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, select, update

from engine import deadlines, incidents, instances, stepping
from engine.clock import Clock
from engine.errors import EngineError, Refused
from engine.hosting import Failure
from engine.ports import SYSTEM
from engine.store.tables import instance, job
from engine.sweep import sweep
from engine.work import Engine, Work

ATTEMPTS = 5
PAGE = 200
_FIRST_DELAY = timedelta(seconds=15)
_GROWTH = 4
_JITTER = 4  # up to a quarter of the delay is added, so that what failed together is not tried together

_log = logging.getLogger(__name__)


class _NotOurs(Exception):
    """The job is gone, was put off, or is in somebody else's hands: nothing to undo and nothing to count."""


class StillWaiting(EngineError):
    """A timer fired and did not move its case."""


@dataclass(frozen=True, slots=True)
class _NotBefore:
    """A clock that a step backwards cannot take behind the beginning of the tick, when things were due."""

    clock: Clock
    start: datetime

    def now(self) -> datetime:
        return max(self.start, self.clock.now())


def fire_due(engine: Engine) -> int:
    """Do everything that is due, once each; return how many things were done.

    A case that fails is tried again later and becomes an incident after ATTEMPTS; it never keeps another one
    from moving. With nothing due this is one query on an index.
    """
    total = 0
    while done := fire_page(engine):
        total += done
    return total


def fire_page(engine: Engine) -> int:
    """Mark all that is late, then move at most PAGE cases, so that what gets late next is marked soon."""
    now = engine.clock.now()
    first = next_due(engine)
    if first is None or first > now:
        return 0
    marked = sweep(engine, now)
    steady = replace(engine, clock=_NotBefore(engine.clock, now))
    return marked + sum(_move(steady, job_id) for job_id in _due_moves(engine, now))


def next_due(engine: Engine) -> datetime | None:
    """Return when the next job is due, past or future."""
    with engine.reading(SYSTEM) as work:
        query = select(job.c.due_at).where(~job.c.held).order_by(job.c.due_at).limit(1)
        return work.connection.execute(query).scalar_one_or_none()


def _due_moves(engine: Engine, now: datetime) -> Sequence[int]:
    query = (
        select(job.c.id)
        .where(job.c.kind != "deadline", ~job.c.held, job.c.due_at <= now)
        .order_by(job.c.due_at, job.c.id)
        .limit(PAGE)
    )
    with engine.reading(SYSTEM) as work:
        return work.connection.scalars(query).all()


def _move(engine: Engine, job_id: int) -> int:
    """Do one job in its own transaction, and put its failure aside in another one."""
    try:
        engine.run(SYSTEM, partial(_do, job_id=job_id))
    except _NotOurs:
        return 0
    except Exception as error:  # noqa: BLE001  # the timer loop's edge: one poisoned case stops no other one
        return _put_aside(engine, job_id, error)
    return 1


def _do(work: Work, job_id: int) -> None:
    claimed = _claim(work, job_id)
    if claimed.kind == "unpause":
        deadlines.unpause(work, claimed.task_id)
        return
    if claimed.waits.get(claimed.token, {}).get("id") != job_id:
        # Left over from a token that is gone; it must not be mistaken for a later wait of the same token.
        work.connection.execute(delete(job).where(job.c.id == job_id))
        return
    if claimed.kind == "retry":
        instances.retry(work, claimed.instance_id, claimed.token)
    else:
        instances.fire_timer(work, claimed.instance_id, claimed.token)
    if work.connection.execute(select(job.c.id).where(job.c.id == job_id)).first() is not None:
        raise StillWaiting("still_waiting", "步骤 {step} 的定时器没有推进流程", step=claimed.step_id)


def _claim(work: Work, job_id: int) -> Row[*tuple[Any, ...]]:
    """Lock a due job and its case, without waiting for anybody.

    Both, in one statement: of a job alone one could not tell whether it was done while we looked, and whoever
    completes a step holds the case first and the job afterwards.
    """
    claimed = work.connection.execute(
        select(job, instance.c.waits)
        .join(instance, instance.c.id == job.c.instance_id)
        .where(job.c.id == job_id, ~job.c.held, job.c.due_at <= work.now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if claimed is None:
        raise _NotOurs
    return claimed


def _put_aside(engine: Engine, job_id: int, error: Exception) -> int:
    try:
        engine.run(SYSTEM, partial(_count_failure, job_id=job_id, error=error))
    except Exception:  # noqa: BLE001  # the same edge
        # The job stays due and is tried again with the next tick; the others go on now.
        _log.exception("job %s failed, and its failure could not be stored", job_id)
        return 0
    return 1


def _count_failure(work: Work, job_id: int, error: Exception) -> None:
    """Try again later, or give the job to people: at once when a rule said no, which time will not change."""
    of_job = select(job).where(job.c.id == job_id)
    failed = work.connection.execute(of_job).one_or_none()
    if failed is None:
        return
    stepping.locked(work, failed.instance_id)
    failed = work.connection.execute(of_job).one_or_none()
    if failed is None:
        return
    attempts = failed.attempts + 1
    if attempts >= ATTEMPTS or isinstance(error, Refused):
        incidents.open_for_job(work, failed, error)
        return
    due_at = work.now + delay(attempts, job_id)
    failure = Failure.of(error)
    work.connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .values(attempts=attempts, due_at=due_at, last_error=f"{failure.message}\n{failure.cause}")
    )
    work.job_due(due_at)


def delay(attempts: int, job_id: int) -> timedelta:
    """Return how long to wait after so many failures: four times as long each time, and a bit by job."""
    base = _FIRST_DELAY * int(_GROWTH ** (attempts - 1))
    return base + base / _JITTER * (job_id % 1000) / 1000
