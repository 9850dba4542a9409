"""Counts a community's owners by age and houses by type, with small counts hidden (policy D3)."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.estate.counted import counted_owners
from handlers.estate.entry import knows_place
from handlers.estate.records import estate_community, estate_house
from handlers.estate.small_cells import Published, published
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of


@dataclass(frozen=True)
class EstateStatistics:
    """What managers may know of a community without knowing anybody.

    Attributes:
        owners: those who are counted, by the decade of birth; UNKNOWN where no document says it.
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
    owners = published(counted_owners(work, community_id), _rank(work, f"owners|{community_id}"))
    houses = published(_houses(work, community_id), _rank(work, f"houses|{community_id}"))
    return EstateStatistics(name, owners, houses)


def _rank(work: Work, statistic: str) -> Callable[[object], str]:
    vault = vault_of(work.engine)
    return lambda key: vault.blind_index("statistic", f"{statistic}|{key}")


def _houses(work: Work, community_id: int) -> dict[str, int]:
    rows = work.connection.execute(
        select(estate_house.c.kind, func.count())
        .where(estate_house.c.community_id == community_id)
        .group_by(estate_house.c.kind)
        .order_by(estate_house.c.kind)
    )
    return {str(kind): int(count) for kind, count in rows}
