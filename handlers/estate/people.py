"""Turns what is known of a person into a sealed row, and a sealed row into what may be shown."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from engine.ports import Vault
from handlers.errors import FieldsInvalid
from handlers.estate.identity import IdNumber, IdType, InvalidIdentity, checked_id, normalised_phone
from handlers.estate.records import estate_person
from handlers.shared.masks import mask_name, mask_phone
from handlers.shared.sealed import SealedVault
from handlers.shared.spelling import one_spelling

_SEALED = ("name", "id_number", "phone", "other_phone", "postal_address")


@dataclass(frozen=True)
class PersonEntry:
    """A person as somebody entered them.

    Attributes:
        sex: "male", "female", or "" where unknown.
        id_type: a value of IdType, or "" without a document.
        phone: a mobile number or a landline, or "" where unknown.
    """

    name: str
    phone: str = ""
    other_phone: str = ""
    sex: str = ""
    id_type: str = ""
    id_number: str = ""
    postal_address: str = ""


@dataclass(frozen=True)
class CheckedPerson:
    """A person whose every field was checked and brought to its one spelling."""

    name: str
    phone: str
    other_phone: str
    sex: str
    document: IdNumber | None
    postal_address: str


@dataclass(frozen=True)
class MaskedPerson:
    """As much of a person as everybody with a reason may see.

    Attributes:
        checked_at: when the person last said that the data are right.
        has_id: whether the number of an identity document is on record.
    """

    id: int
    name: str
    phone: str
    other_phone: str
    checked_at: datetime | None
    has_id: bool = False


def checked_person(entry: PersonEntry, today: date) -> CheckedPerson:
    """Check every field of an entry.

    Raises:
        FieldsInvalid: with one message for each field that is wrong.
    """
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    name = one_spelling(entry.name)
    if not name or len(name) > 50:
        wrong["name"] = ("请填写姓名，最多 50 字", {})
    if entry.sex not in ("", "male", "female"):
        wrong["sex"] = ("请选择性别", {})
    numbers = {}
    for key in ("phone", "other_phone"):
        text = getattr(entry, key).strip()
        try:
            numbers[key] = normalised_phone(text) if text else ""
        except InvalidIdentity as error:
            wrong[key] = (error.message, error.params)
    document = None
    if entry.id_number.strip():
        try:
            document = checked_id(IdType(entry.id_type or IdType.ID_CARD), entry.id_number, today)
        except InvalidIdentity as error:
            wrong["id_number"] = (error.message, error.params)
        except ValueError:
            wrong["id_type"] = ("请选择证件类型", {})
    if wrong:
        raise FieldsInvalid(wrong)
    sex = document.sex if document and document.sex else entry.sex
    return CheckedPerson(
        name, numbers["phone"], numbers["other_phone"], sex, document, one_spelling(entry.postal_address)
    )


def person_values(vault: SealedVault, person_id: int, person: CheckedPerson) -> dict[str, Any]:
    """Return the columns of a person's row, sealed for that row and indexed blindly."""
    document = person.document
    plain = {
        "name": person.name,
        "id_number": document.number if document else "",
        "phone": person.phone,
        "other_phone": person.other_phone,
        "postal_address": person.postal_address,
    }
    values: dict[str, Any] = {
        column: vault.seal("estate_person", column, person_id, plain[column]) if plain[column] else None
        for column in _SEALED
    }
    born_on = document.born_on if document else None
    values |= {
        "name_index": name_index(vault, person.name),
        "sex": person.sex,
        "birth_decade": born_on.year // 10 * 10 if born_on else None,
        "id_type": document.type if document else "",
        "id_index": id_index(vault, document) if document else None,
        "phone_index": phone_index(vault, person.phone) if person.phone else None,
        "phone_tail_index": vault.blind_index("phone_tail", person.phone[-4:]) if person.phone else None,
        "other_phone_index": phone_index(vault, person.other_phone) if person.other_phone else None,
    }
    return values


def name_index(vault: SealedVault, name: str) -> str:
    """Return the blind index of a name."""
    return vault.blind_index("name", one_spelling(name).replace(" ", "").casefold())


def id_index(vault: SealedVault, document: IdNumber) -> str:
    """Return the blind index of an identity document."""
    return vault.blind_index("id_number", f"{document.type}|{document.number}")


def phone_index(vault: SealedVault, digits: str) -> str:
    """Return the blind index of a normalised phone number."""
    return vault.blind_index("phone", digits)


def find_person(connection: Connection, vault: SealedVault, person: CheckedPerson) -> int | None:
    """Find the row of the same person: by document, or else by name and a phone without another document."""
    if person.document is not None:
        by_document = select(estate_person.c.id).where(
            estate_person.c.id_index == id_index(vault, person.document)
        )
        found = connection.execute(by_document.order_by(estate_person.c.id)).scalars().first()
        if found is not None:
            return int(found)
    if not person.phone:
        return None
    by_phone = select(estate_person.c.id).where(
        estate_person.c.name_index == name_index(vault, person.name),
        estate_person.c.phone_index == phone_index(vault, person.phone),
    )
    if person.document is not None:
        by_phone = by_phone.where(estate_person.c.id_index.is_(None))
    found = connection.execute(by_phone.order_by(estate_person.c.id)).scalars().first()
    return None if found is None else int(found)


def unsealed(vault: Vault, row: Row[*tuple[Any, ...]], column: str) -> str:
    """Open one value of a person's row that has the columns of estate_person; empty where there is none."""
    sealed = getattr(row, column)
    return "" if sealed is None else vault.open("estate_person", column, row.id, sealed)


def masked_person(vault: Vault, row: Row[*tuple[Any, ...]]) -> MaskedPerson:
    """Return what everybody with a reason may see of a person's row."""
    return MaskedPerson(
        row.id,
        mask_name(unsealed(vault, row, "name")),
        mask_phone(unsealed(vault, row, "phone")),
        mask_phone(unsealed(vault, row, "other_phone")),
        row.checked_at,
        row.id_number is not None,
    )
