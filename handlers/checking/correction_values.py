"""Reads and writes the single field that a correction is about; the calling command has asked who may."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Table, select

from engine.work import Work
from handlers.checking.fields import Field, normalised
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.estate import relation_log
from handlers.estate.identity import (
    IdType,
    InvalidIdentity,
    checked_id,
    normalised_mobile,
    normalised_phone,
    normalised_plate,
)
from handlers.estate.people import id_index, name_index, phone_index
from handlers.estate.records import (
    CheckState,
    estate_house,
    estate_person,
    estate_relation,
    estate_vehicle,
)
from handlers.shared.sealed import SealedVault, vault_of
from handlers.shared.spelling import one_spelling

PERSON_COLUMNS: Mapping[Field, str] = {
    Field.NAME: "name",
    Field.FAMILY: "name",
    Field.ID_NUMBER: "id_number",
    Field.PHONE: "phone",
    Field.OTHER_PHONE: "other_phone",
    Field.MAIL: "mail",
    Field.REMARK: "remark",
}

# What a correction can be about, in the order in which people are offered it.
CORRECTABLE = (
    Field.PHONE,
    Field.OTHER_PHONE,
    Field.MAIL,
    Field.NAME,
    Field.ID_NUMBER,
    Field.PLATE,
    Field.FAMILY,
    Field.AREA,
    Field.OWNED_FROM,
    Field.REMARK,
)

_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
_LONGEST = 500
_LARGEST_AREA = Decimal(100_000)


_TABLES: Mapping[Field, Table] = {
    Field.AREA: estate_house,
    Field.OWNED_FROM: estate_relation,
    Field.MEMBER: estate_relation,
    Field.PLATE: estate_vehicle,
    Field.VEHICLE: estate_vehicle,
}


@dataclass(frozen=True)
class Target:
    """The field of one record.

    Attributes:
        id: of the person, house, relation or vehicle, as the field says.
    """

    field: Field
    id: int

    @property
    def table(self) -> Table:
        """The table in which the field stands."""
        return _TABLES.get(self.field, estate_person)


def current(work: Work, target: Target) -> str:
    """Return what is on record, in the spelling in which it is entered; empty where there is nothing."""
    row = _row(work, target)
    if target.field is Field.AREA:
        return "" if row.area_m2 is None else normalised(Field.AREA, str(row.area_m2))
    if target.field is Field.OWNED_FROM:
        return str(row.valid_from.astimezone(work.engine.zone).date().isoformat())
    if target.field in (Field.MEMBER, Field.VEHICLE):
        return ""  # somebody or something new: nothing was on record before
    column = PERSON_COLUMNS.get(target.field, "plate")
    sealed = getattr(row, column)
    return "" if sealed is None else work.engine.vault.open(target.table.name, column, row.id, sealed)


def checked(work: Work, target: Target, text: str) -> str:
    """Return a new value in its one spelling.

    Raises:
        FieldsInvalid: under "value", with what is wrong with it.
    """
    is_short = target.field is not Field.REMARK
    plain = one_spelling(text) if is_short else unicodedata.normalize("NFKC", text).strip()
    if not plain:
        raise FieldsInvalid({"value": ("请填写新内容", {})})
    if len(plain) > _LONGEST:
        raise FieldsInvalid({"value": ("最多 {count} 字", {"count": _LONGEST})})
    try:
        value = _CHECKS[target.field](work, _row(work, target), plain)
    except InvalidIdentity as error:
        raise FieldsInvalid({"value": (error.message, error.params)}) from error
    except FieldsInvalid as error:
        raise FieldsInvalid({"value": next(iter(error.fields.values()))}) from error
    if value == current(work, target):
        raise FieldsInvalid({"value": ("与现有登记相同，不需要更正", {})})
    return value


def write(work: Work, target: Target, value: str) -> None:
    """Put a checked value in the place of what is on record."""
    row = _row(work, target)
    vault = vault_of(work.engine)
    values: dict[str, Any]
    if target.field is Field.AREA:
        values = {"area_m2": Decimal(value)}
    elif target.field is Field.OWNED_FROM:
        begin = datetime.combine(date.fromisoformat(value), time(), work.engine.zone)
        values = {"valid_from": begin}
    elif target.field is Field.MEMBER:
        if row.valid_to is not None:  # the owner through whom they came has left
            raise RecordNotFound("record_not_found", "没有要更正的记录")
        values = {"check_state": CheckState.CHECKED, "counts_since": work.now}
    elif target.field is Field.VEHICLE:
        values = {"check_state": CheckState.CHECKED}
    elif target.field is Field.PLATE:
        values = {
            "plate": vault.seal("estate_vehicle", "plate", row.id, value),
            "plate_index": vault.blind_index("plate", value),
        }
    else:
        values = _person_values(work, vault, row, target.field, value)
    work.connection.execute(target.table.update().where(target.table.c.id == row.id).values(values))
    if target.field is Field.MEMBER:
        relation_log.note_counts(work, estate_relation.c.id == row.id)


def _person_values(work: Work, vault: SealedVault, row: Row[Any], field: Field, value: str) -> dict[str, Any]:
    column = PERSON_COLUMNS[field]
    values: dict[str, Any] = {column: vault.seal("estate_person", column, row.id, value)}
    if column == "name":
        values["name_index"] = name_index(vault, value)
    elif column == "phone":
        values["phone_index"] = phone_index(vault, value)
        values["phone_tail_index"] = vault.blind_index("phone_tail", value[-4:])
    elif column == "other_phone":
        values["other_phone_index"] = phone_index(vault, value)
    elif column == "id_number":
        document = checked_id(_id_type(row), value, work.now.date())
        values |= {"id_type": document.type, "id_index": id_index(vault, document)}
        if document.born_on is not None:
            values |= {"birth_decade": document.born_on.year // 10 * 10, "sex": document.sex}
    return values


def _row(work: Work, target: Target) -> Row[Any]:
    row = work.connection.execute(select(target.table).where(target.table.c.id == target.id)).one_or_none()
    if row is None:
        raise RecordNotFound("record_not_found", "没有要更正的记录")
    return row


def _id_type(row: Row[Any]) -> IdType:
    return IdType(row.id_type or IdType.ID_CARD)


def _name(_work: Work, _row: Row[Any], text: str) -> str:
    name = one_spelling(text)
    if len(name) > 50:
        raise FieldsInvalid({"value": ("请填写姓名，最多 50 字", {})})
    return name


def _mail(_work: Work, _row: Row[Any], text: str) -> str:
    if not _MAIL.fullmatch(text):
        raise FieldsInvalid({"value": ("请填写完整的邮箱地址", {})})
    return text


def _area(_work: Work, _row: Row[Any], text: str) -> str:
    area = Decimal(normalised(Field.AREA, text)).quantize(Decimal("0.01"))
    if not 0 < area < _LARGEST_AREA:
        raise FieldsInvalid({"value": ("面积应为大于 0 的平方米数", {})})
    return normalised(Field.AREA, str(area))


def _owned_from(work: Work, _row: Row[Any], text: str) -> str:
    day = date.fromisoformat(normalised(Field.OWNED_FROM, text))
    if day > work.now.astimezone(work.engine.zone).date():
        raise FieldsInvalid({"value": ("产权起始日不能晚于今天", {})})
    return day.isoformat()


_CHECKS: Mapping[Field, Callable[[Work, Row[Any], str], str]] = {
    Field.NAME: _name,
    Field.FAMILY: _name,
    Field.ID_NUMBER: lambda work, row, text: checked_id(_id_type(row), text, work.now.date()).number,
    Field.PHONE: lambda _work, _row, text: normalised_mobile(text),
    Field.OTHER_PHONE: lambda _work, _row, text: normalised_phone(text),
    Field.PLATE: lambda _work, _row, text: normalised_plate(text),
    Field.MAIL: _mail,
    Field.REMARK: lambda _work, _row, text: text,
    Field.AREA: _area,
    Field.OWNED_FROM: _owned_from,
}
