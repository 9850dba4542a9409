"""Wakes the engine in time: the only module that knows APScheduler, its clock and never its store."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from apscheduler.executors.debug import DebugExecutor
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from engine.clock import SystemClock, monotonic
from engine.ports import SYSTEM
from engine.timers import fire_page, next_due
from engine.work import Engine

INTERVAL = timedelta(seconds=30)
STALLED_AFTER = INTERVAL + timedelta(seconds=5)
_BUSY_PAUSE = timedelta(seconds=1)
_NEAR = timedelta(milliseconds=10)  # two moments of two clocks are never quite the same
_WATCH_SECONDS = 0.5  # between two looks at the tick; stopping may have to wait so long
_RECONNECT_SECONDS = 5
_CHANNEL = "wuye_timer"
_TICK = "tick"
_THREADS = 4

_log = logging.getLogger(__name__)
_machine = SystemClock()


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something that is done again and again on every node, so it must bear being done twice at once.

    Attributes:
        name: for the log; unique.
    """

    name: str
    every: timedelta
    call: Callable[[], object]


class Scheduler:
    """Ticks every INTERVAL, and earlier when a commit wrote a job that is due earlier.

    A tick goes on until nothing is due, in a thread of its own. APScheduler only says when: its job sets an
    event in APScheduler's own thread. Were the tick itself its job, APScheduler would drop it when it comes
    due while it runs, and would set back a wish that a quick tick makes before its next run has been placed.

    Attributes:
        last_tick_at: when a tick ended last by the engine's clock; None before the first.
    """

    def __init__(self, engine: Engine, periodic: tuple[Periodic, ...] = ()) -> None:
        self._engine = engine
        self._periodic = periodic
        # Never taken in APScheduler's thread, which holds the lock that modify_job waits for.
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._ticked_at = monotonic()
        self.last_tick_at: datetime | None = None
        watch = self._rest if engine.database.is_sqlite else self._listen
        self._watch = threading.Thread(target=watch, name="scheduler-watch", daemon=True)
        self._ticker = threading.Thread(target=self._serve, name="scheduler-tick", daemon=True)
        self._clock = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(_THREADS), _TICK: DebugExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone="UTC",
        )

    def start(self) -> None:
        """Begin to tick, at once for what came due meanwhile."""
        seconds = INTERVAL.total_seconds()
        self._clock.add_job(
            self._due.set, "interval", seconds=seconds, id=_TICK, executor=_TICK, next_run_time=_machine.now()
        )
        for job in self._periodic:
            self._clock.add_job(job.call, "interval", seconds=job.every.total_seconds(), id=job.name)
        self._engine.on_earlier_timer = self._committed
        self._ticker.start()
        self._clock.start()
        self._watch.start()

    def stop(self) -> None:
        """End after the page that is being fired; nothing runs any more when this returns."""
        self._engine.on_earlier_timer = lambda _due_at: None
        # APScheduler's shutdown waits for its threads while it holds a lock that modify_job wants; after this
        # nobody goes there any more.
        with self._lock:
            self._stopping.set()
        self._due.set()
        self._clock.shutdown(wait=True)
        self._ticker.join()
        self._watch.join()

    def wake(self, at: datetime) -> None:
        """Tick at a moment of the engine's clock, or at once when it is past; an earlier tick stays."""
        with self._lock:
            if self._stopping.is_set():
                return
            # APScheduler sees the machine's clock, which is not the engine's in a simulation.
            at = _machine.now() + (at - self._engine.clock.now())
            job = self._clock.get_job(_TICK)
            if job is not None and at + _NEAR < job.next_run_time:
                self._clock.modify_job(_TICK, next_run_time=at)

    def seconds_since_tick(self) -> float:
        """Return how long ago a tick last ended, or this was made: the watch-dog's figure."""
        return monotonic() - self._ticked_at

    def _serve(self) -> None:
        """Tick whenever it is time until stopping; what comes due during a tick is ticked for after it."""
        while self._due.wait() and not self._stopping.is_set():
            self._due.clear()
            try:
                self._tick()
            except Exception:  # noqa: BLE001  # the timer loop's edge: the next tick comes all the same
                _log.exception("a tick failed")

    def _tick(self) -> None:
        goes_on = True
        looked_at = self._engine.clock.now()
        while goes_on and not self._stopping.is_set():
            looked_at = self._engine.clock.now()
            goes_on = fire_page(self._engine) > 0
            self.last_tick_at, self._ticked_at = self._engine.clock.now(), monotonic()
        coming = next_due(self._engine)
        if coming is not None:
            # What was due at the last look and was not done is in somebody's hands: look again soon, but not
            # at once. What came due since then is nobody's yet.
            self.wake(coming if coming > looked_at else looked_at + _BUSY_PAUSE)

    def _committed(self, due_at: datetime) -> None:
        self.wake(due_at)
        announce(self._engine, due_at)

    def _rest(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            self._mind_the_tick()

    def _listen(self) -> None:
        """Hear from other nodes until stopping, over one connection at a time."""
        url = self._engine.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=_RECONNECT_SECONDS) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    self.wake(self._engine.clock.now())  # for what was said while nobody listened
                    self._hear(connection)
            except psycopg.Error as error:
                _log.warning("the connection that listens for timers was lost: %s", type(error).__name__)
                self._mind_the_tick()
                self._stopping.wait(_RECONNECT_SECONDS)

    def _hear(self, connection: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            for note in connection.notifies(timeout=_WATCH_SECONDS):
                self.wake(datetime.fromisoformat(note.payload))
            self._mind_the_tick()

    def _mind_the_tick(self) -> None:
        """Tick now when no tick came for long, as after a clock put back; so does what is periodic."""
        self._mind_the_periodic()
        if self.seconds_since_tick() > STALLED_AFTER.total_seconds():
            self.wake(self._engine.clock.now())

    def _mind_the_periodic(self) -> None:
        latest = _machine.now() + _NEAR
        for one in self._periodic:
            job = self._clock.get_job(one.name)
            with self._lock:
                if job is None or self._stopping.is_set():
                    return
                if job.next_run_time > latest + one.every:
                    self._clock.modify_job(one.name, next_run_time=_machine.now())


def announce(engine: Engine, due_at: datetime) -> None:
    """Tell the schedulers of other processes about a job that is due before they look by themselves."""
    if engine.database.is_sqlite or due_at >= engine.clock.now() + INTERVAL:
        return
    try:
        with engine.work(SYSTEM) as work:
            work.connection.execute(select(func.pg_notify(_CHANNEL, due_at.isoformat())))
    except SQLAlchemyError:
        # They look every INTERVAL anyway, and the commit that this follows must not seem to have failed.
        _log.warning("other nodes could not be told of a timer", exc_info=True)
