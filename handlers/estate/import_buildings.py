"""Adds up what an import brought, building by building, for whoever releases it."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from engine.work import Work
from handlers.estate import importing
from handlers.estate.records import (
    estate_building,
    estate_community,
    estate_house,
    estate_relation,
    estate_unit,
)


@dataclass(frozen=True)
class BuildingSum:
    """What an import brought in one building, for a second person to compare with the signed list."""

    community: str
    building: str
    houses: int
    owners: int
    area_m2: Decimal


def building_sums(work: Work, import_id: int) -> list[BuildingSum]:
    """Add up by building what an import brought or has to release."""
    importing.one_import(work, import_id)
    owners = (
        select(estate_relation.c.house_id, func.count().label("owners"))
        .where(estate_relation.c.import_id == import_id)
        .group_by(estate_relation.c.house_id)
        .subquery()
    )
    rows = work.connection.execute(
        select(
            estate_community.c.name.label("community"),
            estate_building.c.name.label("building"),
            func.count().label("houses"),
            func.coalesce(func.sum(owners.c.owners), 0).label("owners"),
            func.coalesce(func.sum(estate_house.c.area_m2), 0).label("area_m2"),
        )
        .select_from(estate_house)
        .join(estate_unit, estate_unit.c.id == estate_house.c.unit_id)
        .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .outerjoin(owners, owners.c.house_id == estate_house.c.id)
        .where(estate_house.c.import_id == import_id)
        .group_by(estate_community.c.name, estate_building.c.name)
        .order_by(estate_community.c.name, func.length(estate_building.c.name), estate_building.c.name)
    )
    return [
        BuildingSum(row.community, row.building, row.houses, int(row.owners), Decimal(str(row.area_m2)))
        for row in rows
    ]
