"""Notes in the access log which relations count and which ended, so that one written in by hand is found."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select

from engine.ports import Json
from engine.work import Work
from handlers.estate.records import CheckState, estate_relation
from handlers.shared.access_log import Entry, append

COUNTS = "relation_counts"
ADOPTED = "adopt_relations"
ENDED = "relation_ended"
NOTED = (COUNTS, ADOPTED, ENDED)
_IN_ONE_ENTRY = 200


@dataclass(frozen=True)
class Standing:
    """A relation in force, as the log has to tell of it."""

    id: int
    person_id: int
    tag: str
    since: datetime


def note_counts(work: Work, which: ColumnElement[bool], action: str = COUNTS) -> None:
    """Note relations that count from now on, by ids and codes; many of them share an entry."""
    columns = (estate_relation.c.id, estate_relation.c.house_id, estate_relation.c.person_id)
    rows = work.connection.execute(
        select(*columns, estate_relation.c.kind).where(which).order_by(estate_relation.c.id)
    ).all()
    for part in _parts(rows):
        said: dict[str, Json] = {str(row.id): tag(row) for row in part}
        append(work, Entry(action, "relation", _one(part), detail={"relations": said}))


def note_ended(work: Work, relation_ids: Collection[int]) -> None:
    """Note relations that ended."""
    for part in _parts(sorted(relation_ids)):
        said: dict[str, Json] = {str(one): "" for one in part}
        subject = part[0] if len(part) == 1 else 0
        append(work, Entry(ENDED, "relation", subject, detail={"relations": said}))


def in_force(work: Work) -> Iterator[Standing]:
    """Find every relation that counts now."""
    rows = select(estate_relation).where(
        estate_relation.c.check_state == CheckState.CHECKED,
        or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
    )
    for row in work.connection.execute(rows.execution_options(yield_per=500)):
        yield Standing(row.id, row.person_id, tag(row), row.counts_since or row.valid_from)


def tag(row: Row[Any]) -> str:
    """Say in ids and codes who stands how to which house."""
    return f"{row.house_id}:{row.person_id}:{row.kind}"


def _one(part: list[Row[Any]]) -> int:
    return int(part[0].id) if len(part) == 1 else 0


def _parts(found: Collection[Any]) -> Iterator[list[Any]]:
    rest = iter(found)
    while part := list(islice(rest, _IN_ONE_ENTRY)):
        yield part
