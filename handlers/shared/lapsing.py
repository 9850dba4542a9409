"""Ends for good what lapsed by time alone, so that a clock that is put back later revives nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Table, select

from engine.work import SYSTEM, Engine

EVERY = timedelta(seconds=30)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # no clock is put back beyond this


@dataclass(frozen=True)
class Lapse:
    """What lapses in a table.

    Attributes:
        is_over: condition for the rows that have lapsed by a moment and are not marked yet.
        mark: what is written into them; no moment makes them count again then.
    """

    table: Table
    is_over: Callable[[datetime], ColumnElement[bool]]
    mark: Callable[[datetime], Mapping[str, object]]


def until(column: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    """Say that a moment until when something counts is past, and not marked so yet."""
    return (column <= now) & (column > LONG_AGO)


def end(engine: Engine, lapses: Sequence[Lapse]) -> int:
    """Mark what has lapsed, and return how many rows; nothing is locked where nothing has."""
    return sum(_end(engine, one) for one in lapses)


def _end(engine: Engine, lapse: Lapse) -> int:
    with engine.reading(SYSTEM) as work:
        found = select(lapse.table.c.id).where(lapse.is_over(work.now)).limit(1)
        if work.connection.execute(found).first() is None:
            return 0
    return engine.run(
        SYSTEM,
        lambda work: (
            work.connection.execute(
                lapse.table.update().where(lapse.is_over(work.now)).values(**lapse.mark(work.now))
            ).rowcount
        ),
    )
