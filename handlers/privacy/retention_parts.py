"""Finds rows whose period is over, some at a time, and takes out what is at its end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, select

from engine.work import Work
from handlers.privacy.erasing_wiping import Wipe
from handlers.shared import attachments
from handlers.shared.records import attachment

PART = 200  # rows in one transaction


@dataclass(frozen=True)
class Part:
    """What one transaction did.

    Attributes:
        done: rows that were emptied or deleted, or people that were erased.
        held_back: due, but something stands against it.
        last: id behind which the next part begins; None when nothing is left.
    """

    done: int = 0
    held_back: int = 0
    last: int | None = None


# Does one part: of what began its period before a moment, from behind an id on.
Sweep = Callable[[Work, datetime, int], Part]


@dataclass(frozen=True)
class Due:
    """Rows of a table.

    Attributes:
        since: when their period began.
        source: the table with what it is joined to.
    """

    table: Table
    since: ColumnElement[Any]
    conditions: tuple[ColumnElement[bool], ...] = ()
    source: FromClause | None = None

    def ids(self, work: Work, cutoff: datetime, after: int = 0) -> list[int]:
        """Return ids of some rows whose period began before a moment, in order."""
        query = (
            select(self.table.c.id)
            .select_from(self.table if self.source is None else self.source)
            .where(self.table.c.id > after, self.since <= cutoff, *self.conditions)
            .order_by(self.table.c.id)
            .limit(PART)
        )
        return list(work.connection.execute(query).scalars())


def last_of(ids: list[int]) -> int | None:
    """Return behind which id the next part begins."""
    return ids[-1] if ids else None


def delete(work: Work, due: Due, cutoff: datetime) -> Part:
    """Delete rows."""
    ids = due.ids(work, cutoff)
    work.connection.execute(due.table.delete().where(due.table.c.id.in_(ids)))
    return Part(len(ids), 0, last_of(ids))


def empty(work: Work, due: Due, columns: tuple[str, ...], cutoff: datetime) -> Part:
    """Take texts out of rows that stay; the conditions leave out those where nothing is left."""
    ids = due.ids(work, cutoff)
    if ids:
        Wipe(work).empty(due.table, columns, due.table.c.id.in_(ids))
    return Part(len(ids), 0, last_of(ids))


def first(parts: Iterator[Part]) -> Part:
    """Return the first part that did something, so that one table comes after the other."""
    return next((part for part in parts if part.last is not None), Part())


def delete_files(work: Work, due: Due, cutoff: datetime) -> Part:
    """Delete attachments, their files after the commit."""
    ids = due.ids(work, cutoff)
    drop_attachments(work, attachment.c.id.in_(ids))
    return Part(len(ids), 0, last_of(ids))


def drop_attachments(work: Work, condition: ColumnElement[bool]) -> None:
    """Delete attachments, rows first; a file whose deletion is cut off is a leftover of the next night."""
    names = work.connection.execute(
        attachment.delete().where(condition).returning(attachment.c.file_name)
    ).scalars()
    for name in names.all():
        work.after_commit(_deletion(work, name))


def _deletion(work: Work, name: str) -> Callable[[], None]:
    return lambda: attachments.delete_file(work.engine, name)
