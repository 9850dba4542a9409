"""Reads addresses the many ways people write them: 3栋2单元502, 3号楼二单元502室, 3-2-502."""

import re
from dataclasses import dataclass

from handlers.shared.spelling import one_spelling

_CHINESE_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_CHINESE_NUMBER = re.compile(r"[零一二三四五六七八九]?十[一二三四五六七八九]?|[零一二三四五六七八九]")
_NAME = r"(?:[0-9A-Z]+|[零一二三四五六七八九十]+|[甲乙丙丁东西南北中]区?)"
_SPOKEN = re.compile(
    rf"(?P<community>.*?)(?:(?P<building>{_NAME})(?:栋|幢|号楼|座|楼|#))?"
    rf"(?:(?P<unit>{_NAME})(?:单元|门))?(?P<room>[0-9A-Z]+(?:-[0-9A-Z]+)?)?(?:室|号|房)?"
)
_DASHED = re.compile(r"(?P<community>.*?)(?P<parts>[0-9A-Z]+(?:[-/][0-9A-Z]+){1,2})(?:室|号|房)?")
_LONGEST = 100
LONGEST_BUILDING = 4  # what is longer before a dash is a number of something else
_SUFFIXES = {
    "building": re.compile(r"(?:号楼|栋|幢|座|楼|#|号)$"),
    "unit": re.compile(r"(?:单元|门)$"),
    "room": re.compile(r"(?:号|室|房)$"),
}


@dataclass(frozen=True)
class Place:
    """A house within its community, each part in its one spelling; `unit` is empty where there are none."""

    building: str
    unit: str
    room: str

    @staticmethod
    def of(building: str, unit: str, room: str) -> "Place":
        """Bring the parts as somebody wrote them to their one spelling."""
        return Place(normal_part("building", building), normal_part("unit", unit), normal_part("room", room))

    def address(self) -> str:
        """Write the place as people read it."""
        unit = f"{self.unit}单元" if self.unit else ""
        return f"{self.building}栋{unit}{self.room}"


@dataclass(frozen=True)
class AddressQuery:
    """What somebody typed to find a house; None means that they did not say."""

    community: str
    building: str | None = None
    unit: str | None = None
    room: str | None = None


def normal_part(kind: str, text: str) -> str:
    """Bring one part of an address to its one spelling: 03号楼, ３栋 and 三栋 are all 3.

    Args:
        kind: "building", "unit" or "room".
    """
    compact = one_spelling(text).replace(" ", "").upper()
    compact = _SUFFIXES[kind].sub("", compact)
    if _CHINESE_NUMBER.fullmatch(compact):
        return str(_chinese_value(compact))
    if kind != "room":
        compact = re.sub(r"^0+(?=\d)", "", compact)
    return compact


def read_query(text: str) -> AddressQuery:
    """Read what somebody typed to find a house; whatever is not understood counts as the community's name."""
    compact = one_spelling(text[:_LONGEST]).replace(" ", "").upper()
    if len(text) > _LONGEST:
        return AddressQuery(compact)  # no address; and these expressions take quadratic time
    dashed = _DASHED.fullmatch(compact)
    if dashed:
        parts = re.split(r"[-/]", dashed["parts"])
        unit = normal_part("unit", parts[1]) if len(parts) == 3 else None
        return AddressQuery(dashed["community"], normal_part("building", parts[0]), unit, parts[-1])
    spoken = _SPOKEN.fullmatch(compact)
    if spoken is None:
        return AddressQuery(compact)
    named = {
        kind: normal_part(kind, spoken[kind]) if spoken[kind] else None
        for kind in ("building", "unit", "room")
    }
    return AddressQuery(spoken["community"], **named)


def as_listed(text: str) -> str:
    """Write a house as lists show it, in words that stand there one after the other: 3-2-502 is 3栋2单元502.

    Anything that is no house stays as it was typed.
    """
    query = read_query(text)
    if query.building is None or query.room is None or len(query.building) > LONGEST_BUILDING:
        return text
    unit = f"{query.unit}单元" if query.unit else " "
    return f"{query.building}栋{unit}{query.room}"


def _chinese_value(text: str) -> int:
    if "十" not in text:
        return _CHINESE_DIGITS[text]
    tens, ones = text.split("十")
    return (_CHINESE_DIGITS[tens] if tens else 1) * 10 + (_CHINESE_DIGITS[ones] if ones else 0)
