"""Reads the total rows of a hand-over list, and compares them with the rows that they add up."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate
from typing import Any

from engine.ports import Json
from handlers.estate.address import Place
from handlers.estate.import_cells import Unreadable, read_area
from handlers.estate.import_fields import Field
from handlers.estate.import_rows import ReadRow
from handlers.estate.workbooks import Row

_WORD = re.compile(r"小计|合计|总计|共计")
_COUNTS = (
    (re.compile(r"(\d+)\s*[户套间]"), "houses"),
    (re.compile(r"(\d+)\s*[人位]"), "owners"),
)

HouseKey = tuple[str, Place]


class Quantity(StrEnum):
    """What a total row adds up."""

    HOUSES = "houses"
    OWNERS = "owners"
    AREA_M2 = "area_m2"


@dataclass(frozen=True)
class Difference:
    """A total that a list states, and what was read of the rows it adds up.

    Attributes:
        row: number of the row in its sheet, from 1.
        stated, read: houses, owners, or square metres.
    """

    sheet: str
    row: int
    quantity: Quantity
    stated: Decimal
    read: Decimal

    def stored(self) -> dict[str, Json]:
        """Return it as JSON can hold it."""
        return {name: value if isinstance(value, int) else str(value) for name, value in asdict(self).items()}

    @staticmethod
    def restored(stored: Mapping[str, Any]) -> "Difference":
        """Read what was stored."""
        quantity = Quantity(stored["quantity"])
        sums = (Decimal(stored["stated"]), Decimal(stored["read"]))
        return Difference(stored["sheet"], stored["row"], quantity, *sums)


@dataclass(frozen=True)
class Uncomputed:
    """A total row in which a formula has no stored result, so that nothing can be compared with it.

    Attributes:
        row: number of the row in its sheet, from 1.
    """

    sheet: str
    row: int

    def stored(self) -> dict[str, Json]:
        """Return it as JSON can hold it."""
        return {"sheet": self.sheet, "row": self.row}

    @staticmethod
    def restored(stored: Mapping[str, Any]) -> "Uncomputed":
        """Read what was stored."""
        return Uncomputed(stored["sheet"], stored["row"])


@dataclass(frozen=True)
class TotalRow:
    """A total row where it stands among the rows that were read.

    Attributes:
        word: by which it calls itself a total.
        at: how many rows had been read before it.
    """

    sheet: str
    row: int
    word: str
    at: int
    stated: Mapping[Quantity, Decimal]


@dataclass(frozen=True)
class Sums:
    """What a house counts for."""

    houses: Decimal = Decimal(0)
    owners: Decimal = Decimal(0)
    area_m2: Decimal = Decimal(0)

    def of(self, quantity: Quantity) -> Decimal:
        """Return one of the three."""
        found: Decimal = getattr(self, quantity)
        return found

    def plus(self, other: "Sums") -> "Sums":
        """Add up two."""
        return Sums(self.houses + other.houses, self.owners + other.owners, self.area_m2 + other.area_m2)

    def minus(self, other: "Sums") -> "Sums":
        """Take off what stood before."""
        return Sums(self.houses - other.houses, self.owners - other.owners, self.area_m2 - other.area_m2)


def read_totals(sheet: str, row: Row, columns: Mapping[Field, int], at: int) -> tuple[TotalRow, ...]:
    """Read what a total row states; nothing where it states nothing that can be compared."""
    texts = [str(value) for value in row.values if value not in (None, "")]
    stated = {Quantity(name): Decimal(count) for count, name in _counts(texts)}
    rooms = _cell(row, columns, Field.ROOM)
    if isinstance(rooms, int | float) and not isinstance(rooms, bool) and rooms == int(rooms):
        stated.setdefault(Quantity.HOUSES, Decimal(int(rooms)))
    area = _area(_cell(row, columns, Field.AREA))
    if area is not None:
        stated[Quantity.AREA_M2] = area
    word = next((found[0] for text in texts if (found := _WORD.search(text))), "")
    return (TotalRow(sheet, row.number, word, at, stated),) if stated else ()


def _counts(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for pattern, name in _COUNTS:
            found = pattern.search(text)
            if found:
                yield found[1], name


def _cell(row: Row, columns: Mapping[Field, int], named: Field) -> object:
    column = columns.get(named, len(row.values))
    return row.values[column] if column < len(row.values) and column not in row.uncomputed else None


def _area(value: object) -> Decimal | None:
    if isinstance(value, int | float):  # of a whole estate, so larger than a home's may be
        return Decimal(str(value)).quantize(Decimal("0.01"))
    try:
        return read_area(value) if isinstance(value, str) else None
    except Unreadable:
        return None


def differences(
    totals: Sequence[TotalRow], rows: Sequence[ReadRow], houses: Mapping[HouseKey, Sums]
) -> tuple[Difference, ...]:
    """Compare each total with the rows it can mean, and return where none of them adds up to it.

    It may add up what follows the total before it, or the one of the same word before it, its sheet, or the
    whole list: developers nest them as they like. What it differs from least is named.

    Args:
        houses: what each house that was read counts for, once, at its first row.
    """
    seen: set[HouseKey] = set()
    counted = []
    for row in rows:
        key = (row.community, row.place)
        counted.append(Sums() if key in seen else houses.get(key, Sums()))
        seen.add(key)
    until = list(accumulate(counted, Sums.plus, initial=Sums()))
    return tuple(_different(totals, rows, until))


def _different(
    totals: Sequence[TotalRow], rows: Sequence[ReadRow], until: Sequence[Sums]
) -> Iterator[Difference]:
    begins, ends = _sheets(rows)
    same_word: dict[tuple[str, str], int] = {}
    before: dict[str, int] = {}
    for one in totals:
        begin, end = begins.get(one.sheet, one.at), ends.get(one.sheet, one.at)
        since = {before.get(one.sheet, begin), same_word.get((one.sheet, one.word), begin), begin, 0}
        spans = [until[one.at].minus(until[start]) for start in since]
        spans += [until[end].minus(until[begin]), until[-1]]
        for quantity, stated in one.stated.items():
            read = min((span.of(quantity) for span in spans), key=lambda sum_: abs(sum_ - stated))
            if read != stated:
                yield Difference(one.sheet, one.row, quantity, stated, read)
        before[one.sheet] = same_word[one.sheet, one.word] = one.at


def _sheets(rows: Sequence[ReadRow]) -> tuple[dict[str, int], dict[str, int]]:
    begins: dict[str, int] = {}
    ends: dict[str, int] = {}
    for at, row in enumerate(rows):
        begins.setdefault(row.sheet, at)
        ends[row.sheet] = at + 1
    return begins, ends
