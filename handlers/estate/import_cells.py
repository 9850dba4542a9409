"""Reads single cells of a hand-over list as people and Excel write them; what is not certain is refused."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from handlers.estate.import_words import FEMALE, MALE, NOTHING
from handlers.estate.workbooks import Value

_EXCEL_EPOCH = date(1899, 12, 30)
_EARLIEST = date(1980, 1, 1)
_SERIALS = range(29_221, 60_000)  # 1980-01-01 to 2064
_DATE = re.compile(
    r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?(?:[ T]?0{1,2}:00(?::00)?)?|(\d{4})(\d{2})(\d{2})"
)
_AREA = re.compile(r"(\d{1,6}(?:\.\d{1,4})?)(?:㎡|M2|M\^2|平方米|平米|平方)?")
_SEPARATORS = re.compile(r"[、,;/|&\n]+")
_CHINESE = re.compile(r"[\u3400-\u9fff·]+")
_DESTROYED = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)


class Unreadable(Exception):
    """A cell cannot be read with certainty.

    Attributes:
        message: Chinese template, the key of its translation.
        params: values of the template, never personal data.
    """

    def __init__(self, message: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.params = dict(params or {})


def read_text(value: Value) -> str:
    """Read a cell as text in one spelling; whole numbers lose their .0, signs for "nothing" are empty."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = unicodedata.normalize("NFKC", "" if value is None else str(value))
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    text = text.strip().lstrip("'‘’`").strip()
    if text.startswith("#") and text.rstrip("!?").upper() in _FORMULA_ERRORS:
        raise Unreadable("单元格是公式错误 {error}", {"error": text})
    return "" if text.upper() in NOTHING else text


_FORMULA_ERRORS = frozenset({"#N/A", "#REF", "#NAME", "#VALUE", "#DIV/0", "#NUM", "#NULL"})


def read_place(value: Value) -> str:
    """Read a building, unit or room."""
    if isinstance(value, date | timedelta) or type(value).__name__ == "time":
        raise Unreadable("Excel 把编号变成了日期，请把此列设为文本格式后重新填写")
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise Unreadable("编号不应是小数或逻辑值，请把此列设为文本格式后重新填写")
    text = read_text(value)
    if len(text) > 50:
        raise Unreadable("编号过长")
    return text


def read_names(value: Value) -> list[str]:
    """Read one or more names: 张三、李四."""
    if value is not None and not isinstance(value, str):
        raise Unreadable("姓名应为文字")
    names = [_one_name(part.strip()) for part in _SEPARATORS.split(read_text(value)) if part.strip()]
    if any(len(name) > 50 for name in names):
        raise Unreadable("姓名过长")
    if any(character.isdigit() for name in names for character in name):
        raise Unreadable("姓名中含有数字")
    return names


def _one_name(text: str) -> str:
    """Close the gap in 张 三; where 欧阳 明华 may be one person or two, say so."""
    words = text.split()
    if len(words) == 1 or not all(_CHINESE.fullmatch(word) for word in words):
        return " ".join(words)
    if all(len(word) > 1 for word in words):
        raise Unreadable("无法确定是一人还是多人：多位业主请用顿号“、”分隔")
    return "".join(words)


def read_list(value: Value) -> list[str]:
    """Read a cell that may hold several numbers, one for each person."""
    return [part.strip() for part in _SEPARATORS.split(read_text(value)) if part.strip()]


def read_id_numbers(value: Value, *, is_id_card: bool) -> list[str]:
    """Read identity numbers, and refuse those that Excel rounded to 15 digits; they cannot be restored."""
    if isinstance(value, int | float) and (is_id_card or value != int(value) or abs(value) >= 1e15):
        raise _destroyed()
    if isinstance(value, date):
        raise Unreadable("Excel 把证件号码变成了日期，请把此列设为文本格式后重新填写")
    numbers = read_list(value)
    for number in numbers:
        digits = re.sub(r"\s", "", number)
        if _DESTROYED.fullmatch(digits) or (is_id_card and re.fullmatch(r"\d{15}000", digits)):
            raise _destroyed()
    return numbers


def _destroyed() -> Unreadable:
    return Unreadable("证件号码已被 Excel 改成数值，末几位已丢失；请按原件以文本格式重新填写")


def read_phones(value: Value) -> list[str]:
    """Read phone numbers; one that Excel made a number of is whole, for it has eleven digits only."""
    if isinstance(value, date | bool):
        raise Unreadable("电话号码应为文字或数字")
    text = read_text(value)
    if _DESTROYED.fullmatch(text):
        raise Unreadable("电话号码已被 Excel 改成科学计数，请以文本格式重新填写")
    return [
        part.strip() for part in re.split(r"[、,;/|\n]+|\s{2,}|(?<=\d{11}) (?=1\d{10})", text) if part.strip()
    ]


def read_sex(value: Value) -> str:
    """Read a sex; empty where none is given."""
    text = read_text(value).upper()
    if text in MALE:
        return "male"
    if text in FEMALE:
        return "female"
    if text:
        raise Unreadable("性别应为“男”或“女”")
    return ""


def read_area(value: Value) -> Decimal | None:
    """Read an area in square metres."""
    if isinstance(value, bool | date):
        raise Unreadable("面积应为数字")
    text = read_text(value).upper().replace(" ", "").replace(",", "")
    if not text:
        return None
    found = _AREA.fullmatch(text)
    try:
        area = Decimal(found[1] if found else text).quantize(Decimal("0.01"))
        is_possible = 0 < area < 100_000
    except InvalidOperation as error:
        raise Unreadable("面积应为数字") from error
    if not is_possible:
        raise Unreadable("面积应大于 0 且小于 100000 平方米")
    return area


def read_date(value: Value, today: date) -> date | None:
    """Read a date: of Excel, its serial number, or as 2026.5.1 or 2026年5月1日."""
    found: date | None
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _SERIALS:
        found = _EXCEL_EPOCH + timedelta(days=int(value))
    else:
        found = _written_date(read_text(value))
    if found is not None and not _EARLIEST <= found <= today + timedelta(days=3660):
        raise Unreadable("日期应在 1980 年之后，且不晚于十年后")
    return found


def _written_date(text: str) -> date | None:
    if not text:
        return None
    compact = text.replace(" ", "")
    if compact.isdigit() and int(compact) in _SERIALS:
        return _EXCEL_EPOCH + timedelta(days=int(compact))
    found = _DATE.fullmatch(compact)
    if found is None:
        raise Unreadable("日期写法无法识别，请写成 2026-05-01")
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unreadable("没有这一天，请核对日期") from error
