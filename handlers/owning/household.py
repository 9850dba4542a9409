"""Lets owners keep what belongs to their home: vehicles, family, and whether it is still right."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.work import Work
from handlers.accounts import trust
from handlers.accounts.records import account
from handlers.checking import corrections
from handlers.checking.correction_values import Target
from handlers.checking.corrections import Asked
from handlers.checking.fields import Field
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.estate import belongings, entry, relation_log
from handlers.estate.identity import InvalidIdentity, normalised_plate
from handlers.estate.people import unsealed
from handlers.estate.queries import is_valid
from handlers.estate.records import CheckState, RelationKind, estate_person, estate_relation, estate_vehicle
from handlers.shared import access_log
from handlers.shared.masks import mask_name, mask_phone, mask_plate
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Member:
    """A family member of a home, masked; `counts` once a second person has checked the entry."""

    relation_id: int
    name: str
    phone: str
    counts: bool


@dataclass(frozen=True)
class Household:
    """What belongs to a home.

    Attributes:
        vehicles: (id, masked plate, whether a second person has checked it).
        checked_at: when the actor last said that everything is right.
    """

    members: tuple[Member, ...]
    vehicles: tuple[tuple[int, str, bool], ...]
    checked_at: datetime | None


def household(work: Work, house_id: int) -> Household:
    """Read what an owner keeps for a home; family and tenants keep nothing there and see none of it.

    Raises:
        RecordNotFound: the house is not the actor's to know of.
        NotPermitted: the actor does not keep it.
    """
    _require_keeper(work, house_id)
    vault = work.engine.vault
    rows = work.connection.execute(
        select(estate_person, estate_relation.c.id.label("relation_id"), estate_relation.c.check_state)
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .where(
            estate_relation.c.house_id == house_id,
            estate_relation.c.kind == RelationKind.FAMILY,
            is_valid(work),
        )
        .order_by(estate_relation.c.id)
    )
    members = tuple(
        Member(
            row.relation_id,
            mask_name(unsealed(vault, row, "name")),
            mask_phone(unsealed(vault, row, "phone")),
            row.check_state == "checked",
        )
        for row in rows
    )
    vehicles = work.connection.execute(
        select(estate_vehicle.c.id, estate_vehicle.c.plate, estate_vehicle.c.check_state)
        .where(estate_vehicle.c.house_id == house_id, estate_vehicle.c.valid_to.is_(None))
        .order_by(estate_vehicle.c.id)
    )
    plates = tuple(
        (
            row.id,
            mask_plate(vault.open("estate_vehicle", "plate", row.id, row.plate)),
            row.check_state == CheckState.CHECKED,
        )
        for row in vehicles
    )
    checked_at = select(estate_person.c.checked_at).where(estate_person.c.id == _own_person(work))
    return Household(members, plates, work.connection.execute(checked_at).scalar_one_or_none())


def add_vehicle(work: Work, house_id: int, plate: str) -> str:
    """Enter a vehicle of the own home, unchecked, and have the desk check it.

    Returns:
        The number of the correction in which it is checked.
    Raises:
        FieldsInvalid: it is no number plate.
        StillCooling: the password was reset within the last day.
    Source: policy B2, C1.
    """
    _require_keeper(work, house_id)
    trust.require_settled(work)
    own = _own_person(work)
    try:
        vehicle_id = belongings.note_vehicle(work, house_id, own, plate, state=CheckState.PENDING)
        said = normalised_plate(plate)
    except InvalidIdentity as error:
        raise FieldsInvalid({"plate": (error.message, error.params)}) from error
    return corrections.start(
        work, Asked(Field.VEHICLE, house_id, own, said), Target(Field.VEHICLE, vehicle_id), said
    )


def end_vehicle(work: Work, house_id: int, vehicle_id: int) -> None:
    """Note that a vehicle no longer belongs to the own home."""
    _require_keeper(work, house_id)
    belongings.end_vehicle(work, house_id, vehicle_id)


def end_member(work: Work, house_id: int, relation_id: int) -> None:
    """End a family member's relation: what they could see and do ends with this transaction."""
    _require_keeper(work, house_id)
    trust.require_settled(work)
    ended = work.connection.execute(
        estate_relation.update()
        .where(
            estate_relation.c.id == relation_id,
            estate_relation.c.house_id == house_id,
            estate_relation.c.kind == RelationKind.FAMILY,
            is_valid(work),
        )
        .values(valid_to=work.now)
    ).rowcount
    if not ended:
        raise RecordNotFound("member_not_found", "没有这位家庭成员，或已去除")
    access_log.append(work, access_log.Entry("end_member", "relation", relation_id))
    relation_log.note_ended(work, [relation_id])


def confirm(work: Work, house_id: int) -> None:
    """Note that the owner finds everything right; customer service sees when that was."""
    _require_keeper(work, house_id)
    person_id = _own_person(work)
    work.connection.execute(
        estate_person.update().where(estate_person.c.id == person_id).values(checked_at=work.now)
    )
    access_log.append(work, access_log.Entry("confirm_own_data", "person", person_id))


def _require_keeper(work: Work, house_id: int) -> None:
    entry.house_row(work, house_id)
    work.require(Permission.FAMILY_EDIT, house_id)


def _own_person(work: Work) -> int:
    found: int | None = work.connection.execute(
        select(account.c.person_id).where(account.c.id == work.actor.id)
    ).scalar_one_or_none()
    if found is None:
        raise RecordNotFound("person_not_found", "此房屋没有这位登记人")
    return found
