"""Enters houses, people and their relations, and lets a second person check what was entered."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Table, exists, or_, select

from engine.ids import new_id
from engine.store.dialects import insert_new
from engine.work import Work
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate import relation_log
from handlers.estate.address import Place
from handlers.estate.identity import normalised_plate
from handlers.estate.people import PersonEntry, checked_person, person_values
from handlers.estate.records import (
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
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere
from handlers.shared.sealed import vault_of
from handlers.shared.spelling import one_spelling


@dataclass(frozen=True)
class RelationEntry:
    """How a person is to stand to a house.

    Attributes:
        valid_from: now when absent.
        through_person_id: whose family member, agent or tenant this is.
    """

    house_id: int
    person_id: int
    kind: RelationKind
    valid_from: datetime | None = None
    share: str | None = None
    is_payer: bool = False
    through_person_id: int | None = None
    lease_ends_on: date | None = None


@dataclass(frozen=True)
class HouseFacts:
    """What is known of a house besides its place."""

    kind: str = ""
    area_m2: Decimal | None = None
    handed_over_on: date | None = None


def add_community(work: Work, name: str, zone: str = "Asia/Shanghai", desk_phone: str = "") -> int:
    """Open a community and return its id."""
    work.require(Permission.SYSTEM_CONFIGURE)
    name = one_spelling(name)
    if not name:
        raise FieldsInvalid({"name": ("请填写小区名称", {})})
    taken = select(estate_community.c.id).where(estate_community.c.name == name)
    if work.connection.execute(taken).first() is not None:
        raise RecordConflict("community_exists", "已有名为“{name}”的小区", name=name)
    community_id = new_id()
    work.connection.execute(
        estate_community.insert().values(
            id=community_id, name=name, zone=str(ZoneInfo(zone)), desk_phone=desk_phone
        )
    )
    return community_id


def describe_community(work: Work, name: str, *, desk_phone: str | None, address: str | None) -> None:
    """Note the number of a community's desk, or where maps find it; None leaves what is there.

    Raises:
        RecordNotFound: no community of that name.
    """
    work.require(Permission.SYSTEM_CONFIGURE)
    values = {"desk_phone": desk_phone, "address": address}
    known = {column: value.strip() for column, value in values.items() if value is not None}
    wanted = estate_community.c.name == name.strip()
    found = work.connection.execute(select(estate_community.c.id).where(wanted)).first()
    if found is None:
        raise RecordNotFound("community_not_found", "没有名为“{name}”的小区", name=name.strip())
    if known:
        work.connection.execute(estate_community.update().where(wanted).values(**known))


def add_house(work: Work, community_id: int, place: Place, facts: HouseFacts | None = None) -> int:
    """Enter a house, with its building and unit where they are new, and return its id."""
    work.require(Permission.HOUSE_EDIT, community_id)
    unit_id = unit_of(work.connection, community_id, place)
    taken = select(estate_house.c.id).where(
        estate_house.c.unit_id == unit_id, estate_house.c.room == place.room
    )
    if work.connection.execute(taken).first() is not None:
        raise RecordConflict("house_exists", "{address} 已经登记", address=place.address())
    house_id = new_id()
    known = facts or HouseFacts()
    work.connection.execute(
        estate_house.insert().values(
            id=house_id,
            unit_id=unit_id,
            community_id=community_id,
            room=place.room,
            address=place.address(),
            kind=known.kind,
            area_m2=known.area_m2,
            handed_over_on=known.handed_over_on,
            check_state=CheckState.CHECKED,
        )
    )
    return house_id


def unit_of(connection: Connection, community_id: int, place: Place) -> int:
    """Return the unit of a place, entering its building and the unit where they are new."""
    building = {"community_id": community_id, "name": place.building}
    building_id = _get_or_add(connection, estate_building, building)
    return _get_or_add(connection, estate_unit, {"building_id": building_id, "name": place.unit})


def add_person(work: Work, entry: PersonEntry) -> int:
    """Enter a person and return their id.

    Raises:
        FieldsInvalid: with one message for each field that is wrong.
    """
    require_somewhere(work, Permission.OWNER_ENTER)
    person = checked_person(entry, work.now.date())
    person_id = new_id()
    values = person_values(vault_of(work.engine), person_id, person)
    work.connection.execute(estate_person.insert().values(id=person_id, created_at=work.now, **values))
    return person_id


def add_relation(work: Work, entry: RelationEntry) -> int:
    """Relate a person to a house; it counts for nothing until somebody else has checked it.

    Returns:
        The relation's id.
    """
    house = house_row(work, entry.house_id)
    work.require(Permission.OWNER_ENTER, house.community_id)
    is_open = select(estate_relation.c.id).where(
        estate_relation.c.house_id == entry.house_id,
        estate_relation.c.person_id == entry.person_id,
        estate_relation.c.kind == entry.kind,
        estate_relation.c.valid_to.is_(None),
    )
    if work.connection.execute(is_open).first() is not None:
        raise RecordConflict("relation_exists", "此人与该房屋的这种关系已经登记")
    relation_id = new_id()
    work.connection.execute(
        estate_relation.insert().values(
            id=relation_id,
            house_id=entry.house_id,
            person_id=entry.person_id,
            kind=entry.kind,
            share=entry.share,
            is_payer=entry.is_payer,
            through_person_id=entry.through_person_id,
            lease_ends_on=entry.lease_ends_on,
            valid_from=entry.valid_from or work.now,
            check_state=CheckState.PENDING,
            entered_by=work.actor.id,
        )
    )
    return relation_id


def mark_relation_checked(work: Work, relation_id: int) -> None:
    """Confirm, as somebody else than who entered it, that a relation is right; from now on it counts.

    Raises:
        ActionNotAllowed: the same person entered it.
    """
    row = _relation(work, relation_id)
    work.require(Permission.OWNER_CHECK, row.community_id)
    if row.entered_by == work.actor.id and work.actor.kind != "system":
        raise ActionNotAllowed("second_check", "须由另一人核对，录入人不能核对自己的录入")
    work.connection.execute(
        estate_relation.update()
        .where(estate_relation.c.id == relation_id)
        .values(check_state=CheckState.CHECKED, counts_since=work.now)
    )
    relation_log.note_counts(work, estate_relation.c.id == relation_id)


def end_relation(work: Work, relation_id: int) -> None:
    """End a relation at this moment: whatever rights came from it are gone with this transaction."""
    row = _relation(work, relation_id)
    work.require(Permission.OWNER_ENTER, row.community_id)
    if row.valid_to is not None and row.valid_to <= work.now:
        raise RecordConflict("relation_ended", "这项关系已经结束")
    work.connection.execute(
        estate_relation.update().where(estate_relation.c.id == relation_id).values(valid_to=work.now)
    )
    relation_log.note_ended(work, [relation_id])


def confirm_data(work: Work, person_id: int, house_id: int) -> None:
    """Note that a person has just said that what is on record about them is right."""
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    require_related(work, person_id, house_id)
    work.connection.execute(
        estate_person.update().where(estate_person.c.id == person_id).values(checked_at=work.now)
    )


def add_vehicle(
    work: Work, house_id: int, person_id: int, plate: str, *, state: CheckState = CheckState.CHECKED
) -> int:
    """Enter a vehicle of a house: customer service may, and whoever keeps the house's family data."""
    house = house_row(work, house_id)
    if not work.may(Permission.FAMILY_EDIT, house_id):
        work.require(Permission.FAMILY_EDIT, house.community_id)
    number = normalised_plate(plate)
    vehicle_id = new_id()
    vault = vault_of(work.engine)
    work.connection.execute(
        estate_vehicle.insert().values(
            id=vehicle_id,
            house_id=house_id,
            person_id=person_id,
            plate=vault.seal("estate_vehicle", "plate", vehicle_id, number),
            plate_index=vault.blind_index("plate", number),
            check_state=state,
            valid_from=work.now,
        )
    )
    return vehicle_id


