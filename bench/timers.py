"""Measures the clock: a sweep that finds nothing, lateness when idle, and many deadlines due at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from bench import volume
from bench.flow import FORM, Stand, stand
from bench.references import Spiff
from bench.report import Row
from bench.sizes import Sizes
from engine import definitions, inbox, instances
from engine.clock import SettableClock, SystemClock, monotonic
from engine.inbox import View
from engine.instances import Subject
from engine.ports import SYSTEM, Library
from engine.scheduler import Scheduler
from engine.service_tasks import Context
from engine.store.tables import escalation, history_event, job, user_task
from engine.sweep import sweep
from engine.timers import fire_due
from engine.work import Work
from handlers.accounts.permissions import Post
from tests.engine.models import Model

_SWEEPS = 200
_A_LOOK_EVERY = 0.02
_ALL_MOVED = {"SQLite": 60.0, "PostgreSQL": 90.0}
_MARKED = 1.0
_SPIFF_CASES = 300
_WAIT = timedelta(minutes=1)
_PACE = 40  # cases started a second, so that their timers come due one by one


def p(values: list[float], share: int) -> float:
    """Return a percentile."""
    return quantiles(values, n=100, method="inclusive")[share - 1]


# --- nothing due -------------------------------------------------------------------------------------------


def idle_rows(sizes: Sizes) -> Iterator[Row]:
    """Compare a sweep with nothing due at many open cases with the same at 100."""
    with (
        TemporaryDirectory(prefix="wuye-bench-") as name,
        stand(Path(name) / "few") as few,
        stand(Path(name) / "many") as many,
    ):
        volume.deadlines(few, 100)
        volume.deadlines(many, sizes.idle)
        times: dict[str, list[float]] = {"few": [], "many": []}
        for _ in range(_SWEEPS):
            times["few"].append(_timed(lambda: fire_due(few.engine)))
            times["many"].append(_timed(lambda: fire_due(many.engine)))
    at_few, at_many = median(times["few"]) * 1000, median(times["many"]) * 1000
    yield Row(
        f"sweep with nothing due, {sizes.idle:,} open instances",
        "the same as at 100",
        at_many,
        "ms",
        at_many <= at_few * 1.25,
        "at 100 open instances",
        at_few,
        sizes.reduced("idle"),
    )


def _timed(call: Callable[[], object]) -> float:
    begun = monotonic()
    call()
    return monotonic() - begun


# --- lateness ----------------------------------------------------------------------------------------------


def lateness_rows(sizes: Sizes) -> Iterator[Row]:
    """Let timers come due one by one under the real clock, and see how late their cases had moved."""
    clock = _FastForward()
    late: list[float] = []

    def fired(context: Context) -> None:
        due_at = _started_at(context) + _WAIT
        context.work.after_commit(lambda: late.append((clock.now() - due_at).total_seconds()))

    with TemporaryDirectory(prefix="wuye-bench-") as name, stand(Path(name), clock=clock) as made:
        library = Library({"bench.fired": fired}, {}, {})
        made.engine = replace(made.engine, library=library)
        _deploy_waiting(made)
        begun = clock.now()
        for number in range(sizes.timers):
            subject = Subject(f"L{number}", made.world.community)
            made.engine.run(made.clerk, lambda work, of=subject: instances.start(work, "waiting", of))  # type: ignore[misc]  # a default binds the loop's value
            time.sleep(1 / _PACE)
        clock.ahead = begun + _WAIT - timedelta(seconds=1) - SystemClock().now()
        scheduler = Scheduler(made.engine)
        scheduler.start()
        patience = monotonic() + sizes.timers / _PACE * 2 + 30
        while len(late) < sizes.timers and monotonic() < patience:
            time.sleep(0.05)
        scheduler.stop()
    floor = [_overslept() for _ in range(100)]
    is_met = len(late) == sizes.timers and p(late, 99) < 0.1
    yield Row(
        "timer lateness to its commit, idle system, p99",
        "< 100 ms",
        p(late, 99) * 1000,
        "ms",
        is_met,
        "a bare sleep, p99",
        p(floor, 99) * 1000,
        sizes.reduced("timers"),
    )


@dataclass
class _FastForward:
    """The machine's clock, put forward once so that nobody has to wait for the minute to pass."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the machine's moment and what it is ahead."""
        return SystemClock().now() + self.ahead


def _started_at(context: Context) -> datetime:
    started = select(history_event.c.at).where(
        history_event.c.instance_id == context.instance_id, history_event.c.kind == "started"
    )
    at: datetime = context.connection.execute(started).scalar_one()
    return at


def _deploy_waiting(made: Stand) -> None:
    flow = Model("waiting").start().user("wait").timer("due", "wait", "PT1M")
    flow.service("fired", "bench.fired").end("late").end()
    flow.flow("start", "wait", "end").flow("due", "fired", "late")
    files = {
        "waiting.bpmn": flow.xml(),
        "plain.form": FORM,
        "topics.toml": b'[handler."bench.fired"]\n',
    }
    made.engine.run(SYSTEM, lambda work: definitions.deploy(work, "bench", files))


def _overslept() -> float:
    begun = monotonic()
    time.sleep(0.01)
    return monotonic() - begun - 0.01


# --- many due at once --------------------------------------------------------------------------------------


def burst_rows(sizes: Sizes, store: str, url: str = "") -> Iterator[Row]:
    """Let the deadline and the timer of many cases come due at one moment, while people read their inbox."""
    clock = SettableClock(SystemClock().now())
    with (
        TemporaryDirectory(prefix="wuye-bench-") as name,
        stand(Path(name), url, clock, escalation="cs") as made,
    ):
        made.world.staff(Post.CSL)
        made.start(sizes.due)
        idle = _looks(made, 100)
        clock.advance(minutes=31)
        with _looking(made) as busy:
            marked = _timed(lambda: sweep(made.engine, clock.now()))
            moved = marked + _timed(lambda: fire_due(made.engine))
        once = _each_once(made, sizes.due)
        reference = sizes.due / Spiff().rate_of_timers(Path(name), min(sizes.due, _SPIFF_CASES))
    what, note = f"{sizes.due:,} deadlines due at once, {store}", sizes.reduced("due")
    most = _ALL_MOVED[store]
    yield Row(f"{what}: marked, escalated", f"<= {_MARKED:.0f} s", marked, "s", marked <= _MARKED, note=note)
    yield Row(
        f"{what}: all instances advanced, each once",
        f"<= {most:.0f} s",
        moved,
        "s",
        moved <= most and once,
        "SpiffWorkflow, whole JSON, SQLite",
        reference,
        note if once else "some fired twice or never",
    )
    yield Row(
        f"{what}: inbox p95 meanwhile",
        "< 2 x idle",
        p(busy, 95) * 1000,
        "ms",
        p(busy, 95) < 2 * p(idle, 95),
        "idle, p95",
        p(idle, 95) * 1000,
        note,
    )


def look(made: Stand) -> float:
    """Open the inbox; return the seconds it took, rights included."""

    def open_it() -> None:
        with made.engine.reading(made.clerk) as work:
            inbox.page(work, View.WORK)

    return _timed(open_it)


def _looks(made: Stand, count: int) -> list[float]:
    look(made)
    taken = []
    for _ in range(count):
        taken.append(look(made))
        time.sleep(_A_LOOK_EVERY / 4)
    return taken


@contextmanager
def _looking(made: Stand) -> Iterator[list[float]]:
    """Look into the inbox again and again in a thread of the same process, as a server's thread does."""
    taken: list[float] = []
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            taken.append(look(made))
            over.wait(_A_LOOK_EVERY)

    reader = threading.Thread(target=go_on)
    reader.start()
    try:
        yield taken
    finally:
        over.set()
        reader.join()


def _each_once(made: Stand, count: int) -> bool:
    """Tell whether each deadline was marked, each rung climbed and each timer fired exactly once."""
    with made.engine.reading(SYSTEM) as work:
        return [
            _count(work, user_task.c.overdue_at.is_not(None), user_task.c.level == 2),
            _count(work, escalation.c.level == 2),
            _count(work, history_event.c.kind == "fired"),
            _count(work, job.c.id.is_not(None)),
        ] == [count, count, count, 0]


def _count(work: Work, *conditions: object) -> int:
    query = select(func.count()).where(*conditions)  # type: ignore[arg-type]  # columns of one table
    return int(work.connection.execute(query).scalar_one())
