"""Everything on record about a house, each class of data for those who may read that class (policy D2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.estate.authorisation import Agreement, Purpose, agreements
from handlers.estate.entry import house_row
from handlers.estate.people import MaskedPerson, masked_person
from handlers.estate.queries import House, parking_of_house, plates_of_house
from handlers.estate.records import (
    BASIC_KINDS,
    CheckState,
    RelationKind,
    estate_building,
    estate_community,
    estate_house,
    estate_person,
    estate_relation,
    estate_unit,
)
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.scopes import within

_ORDER = (*BASIC_KINDS, RelationKind.FAMILY, RelationKind.EMERGENCY_CONTACT)


@dataclass(frozen=True)
class Standing:
    """How a person stands, stood or will stand to a house.

    Attributes:
        through: masked name of whose family member, agent or tenant this is; "" where nobody is named.
        agreed: what the person said to each use of their contacts.
        is_now: it has begun and not ended.
        is_over: it has ended.
    """

    relation_id: int
    person: MaskedPerson
    kind: RelationKind
    share: str
    is_payer: bool
    through: str
    lease_ends_on: date | None
    valid_from: datetime
    valid_to: datetime | None
    is_checked: bool
    agreed: Mapping[Purpose, Agreement]
    is_now: bool
    is_over: bool


@dataclass(frozen=True)
class HouseRecord:
    """A house with its people and vehicles.

    Attributes:
        handed_over_on, kind and area of the house: only for who may read houses.
        basic, related: None for who may not read that class.
        vehicles: (id, masked plate, is checked); None for who may not read related data.
        parking: (id, place, is rented).
    """

    house: House
    unit_id: int
    building: str
    unit: str
    room: str
    handed_over_on: date | None
    is_checked: bool
    basic: tuple[Standing, ...] | None
    related: tuple[Standing, ...] | None
    vehicles: tuple[tuple[int, str, bool], ...] | None
    parking: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True)
class Unit:
    """A unit with its houses."""

    id: int
    community_id: int
    community: str
    building: str
    name: str
    houses: tuple[House, ...]


def house_record(work: Work, house_id: int) -> HouseRecord:
    """Read what the actor may know of a house.

    Raises:
        RecordNotFound: there is no such house for this actor.
        NotPermitted: the actor reads neither houses nor owners there.
    """
    known = house_row(work, house_id)
    scope = known.community_id
    may_house = work.may(Permission.HOUSE_READ, scope)
    if not may_house:
        work.require(Permission.OWNER_READ, scope)
    place = _place(work, known.unit_id)
    people = _people(work, house_id) if work.may(Permission.OWNER_READ, scope) else None
    reads_related = people is not None and work.may(Permission.RELATED_READ, scope)
    return HouseRecord(
        house=_house(known, place.community, is_whole=may_house),
        unit_id=known.unit_id,
        building=place.building,
        unit=place.unit,
        room=known.room,
        handed_over_on=known.handed_over_on if may_house else None,
        is_checked=known.check_state == CheckState.CHECKED,
        basic=None if people is None else tuple(one for one in people if one.kind in BASIC_KINDS),
        related=tuple(one for one in people or () if one.kind not in BASIC_KINDS) if reads_related else None,
        vehicles=tuple(plates_of_house(work, house_id)) if reads_related else None,
        parking=tuple(parking_of_house(work, house_id)) if reads_related else (),
    )


def unit(work: Work, unit_id: int) -> Unit:
    """Read a unit with its houses.

    Raises:
        RecordNotFound: there is no such unit where the actor reads houses.
    """
    place = _place(work, unit_id)
    if place is None or not work.may(Permission.HOUSE_READ, place.community_id):
        raise RecordNotFound("unit_not_found", "没有这个单元")
    rows = work.connection.execute(
        select(estate_house).where(estate_house.c.unit_id == unit_id).order_by(estate_house.c.room).limit(500)
    )
    houses = tuple(_house(row, place.community, is_whole=True) for row in rows)
    return Unit(unit_id, place.community_id, place.community, place.building, place.unit, houses)


def units(work: Work, community_id: int) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
    """List the buildings of a community, each with its units as (id, name)."""
    rows = work.connection.execute(
        select(estate_building.c.name.label("building"), estate_unit.c.id, estate_unit.c.name)
        .join(estate_unit, estate_unit.c.building_id == estate_building.c.id)
        .where(
            estate_building.c.community_id == community_id,
            within(work, Permission.HOUSE_READ, estate_building.c.community_id),
        )
        .limit(2000)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        found.setdefault(row.building, []).append((row.id, row.name))
    return [
        (building, tuple(sorted(found[building], key=lambda one: _by_number(one[1]))))
        for building in sorted(found, key=_by_number)
    ]


def _by_number(name: str) -> tuple[int, str]:
    """Sort 2 before 10, and what is no number after all numbers."""
    return (int(name), "") if name.isascii() and name.isdecimal() else (2**31, name)


def _place(work: Work, unit_id: int) -> Any:
    return work.connection.execute(
        select(
            estate_unit.c.name.label("unit"),
            estate_building.c.name.label("building"),
            estate_building.c.community_id,
            estate_community.c.name.label("community"),
        )
        .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
        .join(estate_community, estate_community.c.id == estate_building.c.community_id)
        .where(estate_unit.c.id == unit_id)
    ).one_or_none()


def _house(row: Row[Any], community: str, *, is_whole: bool) -> House:
    kind, area = (row.kind, row.area_m2) if is_whole else ("", None)
    return House(row.id, row.community_id, community, row.address, kind, area)


def _people(work: Work, house_id: int) -> list[Standing]:
    """Read every relation of a house, those that ended included."""
    relations = [column.label(f"r_{column.name}") for column in estate_relation.c]
    rows = work.connection.execute(
        select(*estate_person.c, *relations)
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .where(estate_relation.c.house_id == house_id)
        .order_by(estate_relation.c.valid_from.desc(), estate_relation.c.id)
        .limit(limits.RELATIONS_SHOWN)
    ).all()
    shown = {row.id: masked_person(work.engine.vault, row) for row in rows}
    agreed = agreements(work, shown)
    found = []
    for row in rows:
        through = shown.get(row.r_through_person_id)
        is_over = row.r_valid_to is not None and row.r_valid_to <= work.now
        found.append(
            Standing(
                relation_id=row.r_id,
                person=shown[row.id],
                kind=RelationKind(row.r_kind),
                share=row.r_share or "",
                is_payer=row.r_is_payer,
                through=through.name if through else "",
                lease_ends_on=row.r_lease_ends_on,
                valid_from=row.r_valid_from,
                valid_to=row.r_valid_to,
                is_checked=row.r_check_state == CheckState.CHECKED,
                agreed=agreed.get(row.id, {}),
                is_now=not is_over and row.r_valid_from <= work.now,
                is_over=is_over,
            )
        )
    return sorted(found, key=lambda one: _ORDER.index(one.kind))
