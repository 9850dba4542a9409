"""Finds houses by address and people by phone, and says who may act for a house; contacts come out masked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from engine.work import Work
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.estate.address import read_query
from handlers.estate.entry import house_row
from handlers.estate.identity import InvalidIdentity, normalised_phone
from handlers.estate.people import MaskedPerson, masked_person, name_index, phone_index
from handlers.estate.records import (
    ACTING_KINDS,
    BASIC_KINDS,
    CheckState,
    RelationKind,
    estate_building,
    estate_community,
    estate_house,
    estate_parking,
    estate_person,
    estate_relation,
    estate_unit,
    estate_vehicle,
)
from handlers.shared import limits
from handlers.shared.masks import mask_plate
from handlers.shared.permissions import Permission
from handlers.shared.scopes import within
from handlers.shared.sealed import vault_of


@dataclass(frozen=True)
class House:
    """A house; `address` is within its community."""

    id: int
    community_id: int
    community: str
    address: str
    kind: str
    area_m2: Decimal | None


@dataclass(frozen=True)
class Related:
    """A person's relation to a house, as everybody with a reason may see it.

    Attributes:
        kind: a value of RelationKind.
        is_checked: whether a second person has confirmed it.
    """

    relation_id: int
    person: MaskedPerson
    house: House
    kind: str
    share: str | None
    valid_from: datetime
    valid_to: datetime | None
    is_checked: bool


@dataclass(frozen=True)
class Acting:
    """Somebody who may act for a house.

    Attributes:
        since: when the relation began, which decides on the earlier cases that are theirs to see.
        acts_from, acts_until: when the right itself began, which is not before the second check, and ends.
    """

    relation_id: int
    person_id: int
    kind: str
    since: datetime
    acts_from: datetime
    acts_until: datetime | None


@dataclass(frozen=True)
class Period:
    """A span of time without its end."""

    begins_at: datetime
    ends_at: datetime

    @staticmethod
    def of_day(day: date, zone: ZoneInfo) -> "Period":
        """Return a day as a community counts it."""
        begin = datetime.combine(day, time(), zone)
        return Period(begin, datetime.combine(day + timedelta(days=1), time(), zone))


def houses_by_address(work: Work, text: str) -> list[House]:
    """Find houses by what somebody typed, such as 3栋2单元502, 3-2-502 or 翠湖花园 502."""
    asked = read_query(text)
    conditions: list[ColumnElement[bool]] = [within(work, Permission.HOUSE_READ, estate_house.c.community_id)]
    if asked.community:
        conditions.append(estate_community.c.name.contains(asked.community, autoescape=True))
    if asked.building is not None:
        conditions.append(estate_building.c.name == asked.building)
    if asked.unit is not None:
        conditions.append(estate_unit.c.name == asked.unit)
    if asked.room is not None:
        conditions.append(estate_house.c.room == asked.room)
    return [_house(row) for row in work.connection.execute(_houses().where(*conditions))]


def house(work: Work, house_id: int) -> House:
    """Read a house, as staff of its community or as somebody who acts for it."""
    row = house_row(work, house_id)
    if not work.may(Permission.HOUSE_READ, house_id):
        work.require(Permission.HOUSE_READ, row.community_id)
    return _house(work.connection.execute(_houses().where(estate_house.c.id == house_id)).one())


def people_by_phone(work: Work, phone: str) -> list[Related]:
    """Find whose number this is, in the communities where the actor may look owners up.

    Raises:
        FieldsInvalid: it is not a phone number.
    """
    try:
        index = phone_index(vault_of(work.engine), normalised_phone(phone))
    except InvalidIdentity as error:
        raise FieldsInvalid({"phone": (error.message, error.params)}) from error
    return _related(
        work,
        _is_readable(work),
        or_(estate_person.c.phone_index == index, estate_person.c.other_phone_index == index),
        is_valid(work),
    )


def people_by_name(work: Work, name: str) -> list[Related]:
    """Find who has exactly this name, in the communities where the actor may look owners up."""
    index = name_index(vault_of(work.engine), " ".join(name.split()))
    return _related(
        work,
        _is_readable(work),
        estate_person.c.name_index == index,
        is_valid(work),
    )


def people_of_house(work: Work, house_id: int) -> list[Related]:
    """List who is related to a house now, unchecked relations included, for staff who look owners up."""
    work.require(Permission.OWNER_READ, house_row(work, house_id).community_id)
    return _related(work, estate_relation.c.house_id == house_id, is_valid(work))


def person_of_house(work: Work, house_id: int, person_id: int) -> MaskedPerson:
    """Return a person who belongs to a house now, if the actor reads that class of data.

    Raises:
        RecordNotFound: there is no such person at this house for this actor.
    """
    house_row(work, house_id)
    found = _related(
        work,
        _is_readable(work),
        estate_relation.c.house_id == house_id,
        estate_person.c.id == person_id,
        is_valid(work),
    )
    if not found:
        raise RecordNotFound("person_not_found", "此房屋没有这位登记人")
    return found[0].person


def owner_contacts(work: Work, house_id: int) -> list[MaskedPerson]:
    """List the owners of a house with masked contacts, the first owner first."""
    owners = (RelationKind.OWNER, RelationKind.CO_OWNER)
    found = [related for related in people_of_house(work, house_id) if related.kind in owners]
    return [related.person for related in sorted(found, key=lambda one: owners.index(RelationKind(one.kind)))]


def who_may_act(work: Work, house_id: int) -> list[Acting]:
    """List who may see and act for a house now: checked relations that have begun and not ended."""
    row = house_row(work, house_id)
    if not work.may(Permission.HOUSE_READ, house_id):
        work.require(Permission.HOUSE_READ, row.community_id)
    return _acting(work, house_id, Period(work.now, work.now + _INSTANT))


def who_might_act(work: Work, house_id: int, during: Period) -> list[Acting]:
    """List who might see and act for a house at some time of a period, past or to come, for staff.

    What is not checked yet, or what another check may still change, is not foreseen.
    """
    scope = house_row(work, house_id).community_id
    if not work.may(Permission.HOUSE_READ, scope):
        work.require(Permission.OWNER_READ, scope)
    return _acting(work, house_id, during)


def acting_since(work: Work, house_id: int, person_id: int) -> datetime | None:
    """Tell since when a person may act for a house, or None; its earlier cases are not theirs to see."""
    since = [acting.since for acting in who_may_act(work, house_id) if acting.person_id == person_id]
    return min(since, default=None)


def plates_of_house(work: Work, house_id: int) -> list[tuple[int, str, bool]]:
    """List vehicles of a house as (id, masked plate, whether it was checked)."""
    work.require(Permission.OWNER_READ, house_row(work, house_id).community_id)
    rows = work.connection.execute(
        select(estate_vehicle)
        .where(estate_vehicle.c.house_id == house_id, estate_vehicle.c.valid_to.is_(None))
        .order_by(estate_vehicle.c.id)
    )
    unseal = work.engine.vault.open
    return [
        (
            row.id,
            mask_plate(unseal("estate_vehicle", "plate", row.id, row.plate)),
            row.check_state == CheckState.CHECKED,
        )
        for row in rows
    ]


def parking_of_house(work: Work, house_id: int) -> list[tuple[int, str, bool]]:
    """List parking places of a house as (id, place, is rented)."""
    work.require(Permission.OWNER_READ, house_row(work, house_id).community_id)
    rows = work.connection.execute(
        select(estate_parking.c.id, estate_parking.c.place, estate_parking.c.is_rented)
        .where(estate_parking.c.house_id == house_id, estate_parking.c.valid_to.is_(None))
        .order_by(estate_parking.c.place)
    )
    return [(row.id, row.place, row.is_rented) for row in rows]


def _houses() -> Select[*tuple[Any, ...]]:
    return (
        select(estate_house, estate_community.c.name.label("community"))
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .join(estate_unit, estate_unit.c.id == estate_house.c.unit_id)
        .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
        .order_by(estate_community.c.name, estate_house.c.address, estate_house.c.id)
        .limit(limits.PAGE_ROWS)
    )


def _house(row: Row[*tuple[Any, ...]]) -> House:
    return House(row.id, row.community_id, row.community, row.address, row.kind, row.area_m2)


def _related(work: Work, *conditions: ColumnElement[bool]) -> list[Related]:
    people = [column for column in estate_person.c if column.name != "id"]
    rows = work.connection.execute(
        select(
            estate_person.c.id,
            *people,
            estate_relation.c.id.label("relation_id"),
            estate_relation.c.kind.label("relation_kind"),
            estate_relation.c.share,
            estate_relation.c.valid_from,
            estate_relation.c.valid_to,
            estate_relation.c.check_state,
            estate_house.c.id.label("house_id"),
            estate_house.c.community_id,
            estate_house.c.address,
            estate_house.c.kind.label("house_kind"),
            estate_house.c.area_m2,
            estate_community.c.name.label("community"),
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .where(*conditions)
        .order_by(estate_relation.c.id)
        .limit(limits.PAGE_ROWS)
    )
    return [
        Related(
            row.relation_id,
            masked_person(work.engine.vault, row),
            House(row.house_id, row.community_id, row.community, row.address, row.house_kind, row.area_m2),
            row.relation_kind,
            row.share,
            row.valid_from,
            row.valid_to,
            row.check_state == CheckState.CHECKED,
        )
        for row in rows
    ]


def _is_readable(work: Work) -> ColumnElement[bool]:
    """Say that a relation is of a class of data that the actor reads in its community."""
    return and_(
        within(work, Permission.OWNER_READ, estate_house.c.community_id),
        or_(
            estate_relation.c.kind.in_(BASIC_KINDS),
            within(work, Permission.RELATED_READ, estate_house.c.community_id),
        ),
    )


def is_valid(work: Work) -> ColumnElement[bool]:
    """Say in SQL that a relation has begun and not ended."""
    return and_(
        estate_relation.c.valid_from <= work.now,
        or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
    )


_INSTANT = timedelta(microseconds=1)  # no two moments of the store are closer


def _acting(work: Work, house_id: int, during: Period) -> list[Acting]:
    acts_from = func.coalesce(estate_relation.c.counts_since, estate_relation.c.valid_from)
    rows = work.connection.execute(
        select(estate_relation)
        .where(
            estate_relation.c.house_id == house_id,
            estate_relation.c.check_state == CheckState.CHECKED,
            estate_relation.c.kind.in_(ACTING_KINDS),
            estate_relation.c.valid_from < during.ends_at,
            acts_from < during.ends_at,
            or_(
                estate_relation.c.valid_to.is_(None),
                and_(
                    estate_relation.c.valid_to > during.begins_at,
                    estate_relation.c.valid_to > estate_relation.c.valid_from,
                    estate_relation.c.valid_to > acts_from,
                ),
            ),
        )
        .order_by(estate_relation.c.valid_from, estate_relation.c.id)
    )
    return [
        Acting(
            row.id,
            row.person_id,
            row.kind,
            row.valid_from,
            max(row.valid_from, row.counts_since or row.valid_from),
            row.valid_to,
        )
        for row in rows
    ]
