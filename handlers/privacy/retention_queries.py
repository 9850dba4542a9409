"""Tells how long each class of data is kept, and what was carried out, to those who watch over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine.work import Work
from handlers.privacy.erasing import PERSON
from handlers.privacy.erasing_records import privacy_erasure
from handlers.privacy.retention import DataClass, Kept, classes, kept
from handlers.privacy.retention_nights import Done, done_by_class, last_night
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, scopes_with

LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Overview:
    """The table with its figures.

    Attributes:
        rows: each class with what was lately carried out for it; None where another job does it, or nobody.
        erased: people by the cause of their erasure, within 30 days.
        last_night: when all of it was last gone through.
    """

    rows: tuple[tuple[DataClass, Done | None], ...]
    kept: tuple[Kept, ...]
    erased: Mapping[str, int]
    last_night: datetime | None


def overview(work: Work) -> Overview:
    """Read the table of periods and what became of it.

    Raises:
        NotPermitted: the actor watches over neither data protection nor everything.
    """
    if scopes_with(work, Permission.AUDIT_READ) == frozenset():
        require_somewhere(work, Permission.ACCESS_LOG_READ)
    done = done_by_class(work)
    rows = work.connection.execute(
        select(privacy_erasure.c.cause, func.count().label("people"))
        .where(privacy_erasure.c.kind == PERSON, privacy_erasure.c.erased_at > work.now - LATELY)
        .group_by(privacy_erasure.c.cause)
    )
    return Overview(
        rows=tuple((one, done.get(one.id)) for one in classes()),
        kept=kept(),
        erased={row.cause: row.people for row in rows},
        last_night=last_night(work),
    )
