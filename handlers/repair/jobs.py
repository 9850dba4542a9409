"""Where the jobs of repair staff are, when they are expected there, and which of them wait for others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.work import Work
from handlers.estate.records import estate_building, estate_community
from handlers.repair import queries
from handlers.repair.queries import OrderLine
from handlers.repair.records import repair_order
from handlers.repair.visibility import visible


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a job is.

    Attributes:
        building: its name, such as "1"; empty for what belongs to no building.
        address: of the community, for a map; empty where nobody entered it.
        window_from: since when the owner expects somebody; None where no time was agreed.
    """

    building: str
    community: str
    address: str
    window_from: datetime | None
    window_to: datetime | None


def spots(work: Work, numbers: Collection[str]) -> dict[str, Spot]:
    """Return where the orders are that the actor may see, by number."""
    rows = work.connection.execute(
        select(
            repair_order.c.number,
            estate_building.c.name,
            estate_community.c.name.label("community"),
            estate_community.c.address,
            repair_order.c.window_from,
            repair_order.c.window_to,
        )
        .join(estate_community, estate_community.c.id == repair_order.c.community_id)
        .outerjoin(estate_building, estate_building.c.id == repair_order.c.building_id)
        .where(repair_order.c.number.in_(numbers), visible(work))
    )
    return {
        row.number: Spot(
            row.name or "",
            row.community,
            row.address,
            row.window_from,
            row.window_to,
        )
        for row in rows
    }


def waiting_for_others(work: Work, at_hand: Collection[str]) -> list[OrderLine]:
    """List the open orders in the actor's hands that somebody else has to move on.

    Args:
        at_hand: numbers of the orders whose next step is the actor's own.
    """
    return [line for line in queries.own_jobs(work) if line.number not in at_hand]
