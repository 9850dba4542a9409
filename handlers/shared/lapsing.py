"""Ends for good what lapsed by time alone, so that a clock that is put back later revives nothing."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from sqlalchemy import ColumnElement, Table, select

from engine.work import SYSTEM, Engine, Work
from handlers.shared import work_files

EVERY = timedelta(seconds=30)
WATCHED = timedelta(seconds=5)  # where nobody asks for a page meanwhile
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # no clock is put back beyond this
_WATCH = "lapsing_watch"


@dataclass(frozen=True)
class Lapse:
    """What lapses in a table.

    Attributes:
        is_over: condition for the rows that have lapsed by a moment and are not marked yet.
        mark: what is written into them; no moment makes them count again then.
        file: column with the name of a work file that is destroyed along with it, or "".
    """

    table: Table
    is_over: Callable[[datetime], ColumnElement[bool]]
    mark: Callable[[datetime], Mapping[str, object]]
    file: str = ""


def until(column: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    """Say that a moment until when something counts is past, and not marked so yet."""
    return (column <= now) & (column > LONG_AGO)


class Watch:
    """Sees that the clock was put back, and ends then what had lapsed by the latest moment seen before.

    Every request looks before it asks who is there, so that none finds again what was over already.
    """

    def __init__(self, engine: Engine, lapses: Sequence[Lapse]) -> None:
        self._engine = engine
        self._lapses = lapses
        self._lock = threading.Lock()
        self._latest = engine.clock.now()

    def look(self) -> None:
        """Note what time it is; where it was later before, end first what had lapsed by then."""
        with self._lock:  # read inside: two threads must not take each other's order for a clock put back
            now = self._engine.clock.now()
            if now < self._latest:
                _end_all(self._engine, self._lapses, self._latest)
            self._latest = now


def keep_watch(engine: Engine, lapses: Sequence[Lapse]) -> None:
    """Let whoever serves an engine look at its clock from now on."""
    engine.cache[_WATCH] = Watch(engine, lapses)


def watch(engine: Engine) -> Watch:
    """Return what sees that an engine's clock was put back."""
    return cast(Watch, engine.cache[_WATCH])


def end(engine: Engine, lapses: Sequence[Lapse]) -> int:
    """Mark what has lapsed, and return how many rows; nothing is locked where nothing has."""
    return _end_all(engine, lapses, engine.clock.now())


def _end_all(engine: Engine, lapses: Sequence[Lapse], moment: datetime) -> int:
    return sum(_end(engine, one, moment) for one in lapses)


def _end(engine: Engine, lapse: Lapse, moment: datetime) -> int:
    is_over = lapse.is_over(moment)
    with engine.reading(SYSTEM) as work:
        if work.connection.execute(select(lapse.table.c.id).where(is_over).limit(1)).first() is None:
            return 0
    return engine.run(SYSTEM, lambda work: _mark(work, lapse, moment))


def _mark(work: Work, lapse: Lapse, moment: datetime) -> int:
    is_over = lapse.is_over(moment)
    if lapse.file:
        files = work_files.of(work.engine)
        query = select(lapse.table.c[lapse.file]).where(is_over).with_for_update()
        names = [name for name in work.connection.execute(query).scalars() if name is not None]
        for name in names:
            work.after_commit(partial(files.delete, name))
    return work.connection.execute(lapse.table.update().where(is_over).values(**lapse.mark(moment))).rowcount
