"""Tells the time: the only module that reads a clock, so that every other can be given one."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives the present moment, aware and in UTC."""

    def now(self) -> datetime:
        """Read the clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Read the machine's clock."""
        return datetime.now(UTC)


class SettableClock:
    """A clock moved by hand, for tests, demonstrations and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to a moment, forwards or backwards."""
        self._now = moment.astimezone(UTC)

    def advance(self, **parts: float) -> None:
        """Move forward by a timedelta given in parts, such as `minutes=31`."""
        self._now += timedelta(**parts)


def monotonic() -> float:
    """Return seconds that only ever grow, for measuring how long something takes."""
    return time.monotonic()


def thread_seconds() -> float:
    """Return the processor time that this thread has used, which a busy machine does not stretch."""
    return time.thread_time()


def id_milliseconds() -> int:
    """Return milliseconds since 1970 of the machine's clock, for drawing ids only."""
    return time.time_ns() // 1_000_000
