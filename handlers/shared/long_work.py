"""Long work: begun on a page, done in turns by a child process, watched, stopped, resumed after a kill."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select

from engine.clock import monotonic
from engine.errors import Problem, StoreUnavailable, TransactionLost
from engine.ids import new_id
from engine.ports import SYSTEM, Actor, Json, OutboxItem
from engine.work import Engine, Work
from handlers.errors import RecordConflict, RecordNotFound
from handlers.shared import limits, outbox
from handlers.shared.outbox import LONG_WORK, Job, JobContext, JobFunction, LeaseLost
from handlers.shared.records import long_work, outbox_job

_OPEN = ("waiting", "running")
_UNKNOWN: Mapping[str, Json] = {
    "code": "unforeseen",
    "message": "系统出错了，请点“继续”；再次出错请告诉系统管理员",
    "params": {},
}


class Stopped(Exception):
    """The owner does not want the work to go on."""


@dataclass(frozen=True)
class LongWork:
    """A piece of long work as its owner sees it.

    Attributes:
        state: waiting, running, done, failed or stopped.
        done, total: how far it is; total is 0 while nobody knows.
        counts: further numbers of this kind of work.
        failure: why it ended without a result, as (message, params), or None.
    """

    id: int
    kind: str
    state: str
    done: int
    total: int
    counts: Mapping[str, int]
    args: Mapping[str, Json]
    result: Mapping[str, Json]
    failure: tuple[str, Mapping[str, Json]] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Tell whether it waits or goes on."""
        return self.state in _OPEN


class Turn:
    """One stay of a piece of long work in a process.

    Whatever a step changes and where it got to commit together, so a kill costs the step that was under way
    and nothing is done twice.

    Attributes:
        actor: on whose behalf everything is done, with the rights they have by then.
        cursor: where the last step got to; None at the beginning.
    """

    def __init__(self, engine: Engine, row: Row[Any], job: Job | None) -> None:
        self.engine = engine
        self.id: int = row.id
        self.kind: str = row.kind
        self.actor = Actor(row.owner_id, row.owner_kind)
        self.args: Mapping[str, Any] = row.args
        self.cursor: Any = row.cursor
        self.is_finished = False
        self._number: int = row.turn
        self._job = job
        self._until = monotonic() + limits.LONG_TURN.total_seconds()

    @property
    def is_over(self) -> bool:
        """Tell whether other work should have its turn now."""
        return self._job is not None and monotonic() >= self._until

    def save(self, work: Work, cursor: Json, done: int, total: int, **counts: int) -> None:
        """Note, in the transaction of a step, how far the work has got.

        Raises:
            Stopped: the owner stopped the work; the step is undone.
            LeaseLost: another process goes on with the work; the step is undone.
        """
        self._hold(work)
        values = {"cursor": cursor, "done": done, "total": total, "counts": counts}
        self._update(work, values)
        self.cursor = cursor

    def finish(self, work: Work, **result: Json) -> None:
        """Note, in the transaction of the last step, that the work is done."""
        self._hold(work)
        self._update(work, {"state": "done", "result": result, "ended_at": work.now})
        self.is_finished = True

    def _hold(self, work: Work) -> None:
        if self._job and not outbox.renew(work.connection, self._job, work.now + limits.LONG_LEASE):
            raise LeaseLost(self._job.name)

    def _update(self, work: Work, values: Mapping[str, Any]) -> None:
        mine = and_(
            long_work.c.id == self.id, long_work.c.turn == self._number, long_work.c.state == "running"
        )
        if work.connection.execute(long_work.update().where(mine).values(values)).rowcount == 0:
            raise Stopped

    def fail(self, failure: Mapping[str, Json]) -> None:
        """Note why there will be no result."""

        def note(work: Work) -> None:
            self._update(work, {"state": "failed", "failure": dict(failure), "ended_at": work.now})

        with suppress(Stopped):
            self.engine.run(self.actor, note)

    def pass_on(self) -> None:
        """See to the next turn, where the work is not finished."""
        if not self.is_finished:
            self.engine.run(self.actor, lambda work: _next_turn(work, self.id, self._number))


# Does one turn: steps until `turn.is_over` or the work is finished.
Kind = Callable[[Turn], None]


def begin(work: Work, kind: str, args: Mapping[str, Json]) -> int:
    """Begin long work on behalf of the actor, and return its id."""
    work_id = begin_here(work, kind, args)
    _put(work, work_id, 0)
    return work_id


def begin_here(work: Work, kind: str, args: Mapping[str, Json]) -> int:
    """Note long work that this very process will do with `run_here`, and return its id."""
    work_id = new_id()
    work.connection.execute(
        long_work.insert().values(
            id=work_id,
            kind=kind,
            state="waiting",
            owner_id=work.actor.id,
            owner_kind=work.actor.kind,
            args=dict(args),
            counts={},
            job_key=_job_key(work_id, 0),
            created_at=work.now,
        )
    )
    return work_id


def get(work: Work, work_id: int) -> LongWork:
    """Return a piece of the actor's own long work.

    Raises:
        RecordNotFound: there is none, or it is somebody else's.
    """
    row = work.connection.execute(_with_job().where(long_work.c.id == work_id)).one_or_none()
    if row is None or row.owner_id != work.actor.id:
        raise RecordNotFound("long_work_not_found", "没有这项任务")
    return _shown(row)


