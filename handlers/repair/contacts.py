"""Whom a resident may name as the person to call: themselves, or somebody of the same household."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, or_, select

from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.estate.people import masked_person, unsealed
from handlers.estate.records import (
    ACTING_KINDS,
    CheckState,
    RelationKind,
    estate_person,
    estate_relation,
)
from handlers.repair import places
from handlers.repair.orders import Order
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Contact:
    """Somebody of a household.

    Attributes:
        name: in full for oneself, else masked.
        phone: masked.
        kind: of the relation to the house: owner, family, ...
    """

    person_id: int
    name: str
    phone: str
    kind: str
    is_self: bool


def household(work: Work, house_id: int) -> list[Contact]:
    """List whom the actor may name for a house, oneself first; nobody without a phone on record.

    Owners with their families and agents are one household, tenants with theirs another: neither learns of
    the other from here.

    Raises:
        NotPermitted: it is not a house of the actor.
    """
    own_id, rows = _household(work, house_id)
    vault = work.engine.vault
    found: dict[int, Contact] = {}
    for row in sorted(rows, key=lambda row: (row.id != own_id, row.relation_id)):
        shown = masked_person(vault, row)
        if not shown.phone or row.id in found:
            continue
        is_self = row.id == own_id
        name = unsealed(vault, row, "name") if is_self else shown.name
        found[row.id] = Contact(row.id, name, shown.phone, row.kind, is_self)
    return list(found.values())


def named(work: Work, house_id: int, person_id: int) -> tuple[str, str]:
    """Return name and phone of somebody the actor may name for a house; for commands that keep them sealed.

    Raises:
        FieldsInvalid: the person is not of this household, or has no phone on record.
    """
    _, rows = _household(work, house_id)
    row = next((row for row in rows if row.id == person_id), None)
    phone = unsealed(work.engine.vault, row, "phone") if row is not None else ""
    if row is None or not phone:
        raise FieldsInvalid({"contact_phone": ("请填写联系人的姓名和电话", {})})
    return unsealed(work.engine.vault, row, "name"), phone


def may_come_back(work: Work, order: Order) -> bool:
    """Tell whether the actor reported an order, or somebody of the own household did.

    Of a call without an account behind it the number tells whose it was.
    """
    if order.reporter_account_id == work.actor.id:
        return True
    if not work.may(Permission.REPAIR_SUBMIT, order.house_id):
        return False
    _, rows = _household(work, order.house_id)
    if order.reporter_person_id is not None:
        return any(row.id == order.reporter_person_id for row in rows)
    own = {row.id for row in rows}
    others = [row for row in work.connection.execute(_acting(work, order.house_id)) if row.id not in own]
    numbers = {number for row in others for number in (row.phone_index, row.other_phone_index)}
    return order.phone_index is None or order.phone_index not in numbers


def _household(work: Work, house_id: int) -> tuple[int | None, list[Row[Any]]]:
    work.require(Permission.REPAIR_SUBMIT, house_id)
    own_id = places.person_of(work)
    rows = list(work.connection.execute(_acting(work, house_id)))
    tenants = {row.id for row in rows if row.kind == RelationKind.TENANT}

    def rents(row: Row[Any]) -> bool:
        return row.id in tenants or row.through_person_id in tenants

    own_sides = {rents(row) for row in rows if row.id == own_id}
    return own_id, [row for row in rows if rents(row) in own_sides]


def _acting(work: Work, house_id: int) -> Any:
    return (
        select(
            estate_person,
            estate_relation.c.id.label("relation_id"),
            estate_relation.c.kind,
            estate_relation.c.through_person_id,
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .where(
            estate_relation.c.house_id == house_id,
            estate_relation.c.kind.in_(ACTING_KINDS),
            estate_relation.c.check_state == CheckState.CHECKED,
            estate_relation.c.valid_from <= work.now,
            or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
        )
        .limit(50)
    )
