"""Remembers when the access log was last verified, and what was found."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from engine.ids import new_id
from engine.ports import SYSTEM
from engine.work import Engine, Work
from handlers.shared.permissions import Permission
from handlers.shared.records import access_log_check

_EVERY = timedelta(days=2)  # it runs every night; one may fail


@dataclass(frozen=True)
class Verified:
    """The last time that somebody ran it.

    Attributes:
        differences: places where the chain is broken, and things in force that it does not tell of.
        is_old: it should have run since.
    """

    at: datetime
    differences: int
    is_old: bool


def note(engine: Engine, differences: int) -> None:
    """Note that the log was verified; beside the log, for a broken one may take no more entries."""
    engine.run(
        SYSTEM,
        lambda work: work.connection.execute(
            access_log_check.insert().values(id=new_id(), at=work.now, differences=differences)
        ),
    )


def last(work: Work) -> Verified | None:
    """Return the last time, for system and security administrators; None when there was none."""
    if not work.may(Permission.SECURITY_LOG_READ):
        work.require(Permission.TECH_LOG_READ)
    row = work.connection.execute(_NEWEST).one_or_none()
    return None if row is None else Verified(row.at, row.differences, work.now - row.at > _EVERY)


def last_at(work: Work) -> datetime | None:
    """Return when the log was last verified; None when it never was."""
    row = work.connection.execute(_NEWEST).one_or_none()
    return None if row is None else row.at


_NEWEST = select(access_log_check).order_by(access_log_check.c.id.desc()).limit(1)
