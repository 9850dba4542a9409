"""Knows where a repair order is: houses, buildings, and who may act for a house since when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from engine.work import Work
from handlers.accounts.records import account
from handlers.errors import RecordNotFound
from handlers.estate.records import (
    ACTING_KINDS,
    CheckState,
    estate_building,
    estate_community,
    estate_house,
    estate_relation,
    estate_unit,
)


@dataclass(frozen=True, slots=True)
class House:
    """Where a house stands."""

    id: int
    address: str
    building_id: int
    building: str
    community_id: int
    community: str


def house(connection: Connection, house_id: int) -> House:
    """Return a house with its building and community.

    Raises:
        RecordNotFound: no such house.
    """
    row = connection.execute(
        select(
            estate_house.c.id,
            estate_house.c.address,
            estate_unit.c.building_id,
            estate_building.c.name,
            estate_house.c.community_id,
            estate_community.c.name.label("community"),
        )
        .join(estate_unit, estate_unit.c.id == estate_house.c.unit_id)
        .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .where(estate_house.c.id == house_id)
    ).one_or_none()
    if row is None:
        raise RecordNotFound("house_not_found", "没有这套房屋，请核对房号")
    return House(row.id, row.address, row.building_id, f"{row.name}栋", row.community_id, row.community)


def building(connection: Connection, building_id: int) -> tuple[int, str]:
    """Return the community of a building, and the building as people call it.

    Raises:
        RecordNotFound: no such building.
    """
    row = connection.execute(
        select(estate_building.c.community_id, estate_building.c.name).where(
            estate_building.c.id == building_id
        )
    ).one_or_none()
    if row is None:
        raise RecordNotFound("building_not_found", "没有这栋楼，请核对楼栋")
    return row.community_id, f"{row.name}栋"


def desk_phone(connection: Connection, community_id: int) -> str:
    """Return the number of a community's desk."""
    phone: str | None = connection.execute(
        select(estate_community.c.desk_phone).where(estate_community.c.id == community_id)
    ).scalar_one_or_none()
    return phone or ""


def own_houses(work: Work) -> dict[int, datetime]:
    """Return the houses that a resident may act for now, each with the moment since when."""
    rows = work.connection.execute(
        select(estate_relation.c.house_id, func.min(estate_relation.c.valid_from))
        .join(account, account.c.person_id == estate_relation.c.person_id)
        .where(
            account.c.id == work.actor.id,
            account.c.state == "active",
            estate_relation.c.kind.in_(ACTING_KINDS),
            estate_relation.c.check_state == CheckState.CHECKED,
            estate_relation.c.valid_from <= work.now,
            or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
        )
        .group_by(estate_relation.c.house_id)
    )
    return dict(rows.all())


def person_of(work: Work) -> int | None:
    """Return the person behind a resident's account; None for staff."""
    found: int | None = work.connection.execute(
        select(account.c.person_id).where(account.c.id == work.actor.id)
    ).scalar_one_or_none()
    return found
