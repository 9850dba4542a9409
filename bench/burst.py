"""Measures many deadlines due at once: how soon they are marked, when all moved, and what people notice."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from bench.flow import Stand, stand
from bench.references import Spiff
from bench.report import Row
from bench.serving import Browser, server
from bench.sizes import Sizes
from bench.timers import p, timed
from engine.clock import SettableClock, SystemClock
from engine.ports import SYSTEM
from engine.store.tables import escalation, history_event, job, user_task
from engine.sweep import sweep
from engine.timers import fire_due
from engine.work import Work
from handlers.accounts.permissions import Post

_ALL_MOVED = {"SQLite": 60.0, "PostgreSQL": 90.0}
_MARKED = 1.0
_SPIFF_CASES = 300
_LIMIT = timedelta(minutes=30)
_REMINDED_AT = timedelta(minutes=25)  # the first rung, at four fifths of the limit, is behind
_A_LOOK_EVERY = 0.02
_BETWEEN = timedelta(microseconds=10)  # no two steps are opened, or due, at one moment
_TO_START_ONE = timedelta(milliseconds=10)


def rows(sizes: Sizes, store: str, urls: tuple[str, str] = ("", "")) -> Iterator[Row]:
    """Let the deadline and the timer of many cases come due at once.

    Args:
        urls: of two empty databases; SQLite files when absent.
    """
    yield from _fired_rows(sizes, store, urls[0])
    yield _noticed_row(sizes, store, urls[1])


def _fired_rows(sizes: Sizes, store: str, url: str) -> Iterator[Row]:
    clock = SettableClock(SystemClock().now())
    with (
        TemporaryDirectory(prefix="wuye-bench-") as name,
        stand(Path(name), url, clock, escalation="cs") as made,
    ):
        made.world.staff(Post.CSL)
        _start(made, clock, sizes.due)
        clock.advance(seconds=_REMINDED_AT.total_seconds())
        sweep(made.engine, clock.now())
        clock.advance(seconds=(_LIMIT - _REMINDED_AT).total_seconds())
        marked = timed(lambda: sweep(made.engine, clock.now()))
        moved = marked + timed(lambda: fire_due(made.engine))
        once = _each_once(made, sizes.due)
        _start(made, clock, sizes.due)
        clock.advance(seconds=_LIMIT.total_seconds())
        after_outage = timed(lambda: sweep(made.engine, clock.now()))
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
    what = "  marked after an outage, with the reminders that were due before them"
    yield Row(what, "", after_outage, "s", None, note=note)


class _CameTooSoon(RuntimeError):
    """The deadlines came due before the server was ready."""


def _noticed_row(sizes: Sizes, store: str, url: str) -> Row:
    """Measure what people notice of a burst; a machine too slow to be ready for it gets more time, twice."""
    for patience in (1, 2):
        try:
            return _noticed(sizes, store, url, patience * sizes.preparing)
        except _CameTooSoon:
            if url:  # the database is no longer empty
                raise
    return _noticed(sizes, store, url, 4 * sizes.preparing)


def _noticed(sizes: Sizes, store: str, url: str, preparing_s: float) -> Row:
    """Open the inbox again and again in a browser while the server that answers works off the burst."""
    clock = SettableClock(SystemClock().now() - 2 * _LIMIT)
    with (
        TemporaryDirectory(prefix="wuye-bench-") as name,
        stand(Path(name), url, clock, escalation="cs") as made,
    ):
        made.world.staff(Post.CSL)
        preparing = timedelta(seconds=preparing_s) + sizes.meanwhile * _TO_START_ONE
        opened = SystemClock().now() - _LIMIT + preparing
        clock.set(opened)
        _start(made, clock, sizes.meanwhile)
        with server(made) as serving:
            browser = Browser(serving.port)
            browser.sign_in(made.world.login_of(made.clerk))
            _looks(browser, sizes.looks // 5)
            idle = _looks(browser, sizes.looks)
            _wait_until(opened + _LIMIT, browser)
            busy = _looks(browser, sizes.looks // 10)
            while _is_any_due(made):
                busy += _looks(browser, sizes.looks // 10)
    return Row(
        f"{sizes.meanwhile:,} deadlines due at once, {store}: inbox page over HTTP meanwhile, p95",
        "< 2 x idle",
        p(busy, 95) * 1000,
        "ms",
        p(busy, 95) < 2 * p(idle, 95),
        "idle, p95",
        p(idle, 95) * 1000,
        sizes.reduced("meanwhile"),
    )


def _start(made: Stand, clock: SettableClock, count: int) -> None:
    for _ in range(count):
        made.start(1)
        clock.advance(microseconds=_BETWEEN.microseconds)


def _looks(browser: Browser, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        taken.append(timed(lambda: browser.get("/inbox")))
        time.sleep(_A_LOOK_EVERY)
    return taken


def _wait_until(due_at: datetime, browser: Browser) -> None:
    if SystemClock().now() >= due_at:
        raise _CameTooSoon("the deadlines came due before the server was ready: this machine is too slow")
    while SystemClock().now() < due_at:
        browser.get("/healthz")  # or the server would close the connection
        time.sleep(_A_LOOK_EVERY)


def _is_any_due(made: Stand) -> bool:
    with made.engine.reading(SYSTEM) as work:
        return work.connection.execute(select(job.c.id).limit(1)).first() is not None


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
