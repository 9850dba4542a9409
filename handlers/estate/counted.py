"""Keeps whom the statistics of owners count, so that no change of them shows what one person is.

Were the counts always of today, whoever knows that one home changed hands yesterday would read the
newcomer's decade from the one count that rose. So the statistics show the people who are counted, and these
follow today's owners in groups: those who came are counted once there are SMALL of them, those who left are
counted until SMALL have, and a corrected decade is changed with SMALL - 1 others. Any two states differ by
whole groups; whoever knows who came and who left learns a decade only where a whole group shares it.

Waiting for a number was chosen over publishing by the calendar: a quarter in which one home was sold would
show that one. It was chosen over rounding to fives as well: a count at the edge is tipped by one person.
When a group is counted depends on how many have come or left, never on their decades, and so tells nothing.
Types of houses are not kept here: no change of hands moves them, and they say nothing of a person.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select

from engine.ids import new_id
from engine.work import SYSTEM, Engine, Work
from handlers.estate.queries import is_valid
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_community,
    estate_counted_owner,
    estate_house,
    estate_person,
    estate_relation,
)
from handlers.estate.small_cells import SMALL

EVERY = timedelta(minutes=15)
UNKNOWN = 0  # the decade of who has no identity card on record
_PART = 500


@dataclass(frozen=True)
class Groups:
    """Who is to be counted from now on, no longer, or in another decade; of each at least SMALL, or nobody.

    Attributes:
        left: rows of those who are counted.
        corrected: rows of those who are counted, with the decade that is on record now.
    """

    came: Mapping[int, int]
    left: Collection[int]
    corrected: Mapping[int, int]


def counted_owners(work: Work, community_id: int) -> dict[int, int]:
    """Return how many owners of a community are counted, by decade; for queries that have asked who may."""
    decade = estate_counted_owner.c.decade
    rows = work.connection.execute(
        select(decade, func.count())
        .where(estate_counted_owner.c.community_id == community_id)
        .group_by(decade)
        .order_by(decade)
    )
    return {int(born): int(count) for born, count in rows}


def watch(engine: Engine) -> None:
    """Let the counts of every community follow its owners, as far as that shows nobody."""
    with engine.reading(SYSTEM) as work:
        places = list(work.connection.execute(select(estate_community.c.id)).scalars())
    for place in places:
        with engine.reading(SYSTEM) as work:
            is_due = any(vars(_groups(work, place)).values())
        if is_due:
            engine.run(SYSTEM, partial(follow, community_id=place))


def follow(work: Work, community_id: int) -> None:
    """Count whole groups of those who came, left, or were corrected."""
    # Lock first: two nodes would count the same people.
    place = select(estate_community.c.id).where(estate_community.c.id == community_id)
    work.connection.execute(place.with_for_update()).one()
    groups = _groups(work, community_id)
    row = estate_counted_owner.c
    left = sorted(groups.left)
    for start in range(0, len(left), _PART):
        gone = row.id.in_(left[start : start + _PART])
        work.connection.execute(estate_counted_owner.delete().where(gone))
    for row_id, decade in groups.corrected.items():
        work.connection.execute(estate_counted_owner.update().where(row.id == row_id).values(decade=decade))
    came = [
        {"id": new_id(), "community_id": community_id, "person_id": person_id, "decade": decade}
        for person_id, decade in groups.came.items()
    ]
    if came:
        work.connection.execute(estate_counted_owner.insert(), came)


def _groups(work: Work, community_id: int) -> Groups:
    owners = _owners(work, community_id)
    rows = work.connection.execute(
        select(estate_counted_owner).where(estate_counted_owner.c.community_id == community_id)
    ).all()
    known = {row.person_id for row in rows}
    came = {person_id: decade for person_id, decade in owners.items() if person_id not in known}
    left = [row.id for row in rows if row.person_id not in owners]
    stayed = [row for row in rows if row.person_id in owners]
    corrected = {row.id: owners[row.person_id] for row in stayed if owners[row.person_id] != row.decade}
    return Groups(
        came if len(came) >= SMALL else {},
        left if len(left) >= SMALL else [],
        corrected if len(corrected) >= SMALL else {},
    )


def _owners(work: Work, community_id: int) -> dict[int, int]:
    """Return today's owners whom a second person has checked, with their decades."""
    decade = func.coalesce(estate_person.c.birth_decade, UNKNOWN)
    rows = work.connection.execute(
        select(estate_person.c.id, decade)
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(
            estate_house.c.community_id == community_id,
            estate_relation.c.kind.in_((RelationKind.OWNER, RelationKind.CO_OWNER)),
            estate_relation.c.check_state == CheckState.CHECKED,
            is_valid(work),
        )
    )
    return {int(person_id): int(born) for person_id, born in rows}