def own(work: Work) -> list[LongWork]:
    """List the actor's own long work, the newest first."""
    rows = work.connection.execute(
        _with_job()
        .where(long_work.c.owner_id == work.actor.id)
        .order_by(long_work.c.id.desc())
        .limit(limits.LONG_WORK_LISTED)
    )
    return [_shown(row) for row in rows]


def is_open(work: Work, work_id: int) -> bool:
    """Tell whether long work of anybody waits or goes on; for commands that have asked who may know."""
    row = work.connection.execute(_with_job().where(long_work.c.id == work_id)).one_or_none()
    return row is not None and _shown(row).is_open


def stop(work: Work, work_id: int) -> None:
    """Stop the actor's own long work after the step that is under way; what was done stays done."""
    if not get(work, work_id).is_open:
        raise RecordConflict("long_work_over", "这项任务已经结束")
    work.connection.execute(
        long_work.update().where(long_work.c.id == work_id).values(state="stopped", ended_at=work.now)
    )


def go_on(work: Work, work_id: int) -> None:
    """Let the actor's own work that failed or was stopped go on from where it got to."""
    known = get(work, work_id)
    if known.state not in ("failed", "stopped"):
        raise RecordConflict("long_work_open", "这项任务没有停下，不需要继续")
    row = work.connection.execute(select(long_work.c.turn).where(long_work.c.id == work_id)).one()
    _next_turn(work, work_id, row.turn, state="waiting", failure=None, ended_at=None)


def run(kinds: Mapping[str, Kind]) -> JobFunction:
    """Return the outbox job that gives long work a turn."""

    def take_turn(context: JobContext) -> None:
        engine, job = context.engine, context.job
        turn = _started(engine, int(str(job.args["work_id"])), job)
        if turn is None:
            return
        try:
            _take(kinds, turn)
        except Problem as problem:
            if isinstance(problem, TransactionLost | StoreUnavailable):
                raise  # the outbox tries again
            return
        except Exception:
            if job.attempts >= limits.JOB_ATTEMPTS:
                turn.fail(_UNKNOWN)
            raise

    return take_turn


def run_here(engine: Engine, kinds: Mapping[str, Kind], work_id: int, actor: Actor) -> LongWork:
    """Do all turns in this process, for the command line.

    Raises:
        Problem: why the work failed.
    """
    turn = _started(engine, work_id, None)
    if turn is not None:
        _take(kinds, turn)
    with engine.reading(actor) as work:
        return get(work, work_id)


def purge(work: Work) -> int:
    """Forget work that ended long ago."""
    return work.connection.execute(
        long_work.delete().where(long_work.c.ended_at < work.now - limits.LONG_WORK_KEPT)
    ).rowcount


# --- one turn -----------------------------------------------------------------------------------------------


def _take(kinds: Mapping[str, Kind], turn: Turn) -> None:
    """Do a turn, and see to the next one."""
    try:
        kinds[turn.kind](turn)
    except Stopped:
        return
    except Problem as problem:
        if not isinstance(problem, TransactionLost | StoreUnavailable):
            params = {name: _plain(value) for name, value in problem.params.items()}
            turn.fail({"code": problem.code, "message": problem.message, "params": params})
        raise
    turn.pass_on()


def _started(engine: Engine, work_id: int, job: Job | None) -> Turn | None:
    """Mark the work as running; None when it ended meanwhile, or another job has its next turn."""

    def start(work: Work) -> Turn | None:
        row = work.connection.execute(
            select(long_work).where(long_work.c.id == work_id).with_for_update()
        ).one_or_none()
        if row is None or row.state not in _OPEN or (job is not None and job.key != row.job_key):
            return None
        values = {"state": "running", "started_at": row.started_at or work.now}
        work.connection.execute(long_work.update().where(long_work.c.id == work_id).values(values))
        return Turn(engine, row, job)

    return engine.run(SYSTEM, start)


def _next_turn(work: Work, work_id: int, turn: int, **values: object) -> None:
    known = and_(long_work.c.id == work_id, long_work.c.turn == turn)
    changes = {"turn": turn + 1, "job_key": _job_key(work_id, turn + 1), **values}
    if work.connection.execute(long_work.update().where(known).values(changes)).rowcount:
        _put(work, work_id, turn + 1)


def _put(work: Work, work_id: int, turn: int) -> None:
    outbox.put(work, OutboxItem(LONG_WORK, {"work_id": str(work_id)}, _job_key(work_id, turn)))


def _job_key(work_id: int, turn: int) -> str:
    return f"{LONG_WORK}:{work_id}:{turn}"


def _with_job() -> Any:
    """Ask for work with the state of its job: one that died without a word cannot say that it failed."""
    return select(long_work, outbox_job.c.state.label("job_state")).outerjoin(
        outbox_job, outbox_job.c.dedup_key == long_work.c.job_key
    )


def _shown(row: Row[Any]) -> LongWork:
    is_dead = row.job_state == "dead" and row.state in _OPEN
    failure: Any = _UNKNOWN if is_dead else row.failure
    return LongWork(
        row.id,
        row.kind,
        "failed" if is_dead else row.state,
        row.done,
        row.total,
        row.counts,
        row.args,
        row.result or {},
        (failure["message"], failure["params"]) if failure else None,
        row.created_at,
        row.started_at,
        row.ended_at,
    )


def _plain(value: object) -> Json:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
