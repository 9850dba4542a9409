"""Measures the clock while little is due: a sweep that finds nothing, and lateness on an idle system."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import select

from bench import volume
from bench.flow import FORM, Stand, stand
from bench.report import Row
from bench.sizes import Sizes
from engine import definitions, instances
from engine.clock import SystemClock, monotonic
from engine.instances import Subject
from engine.ports import SYSTEM, Library
from engine.scheduler import Scheduler
from engine.service_tasks import Context
from engine.store.tables import history_event
from engine.timers import fire_due
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
            times["few"].append(timed(lambda: fire_due(few.engine)))
            times["many"].append(timed(lambda: fire_due(many.engine)))
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


def timed(call: Callable[[], object]) -> float:
    """Call something and return the seconds that it took."""
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