def add_parking(work: Work, house_id: int, place: str, *, is_rented: bool) -> int:
    """Enter a parking place of a house: customer service may, and whoever keeps the house's family data."""
    house = house_row(work, house_id)
    if not work.may(Permission.FAMILY_EDIT, house_id):
        work.require(Permission.FAMILY_EDIT, house.community_id)
    name = one_spelling(place)
    if not name or len(name) > 50:
        raise FieldsInvalid({"place": ("请填写车位号，最多 50 字", {})})
    parking_id = new_id()
    work.connection.execute(
        estate_parking.insert().values(
            id=parking_id, house_id=house_id, place=name, is_rented=is_rented, valid_from=work.now
        )
    )
    return parking_id


def house_row(work: Work, house_id: int) -> Row[Any]:
    """Return a house's row if the actor may know of it: staff of its community, or who acts for it.

    Raises:
        RecordNotFound: there is no such house for this actor.
    """
    row = work.connection.execute(select(estate_house).where(estate_house.c.id == house_id)).one_or_none()
    if row is None or not knows_place(work, row.community_id, house_id):
        raise RecordNotFound("house_not_found", "没有这套房屋")
    return row


def require_related(work: Work, person_id: int, house_id: int) -> None:
    """Refuse a person who does not belong to a house now, checked or not.

    Raises:
        RecordNotFound: there is no such person at this house.
    """
    related = exists().where(
        estate_relation.c.person_id == person_id,
        estate_relation.c.house_id == house_id,
        estate_relation.c.valid_from <= work.now,
        or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
    )
    if not work.connection.execute(select(related)).scalar_one():
        raise RecordNotFound("person_not_found", "此房屋没有这位登记人")


def knows_place(work: Work, community_id: int, house_id: int) -> bool:
    """Tell whether an actor has anything to do with a community, or acts for a house of it."""
    if work.actor.kind == "system":
        return True
    scopes = {scope_id for _, scope_id in work.grants.permissions}
    return bool(scopes & {None, community_id, house_id})


def _relation(work: Work, relation_id: int) -> Row[Any]:
    row = work.connection.execute(
        select(estate_relation, estate_house.c.community_id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(estate_relation.c.id == relation_id)
        .with_for_update(of=estate_relation)
    ).one_or_none()
    if row is None or not knows_place(work, row.community_id, row.house_id):
        raise RecordNotFound("relation_not_found", "没有这项关系")
    return row


def _get_or_add(connection: Connection, table: Table, key: dict[str, Any]) -> int:
    matches = [table.c[name] == value for name, value in key.items()]
    found = connection.execute(select(table.c.id).where(*matches)).scalar_one_or_none()
    if found is not None:
        return int(found)
    insert_new(connection, table, [{"id": new_id(), **key}])
    return int(connection.execute(select(table.c.id).where(*matches)).scalar_one())
