"""Writes a hand-over list as estates' developers really send it: nearly right, in every way at once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from handlers.demo.population import Building, Community, House, Size, invent

_HEADER = (
    *("项目", "栋", "单元", "室号", "户型", "面积", "产权人"),
    *("性别", "证件类型", "身份证号", "手机号码", "备用电话", "通讯地址", "交房日期"),
)
_LIST_SIZE = Size((("云栖花园", "010-5550-0101", 2),), 2, 6, 2, 0, 0, 0)
_FIRST_NEW = 31  # number of the first building; the estate has fewer
_EXCEL_EPOCH = date(1899, 12, 30)
_SECOND_OWNER = ("许春梅", "110100198001019481")
_SEX = {"male": "男", "female": "女"}

Cells = list[object]


def write_list(path: Path, seed: int) -> int:
    """Write an .xlsx of two buildings that are not in the estate yet, with the faults real lists have.

    Returns:
        How many rows speak of a house, faulty ones and repetitions included.
    """
    random = Random(seed + 7)  # noqa: S311  # inventing, not guarding
    (community,) = invent(_LIST_SIZE, seed + 7, block=2)
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "交付清单"
    sheet.append(["云栖花园业主交付资料汇总表"])
    sheet.append([])
    sheet.append(list(_HEADER))
    written = 0
    for number, building in enumerate(community.buildings, start=_FIRST_NEW):
        written += _write_building(sheet, community, replace(building, name=f"{number}栋"), random)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return written


def _write_building(sheet: Worksheet, community: Community, building: Building, random: Random) -> int:
    first = sheet.max_row + 1
    rows = list(_rows(community, building, random))
    for row in rows:
        sheet.append(row)
    # The building stands once, in cells merged over all of its rows.
    sheet.merge_cells(start_row=first, end_row=first + len(rows) - 1, start_column=2, end_column=2)
    sheet.append(["小计", None, None, f"{len(rows)} 户", None, sum(_area(row) for row in rows)])
    return len(rows)


def _area(row: Cells) -> float:
    try:
        return float(str(row[5]).removesuffix("㎡"))
    except ValueError:
        return 0.0


def _rows(community: Community, building: Building, random: Random) -> Iterator[Cells]:
    houses = [(unit, house) for unit, members in building.units for house in members]
    faults = list(_FAULTS)
    random.shuffle(faults)
    last: Cells = []
    for place, (unit, house) in enumerate(houses):
        row = _row(community, building, unit, house)
        if place % 2 and faults:
            faults.pop()(row)
        yield row
        last = row
    yield list(last)  # the same house once more


def _row(community: Community, building: Building, unit: str, house: House) -> Cells:
    owner = house.people[0]
    return [
        community.name,
        building.name,
        unit.removesuffix("单元"),
        house.room,
        house.kind,
        float(house.area_m2),
        owner.name,
        _SEX[owner.sex],
        "身份证",
        owner.id_number,
        owner.phone,
        None,
        None,
        house.handed_over_on.isoformat(),
    ]


# --- what is wrong with real lists --------------------------------------------------------------------------


def _number_as_float(row: Cells) -> None:
    row[9] = float(str(row[9])[:17] + "0")  # Excel keeps fifteen digits: the number is lost


def _full_width(row: Cells) -> None:
    row[10] = str(row[10]).translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def _spaced_phone(row: Cells) -> None:
    phone = str(row[10])
    row[10] = f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"


def _two_owners(row: Cells) -> None:
    row[6] = f"{row[6]}、{_SECOND_OWNER[0]}"
    row[9] = f"{row[9]}、{_SECOND_OWNER[1]}"


def _landline(row: Cells) -> None:
    row[11] = "010-55500199"


def _passport(row: Cells) -> None:
    row[8], row[9] = "护照", "E00000017"


def _no_phone(row: Cells) -> None:
    row[10] = None


def _dotted_date(row: Cells) -> None:
    row[13] = "2026.5.1"


def _chinese_date(row: Cells) -> None:
    row[13] = "2026年5月1日"


def _serial_date(row: Cells) -> None:
    row[13] = (date(2026, 5, 1) - _EXCEL_EPOCH) // timedelta(days=1)


def _wrong_check_digit(row: Cells) -> None:
    number = str(row[9])
    row[9] = number[:-1] + ("0" if number[-1] != "0" else "1")


def _text_area(row: Cells) -> None:
    row[5] = f"{row[5]}㎡"


_FAULTS = (
    _number_as_float,
    _full_width,
    _spaced_phone,
    _two_owners,
    _landline,
    _passport,
    _no_phone,
    _dotted_date,
    _chinese_date,
    _serial_date,
    _wrong_check_digit,
    _text_area,
)
