"""Counts for the figures behind the policy's clauses, in the communities whose reports the reader may see."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, case, func, select

from engine.work import Work
from handlers.shared.permissions import Permission

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Figure:
    """A number that tells how a clause is kept now.

    Attributes:
        value: how many; None where a moment is told.
        of: out of how many, for a share; None for a plain count.
        moment: when something happened last; None when it never did or a number is told.
        is_late: it should have happened again by now.
    """

    value: int | None = None
    of: int | None = None
    moment: datetime | None = None
    is_late: bool = False


def scopes(work: Work) -> list[int] | None:
    """Return the communities whose reports the actor may read; None means all.

    Raises:
        NotPermitted: the actor reads no reports.
    """
    if work.may(Permission.REPORT_READ):
        return None
    own = [scope for held, scope in work.grants.permissions if held == Permission.REPORT_READ]
    if not own:
        work.require(Permission.REPORT_READ)
    return [scope for scope in own if scope is not None]


def within(work: Work, column: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Say in SQL that a row is of a community whose reports the actor may read."""
    own = scopes(work)
    return [] if own is None else [column.in_(own)]


def share(work: Work, table: Table, kept: ColumnElement[bool], *conditions: ColumnElement[bool]) -> Figure:
    """Count rows, and those among them that keep a rule."""
    query = select(func.count(), func.sum(case((kept, 1), else_=0))).select_from(table).where(*conditions)
    of, value = work.connection.execute(query).one()
    return Figure(int(value or 0), of)


def count(work: Work, table: Table, *conditions: ColumnElement[bool]) -> Figure:
    """Count rows."""
    query = select(func.count()).select_from(table).where(*conditions)
    return Figure(work.connection.execute(query).scalar_one())
