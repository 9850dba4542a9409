"""Draws the public ids: 63-bit integers that grow with time and need no database."""

import secrets
import threading
from datetime import datetime

from engine.clock import id_milliseconds

_EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_SEQUENCE_BITS = 22


class IdSource:
    """Draws ids made of 41 bits of milliseconds and 22 bits of sequence.

    The sequence begins at a random place in each millisecond, so two processes that share a database
    collide practically never; a collision breaks a primary key and rolls that transaction back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._next = 0

    def draw(self, count: int = 1) -> range:
        """Return ids in a row, greater than any this source drew before."""
        with self._lock:
            now = id_milliseconds() - _EPOCH_MS
            if now > self._last_ms:
                self._next = now << _SEQUENCE_BITS | secrets.randbits(_SEQUENCE_BITS - 1)
            first, self._next = self._next, self._next + count
            self._last_ms = self._next - 1 >> _SEQUENCE_BITS
            return range(first, self._next)


def first_of(moment: datetime) -> int:
    """Return the smallest id that can be drawn at a moment: ids compare as the moments they were drawn."""
    return max(0, int(moment.timestamp() * 1000) - _EPOCH_MS) << _SEQUENCE_BITS


_source = IdSource()


def new_id() -> int:
    """Draw an id; written as a string wherever JavaScript may read it."""
    return _source.draw()[0]


def new_ids(count: int) -> range:
    """Draw ids for rows that are written together."""
    return _source.draw(count)
