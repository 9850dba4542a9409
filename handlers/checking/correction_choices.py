"""Lists what somebody may ask to correct of a house and its people, each with what is on record, masked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, or_, select

from engine.work import Work
from handlers.checking import correction_values, corrections
from handlers.checking.correction_values import Target
from handlers.checking.fields import Field, shown
from handlers.errors import FieldsInvalid
from handlers.estate.entry import house_row
from handlers.estate.people import masked_person
from handlers.estate.records import CheckState, RelationKind, estate_person, estate_relation, estate_vehicle
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Choice:
    """One field that can be corrected.

    Attributes:
        who: masked name of the person.
        kind: how the person stands to the house.
        now: what is on record, masked; empty where there is nothing.
    """

    field: Field
    person_id: int
    vehicle_id: int | None
    who: str
    kind: str
    now: str

    @property
    def code(self) -> str:
        """What a form posts for it: ids and the code of the field."""
        return f"{self.field.value}:{self.person_id}:{self.vehicle_id or 0}"


def choices(work: Work, house_id: int) -> list[Choice]:
    """List what the actor may ask to correct in a house, person by person."""
    house = house_row(work, house_id)
    if work.actor.kind != "resident":
        work.require(Permission.OWNER_ENTER, house.community_id)
    found: dict[tuple[Field, int, int | None], Choice] = {}
    for row in _people(work, house_id):
        masked = masked_person(work.engine.vault, row)
        for field in corrections.offered(work, house_id, row.id):
            for target, vehicle_id in _targets(work, field, house_id, row):
                if (field, row.id, vehicle_id) in found:
                    continue
                now = correction_values.current(work, target)
                found[field, row.id, vehicle_id] = Choice(
                    field, row.id, vehicle_id, masked.name, row.kind, shown(field, now) if now else ""
                )
    return list(found.values())


def chosen(code: str) -> tuple[Field, int, int | None]:
    """Read what a form posted.

    Raises:
        FieldsInvalid: it is none of the choices.
    """
    parts = code.split(":")
    if len(parts) != 3 or parts[0] not in set(Field) or not all(part.isdecimal() for part in parts[1:]):
        raise FieldsInvalid({"what": ("请选择要更正的栏目", {})})
    return Field(parts[0]), int(parts[1]), int(parts[2]) or None


def _people(work: Work, house_id: int) -> list[Row[Any]]:
    people = [column for column in estate_person.c if column.name != "id"]
    query = (
        select(
            estate_person.c.id,
            *people,
            estate_relation.c.kind,
            estate_relation.c.id.label("relation_id"),
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .where(estate_relation.c.house_id == house_id, estate_relation.c.valid_to.is_(None))
        .order_by(estate_relation.c.id)
    )
    if work.actor.kind == "resident":
        own = estate_person.c.id == corrections.own_person(work)
        query = query.where(or_(own, estate_relation.c.kind == RelationKind.FAMILY))
    return list(work.connection.execute(query))


def _targets(work: Work, field: Field, house_id: int, row: Row[Any]) -> Iterator[tuple[Target, int | None]]:
    if field is Field.AREA:
        yield Target(field, house_id), None
    elif field is Field.OWNED_FROM:
        if row.kind in (RelationKind.OWNER, RelationKind.CO_OWNER):
            yield Target(field, row.relation_id), None
    elif field is Field.PLATE:
        mine = (
            estate_vehicle.c.house_id == house_id,
            estate_vehicle.c.person_id == row.id,
            estate_vehicle.c.valid_to.is_(None),
            estate_vehicle.c.check_state == CheckState.CHECKED,
        )
        for vehicle_id in work.connection.execute(select(estate_vehicle.c.id).where(*mine)).scalars():
            yield Target(field, vehicle_id), vehicle_id
    else:
        yield Target(field, row.id), None
