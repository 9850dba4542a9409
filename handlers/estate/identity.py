"""Reads what identifies people and vehicles: identity documents, phone numbers and plates."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from handlers.errors import RuleRefused
from handlers.shared.spelling import one_spelling


class InvalidIdentity(RuleRefused):
    """A number cannot be what it is said to be."""


class IdType(StrEnum):
    """Kinds of identity document."""

    ID_CARD = "id_card"
    HK_MACAU_PERMIT = "hk_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    PASSPORT = "passport"
    CREDIT_CODE = "credit_code"  # a company's


ID_TYPE_NAMES = {
    "身份证": IdType.ID_CARD,
    "居民身份证": IdType.ID_CARD,
    "港澳居民居住证": IdType.ID_CARD,
    "台湾居民居住证": IdType.ID_CARD,
    "港澳台居民居住证": IdType.ID_CARD,
    "外国人永久居留身份证": IdType.ID_CARD,
    "港澳通行证": IdType.HK_MACAU_PERMIT,
    "港澳居民来往内地通行证": IdType.HK_MACAU_PERMIT,
    "回乡证": IdType.HK_MACAU_PERMIT,
    "台胞证": IdType.TAIWAN_PERMIT,
    "台湾居民来往大陆通行证": IdType.TAIWAN_PERMIT,
    "护照": IdType.PASSPORT,
    "统一社会信用代码": IdType.CREDIT_CODE,
    "营业执照": IdType.CREDIT_CODE,
}

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_FOREIGN_RESIDENT = "9"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_OTHER_PATTERNS = {
    IdType.HK_MACAU_PERMIT: re.compile(r"[HM]\d{8}(\d{2})?"),
    IdType.TAIWAN_PERMIT: re.compile(r"\d{8}|\d{10}[A-Z0-9]?"),
    IdType.PASSPORT: re.compile(r"(?=.*\d)[A-Z0-9]{6,12}"),
}
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{9,11}|[2-9]\d{6,7}|[48]00\d{7}")
_REGIONS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_REGIONS}][A-HJ-NP-Z](?:[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]|[A-HJ-NP-Z0-9]{{6}})"
)


@dataclass(frozen=True)
class IdNumber:
    """A checked number of an identity document.

    Attributes:
        born_on, sex: what the number itself says; None and "" where it says nothing.
    """

    type: IdType
    number: str
    born_on: date | None = None
    sex: str = ""


def checked_id(id_type: IdType, text: str, today: date) -> IdNumber:
    """Read and check the number of an identity document.

    Raises:
        InvalidIdentity: with what is wrong with it, never with the number itself.
    """
    number = _compact(text)
    if id_type is IdType.ID_CARD:
        return _id_card(number, today)
    if id_type is IdType.CREDIT_CODE:
        _check_credit_code(number)
    elif not _OTHER_PATTERNS[id_type].fullmatch(number):
        raise InvalidIdentity("id_number_format", "证件号码与证件类型不符")
    return IdNumber(id_type, number)


def normalised_mobile(text: str) -> str:
    """Return the eleven digits of a mobile number.

    Raises:
        InvalidIdentity: it is not a mobile number of the mainland.
    """
    digits = _digits_of_phone(text)
    if not _MOBILE.fullmatch(digits):
        raise InvalidIdentity("mobile_format", "手机号应为 1 开头的 11 位数字")
    return digits


def normalised_phone(text: str) -> str:
    """Return the digits of a mobile number or a landline.

    Raises:
        InvalidIdentity: it is neither.
    """
    digits = _digits_of_phone(text)
    if not (_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)):
        raise InvalidIdentity("phone_format", "电话号码应为 11 位手机号，或带区号的固定电话")
    return digits


def is_mobile(digits: str) -> bool:
    """Tell whether normalised digits are a mobile number, which messages can be sent to."""
    return _MOBILE.fullmatch(digits) is not None


def normalised_plate(text: str) -> str:
    """Return a number plate without spaces and points.

    Raises:
        InvalidIdentity: it has not the form of a plate, seven characters or eight of a new-energy vehicle.
    """
    plate = re.sub(r"[·.•\-]", "", _compact(text))
    if not _PLATE.fullmatch(plate):
        raise InvalidIdentity("plate_format", "车牌应为 7 位，新能源车为 8 位")
    return plate


def _id_card(number: str, today: date) -> IdNumber:
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise InvalidIdentity("id_number_format", "身份证号应为 18 位：17 位数字加 1 位校验码")
    if not _PROVINCES.match(number) and number[0] != _FOREIGN_RESIDENT:
        raise InvalidIdentity("id_number_region", "身份证号的地区码不存在")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    if _CHECKS[total % 11] != number[17]:
        raise InvalidIdentity("id_number_check", "身份证号校验码不符，请核对每一位")
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise InvalidIdentity("id_number_birth", "身份证号中的出生日期不存在") from error
    if born_on > today or born_on.year < 1880:
        raise InvalidIdentity("id_number_birth", "身份证号中的出生日期不存在")
    return IdNumber(IdType.ID_CARD, number, born_on, "male" if int(number[16]) % 2 else "female")


def _check_credit_code(number: str) -> None:
    if len(number) != 18 or any(character not in _CREDIT_ALPHABET for character in number):
        raise InvalidIdentity("credit_code_format", "统一社会信用代码应为 18 位数字和大写字母")
    total = sum(
        _CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(number[:17])
    )
    if _CREDIT_ALPHABET[-total % 31] != number[17]:
        raise InvalidIdentity("credit_code_check", "统一社会信用代码校验码不符，请核对每一位")


def _compact(text: str) -> str:
    """Bring full-width characters, spaces and case to one spelling."""
    return one_spelling(text).replace(" ", "").upper()


def _digits_of_phone(text: str) -> str:
    digits = re.sub(r"[\s\-()\u2010-\u2015]", "", one_spelling(text))
    return re.sub(r"^(?:(?:\+|00)86|86(?=1[3-9]\d{9}$))", "", digits)
