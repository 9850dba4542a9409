"""Counts a community's owners by age and houses by type, with small counts hidden (policy D3)."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.estate.entry import knows_place
from handlers.estate.queries import is_valid
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_community,
    estate_house,
    estate_person,
    estate_relation,
)
from handlers.estate.small_cells import Published, published
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of

UNKNOWN = 0  # the decade of who has no identity card on record


@dataclass(frozen=True)
class EstateStatistics:
    """What managers may know of a community without knowing anybody.

    Attributes:
        owners: by the decade of birth; UNKNOWN where no document says it.
        houses: by type; "" where none is on record.
    """

    community: str
    owners: Published[int]
    houses: Published[str]


def estate_statistics(work: Work, community_id: int) -> EstateStatistics:
    """Count a community's owners by age and its houses by type.

    Raises:
        RecordNotFound: there is no such community for this actor.
        NotPermitted: the actor does not read statistics there.
    """
    name = work.connection.execute(
        select(estate_community.c.name).where(estate_community.c.id == community_id)
    ).scalar_one_or_none()
    if name is None or not knows_place(work, community_id, 0):
        raise RecordNotFound("community_not_found", "没有这个小区")
    work.require(Permission.STATISTICS_READ, community_id)
    owners = published(_owners(work, community_id), _rank(work, f"owners|{community_id}"))
    houses = published(_houses(work, community_id), _rank(work, f"houses|{community_id}"))
    return EstateStatistics(name, owners, houses)


def _rank(work: Work, statistic: str) -> Callable[[object], str]:
    vault = vault_of(work.engine)
    return lambda key: vault.blind_index("statistic", f"{statistic}|{key}")


def _owners(work: Work, community_id: int) -> dict[int, int]:
    decade = func.coalesce(estate_person.c.birth_decade, UNKNOWN)
    rows = work.connection.execute(
        select(decade.label("decade"), func.count(estate_person.c.id.distinct()))
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(
            estate_house.c.community_id == community_id,
            estate_relation.c.kind.in_((RelationKind.OWNER, RelationKind.CO_OWNER)),
            estate_relation.c.check_state == CheckState.CHECKED,
            is_valid(work),
        )
        .group_by(decade)
        .order_by(decade)
    )
    return {int(born): int(count) for born, count in rows}


def _houses(work: Work, community_id: int) -> dict[str, int]:
    rows = work.connection.execute(
        select(estate_house.c.kind, func.count())
        .where(estate_house.c.community_id == community_id)
        .group_by(estate_house.c.kind)
        .order_by(estate_house.c.kind)
    )
    return {str(kind): int(count) for kind, count in rows}
