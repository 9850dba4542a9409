"""The fields that a second person checks: what each is called, how it is compared, what of it is shown."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from engine.bilingual import Text
from handlers.errors import FieldsInvalid
from handlers.estate.identity import InvalidIdentity, normalised_phone
from handlers.shared.masks import HIDDEN, mask_name, mask_number, mask_phone, mask_plate
from handlers.shared.spelling import one_spelling


class Field(StrEnum):
    """A field of a record that somebody entered."""

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    OTHER_PHONE = "other_phone"
    MAIL = "mail"
    REMARK = "remark"
    AREA = "area"
    OWNED_FROM = "owned_from"
    LEASE_ENDS = "lease_ends"
    CERTIFICATE = "certificate"
    KIND = "kind"
    SHARE = "share"
    PLATE = "plate"
    FAMILY = "family"
    VEHICLE = "vehicle"  # that the owner enters
    MEMBER = "member"  # somebody of the family whom the owner enters: name and phone
    AMOUNT = "amount"


FIELD_NAMES: Mapping[Field, tuple[str, str]] = {
    Field.NAME: ("姓名", "Name"),
    Field.ID_NUMBER: ("证件号码", "ID number"),
    Field.PHONE: ("手机号", "Mobile number"),
    Field.OTHER_PHONE: ("其他电话", "Other phone"),
    Field.MAIL: ("电子邮箱", "Mail address"),
    Field.REMARK: ("备注", "Remark"),
    Field.AREA: ("建筑面积（㎡）", "Area (m²)"),
    Field.OWNED_FROM: ("产权起始日", "Owned from"),
    Field.LEASE_ENDS: ("租约到期日", "Lease ends"),
    Field.CERTIFICATE: ("产权证号", "Certificate number"),
    Field.KIND: ("与房屋的关系", "Relation to the house"),
    Field.SHARE: ("产权份额", "Share"),
    Field.PLATE: ("车牌", "Number plate"),
    Field.FAMILY: ("家庭成员姓名", "Name of a family member"),
    Field.VEHICLE: ("车辆（新增）", "Vehicle (new)"),
    Field.MEMBER: ("家庭成员（新增）", "Family member (new)"),
    Field.AMOUNT: ("金额（元）", "Amount (yuan)"),
}

# Typed by hand and too long to compare by eye: the second person types them again without seeing them.
TYPED_AGAIN = frozenset({Field.ID_NUMBER, Field.PHONE, Field.OTHER_PHONE, Field.AMOUNT})

# Names nobody, and can be compared by eye; everything else is masked.
_OPEN = frozenset({Field.REMARK, Field.AREA, Field.OWNED_FROM, Field.LEASE_ENDS, Field.KIND, Field.SHARE})


def normalised(field: Field, text: str) -> str:
    """Bring what somebody typed to the one spelling in which two entries of a field are compared.

    Raises:
        FieldsInvalid: it cannot be a value of this field at all.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return ""
    try:
        return _SPELLINGS.get(field, _text)(plain)
    except InvalidIdentity as error:
        raise FieldsInvalid({field: (error.message, error.params)}) from error
    except InvalidOperation as error:
        raise FieldsInvalid({field: ("请填写数字", {})}) from error
    except ValueError as error:
        raise FieldsInvalid({field: ("请按 2026-01-31 的样子填写日期", {})}) from error


def shown(field: Field, value: str) -> str:
    """Return as much of a value as the second person may see."""
    if field in _OPEN:
        return value
    return _MASKS.get(field, _mask_text)(value)


def field_text(field: str) -> Text:
    """Name a field in both languages."""
    return FIELD_NAMES[Field(field)]


def _compact(text: str) -> str:
    return re.sub(r"[\s·.•\-]", "", text).upper()


def _name(text: str) -> str:
    return one_spelling(text).replace(" ", "").casefold()


def _text(text: str) -> str:
    return " ".join(text.split())


def _number(text: str) -> str:
    number = Decimal(text.replace(",", ""))
    if not number.is_finite():
        raise InvalidOperation
    return format(number.normalize(), "f")


def _day(text: str) -> str:
    year, month, day = re.findall(r"\d+", text)
    return date(int(year), int(month), int(day)).isoformat()


def _mask_text(text: str) -> str:
    return text[:1] + HIDDEN * min(len(text) - 1, 8)


def _mask_member(text: str) -> str:
    name, _, phone = text.rpartition(" ")
    return f"{mask_name(name)} {mask_phone(phone)}" if name else mask_name(phone)


def _mask_mail(text: str) -> str:
    user, at, domain = text.partition("@")
    return user[:1] + HIDDEN * 4 + at + domain


_SPELLINGS: Mapping[Field, Callable[[str], str]] = {
    Field.NAME: _name,
    Field.FAMILY: _name,
    Field.ID_NUMBER: _compact,
    Field.PHONE: normalised_phone,
    Field.OTHER_PHONE: normalised_phone,
    Field.AREA: _number,
    Field.AMOUNT: _number,
    Field.PLATE: _compact,
    Field.VEHICLE: _compact,
    Field.CERTIFICATE: _compact,
    Field.OWNED_FROM: _day,
    Field.LEASE_ENDS: _day,
}
_MASKS: Mapping[Field, Callable[[str], str]] = {
    Field.NAME: mask_name,
    Field.FAMILY: mask_name,
    Field.MEMBER: _mask_member,
    Field.ID_NUMBER: mask_number,
    Field.PHONE: mask_phone,
    Field.OTHER_PHONE: mask_phone,
    Field.PLATE: mask_plate,
    Field.VEHICLE: mask_plate,
    Field.MAIL: _mask_mail,
    Field.CERTIFICATE: mask_number,
}
