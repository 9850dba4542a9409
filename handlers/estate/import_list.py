"""Reads a whole hand-over list: finds headers, passes over totals, and joins the rows of each house."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from handlers.estate.address import Place
from handlers.estate.entry import HouseFacts
from handlers.estate.import_fields import Field
from handlers.estate.import_rows import ReadRow, RowProblem, RowReader, Surroundings
from handlers.estate.import_totals import Difference, Sums, TotalRow, Uncomputed, differences, read_totals
from handlers.estate.import_words import SYNONYMS
from handlers.estate.people import CheckedPerson
from handlers.estate.workbooks import Row, Sheet

HEADER_ROWS = 5
_FIELDS = {name: field for field, names in SYNONYMS.items() for name in names}
_NEEDED = (Field.ROOM, Field.NAME)
_TOTAL = re.compile(r"(?:.*(?:小计|合计|总计|共计)|(?:总|共)\d+(?:户|套|间)).*")
_REMARK = re.compile(r"(?:备注|说明|注|制表|填表|审核|复核|日期|联系人).*")
_NAMELESS_SHEET = re.compile(
    r"(?:sheet|工作表)?\s*\d*|.*(?:业主|名单|清单|信息|资料|明细|汇总|数据|台账|表).*", re.IGNORECASE
)


@dataclass(frozen=True)
class ListedOwner:
    """An owner and the row that says so."""

    person: CheckedPerson
    sheet: str
    row: int


@dataclass(frozen=True)
class ListedHouse:
    """A house with its owners, the first one first; empty where the list names none."""

    community: str
    place: Place
    facts: HouseFacts
    owners: tuple[ListedOwner, ...]
    sheet: str
    row: int


@dataclass(frozen=True)
class HandOverList:
    """What a file says.

    Attributes:
        rows: how many rows of data there were.
        ignored: totals, repeated headers and remarks.
        repeated: rows that say again what another one said.
        compared: how many totals the list states itself.
        differing: those of them that the rows read do not add up to.
        uncomputed: total rows with a formula whose result the file does not hold.
    """

    houses: tuple[ListedHouse, ...]
    problems: tuple[RowProblem, ...]
    rows: int
    ignored: int
    repeated: int
    compared: int = 0
    differing: tuple[Difference, ...] = ()
    uncomputed: tuple[Uncomputed, ...] = ()


@dataclass
class _Reading:
    rows: list[ReadRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    ignored: int = 0
    totals: list[TotalRow] = field(default_factory=list)
    uncomputed: list[Uncomputed] = field(default_factory=list)
    spoilt: set[tuple[str, Place]] = field(default_factory=set)  # houses with a row that could not be read


def read_list(sheets: Iterable[Sheet], today: date, community: str = "") -> HandOverList:
    """Read every sheet of a list.

    Args:
        community: of the rows that name none; without it, their sheet's name is the community's.
    """
    reading = _Reading()
    for sheet in sheets:
        if not sheet.rows:
            continue
        if sheet.is_hidden:
            reading.problems.append(_of_sheet(sheet, "工作表被隐藏，未导入；请取消隐藏或删除"))
            continue
        _read_sheet(sheet, today, community, reading)
    houses, repeated = _joined(reading)
    count = len(reading.rows) + len({(problem.sheet, problem.row) for problem in reading.problems})
    compared = sum(len(one.stated) for one in reading.totals)
    counted = {(one.community, one.place): _sums(one) for one in houses}
    differing = differences(reading.totals, reading.rows, counted)
    return HandOverList(
        tuple(houses),
        tuple(reading.problems),
        count,
        reading.ignored,
        repeated,
        compared,
        differing,
        tuple(reading.uncomputed),
    )


def _sums(house: ListedHouse) -> Sums:
    return Sums(Decimal(1), Decimal(len(house.owners)), house.facts.area_m2 or Decimal(0))


def _read_sheet(sheet: Sheet, today: date, community: str, reading: _Reading) -> None:
    header = next((row for row in sheet.rows if row.number <= HEADER_ROWS and _is_header(row)), None)
    if header is None:
        reading.problems.append(
            _of_sheet(sheet, "前 {count} 行内没有表头：至少要有“房号”和“业主姓名”", {"count": HEADER_ROWS})
        )
        return
    columns: dict[Field, int] = {}
    for column, value in enumerate(header.values):
        named = _FIELDS.get(_label(value))
        if named in columns:
            reading.problems.append(
                RowProblem(
                    sheet.name, header.number, named, str(value), "表头中此列出现两次，请只保留一列", {}
                )
            )
            return
        if named is not None:
            columns[named] = column
    own_name = "" if _NAMELESS_SHEET.fullmatch(sheet.name.strip()) else sheet.name.strip()
    around = Surroundings(sheet.name, columns, community or own_name, today)
    for row in sheet.rows:
        if row.number <= header.number:
            continue
        if _is_header(row) or _is_total_or_remark(row, columns):
            reading.ignored += 1
            if _is_total(row, columns):
                reading.totals += read_totals(sheet.name, row, columns, len(reading.rows))
                if row.uncomputed:
                    reading.uncomputed.append(Uncomputed(sheet.name, row.number))
            continue
        _read_row(around, row, reading)


def _read_row(around: Surroundings, row: Row, reading: _Reading) -> None:
    reader = RowReader(around, row)
    found = reader.read()
    if found is None:
        reading.problems += reader.problems
        if reader.house is not None:
            reading.spoilt.add(reader.house)
    else:
        reading.rows.append(found)


def _joined(reading: _Reading) -> tuple[list[ListedHouse], int]:
    """Join the rows of each house and report where they contradict each other."""
    groups: dict[tuple[str, Place], list[ReadRow]] = {}
    for row in reading.rows:
        groups.setdefault((row.community, row.place), []).append(row)
    houses = []
    repeated = 0
    for key, rows in groups.items():
        owners: list[ListedOwner] = []
        facts = rows[0].facts
        problems: list[RowProblem] = []
        for row in rows:
            facts, contradictions = _merged_facts(facts, row)
            problems += contradictions
            fresh = [
                ListedOwner(owner, row.sheet, row.number)
                for owner in row.owners
                if all(owner != known.person for known in owners)
            ]
            problems += [_same_name(one) for one in fresh if _has_name(owners, one.person.name)]
            repeated += row is not rows[0] and not fresh
            owners += fresh
        if key in reading.spoilt:
            problems += [
                _of_row(row, Field.ROOM, row.place.address(), "此房屋的另一行有误，整套房屋暂不导入")
                for row in rows
            ]
        reading.problems += problems
        if not problems:
            first = rows[0]
            houses.append(
                ListedHouse(first.community, first.place, facts, tuple(owners), first.sheet, first.number)
            )
    return houses, repeated


def _merged_facts(facts: HouseFacts, row: ReadRow) -> tuple[HouseFacts, list[RowProblem]]:
    problems = []
    merged = facts
    for name, column in (
        ("kind", Field.KIND),
        ("area_m2", Field.AREA),
        ("handed_over_on", Field.HANDED_OVER),
    ):
        known, stated = getattr(facts, name), getattr(row.facts, name)
        if not known:
            merged = replace(merged, **{name: stated})
        elif stated and stated != known:
            message = "同一房屋在另一行写的是 {other}"
            problems.append(_of_row(row, column, str(stated), message, {"other": str(known)}))
    return merged, problems


def _has_name(owners: list[ListedOwner], name: str) -> bool:
    return any(known.person.name == name for known in owners)


def _same_name(owner: ListedOwner) -> RowProblem:
    masked = owner.person.name[:1] + "*"
    message = "同一房屋的同名业主在另一行有不同的证件或电话，请核对"
    return RowProblem(owner.sheet, owner.row, Field.NAME, masked, message, {})


def _is_header(row: Row) -> bool:
    found = {_FIELDS.get(_label(value)) for value in row.values}
    return all(needed in found for needed in _NEEDED)


def _label(value: object) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value or "")))
    return re.sub(r"[((\[【].*?[))\]】]|[*:]|m2|㎡", "", text, flags=re.IGNORECASE)


def _is_total_or_remark(row: Row, columns: Mapping[Field, int]) -> bool:
    if _is_total(row, columns):
        return True
    texts = _texts(row)
    return (
        len(set(texts)) <= 2 and any(_REMARK.match(text) for text in texts) and not _has_person(row, columns)
    )


def _is_total(row: Row, columns: Mapping[Field, int]) -> bool:
    is_called_so = any(_TOTAL.fullmatch(text) for text in _texts(row) if len(text) < 30)
    return is_called_so and not _has_person(row, columns)


def _texts(row: Row) -> list[str]:
    return [str(value).strip() for value in row.values if value not in (None, "")]


def _has_person(row: Row, columns: Mapping[Field, int]) -> bool:
    """Tell whether a row names somebody beside a number of theirs."""
    filled = [
        named
        for named in (Field.ID_NUMBER, Field.PHONE)
        if columns.get(named, len(row.values)) < len(row.values)
        and row.values[columns[named]] not in (None, "")
    ]
    return bool(filled)


def _of_sheet(sheet: Sheet, message: str, params: Mapping[str, object] | None = None) -> RowProblem:
    return RowProblem(sheet.name, 0, "", "", message, params or {})


def _of_row(
    row: ReadRow, column: Field, value: str, message: str, params: Mapping[str, object] | None = None
) -> RowProblem:
    return RowProblem(row.sheet, row.number, column, value, message, params or {})
