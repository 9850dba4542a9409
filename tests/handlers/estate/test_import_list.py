"""Reading hand-over lists: what is certain is read, what is not is reported with its place, masked."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from handlers.estate.import_fields import Field
from handlers.estate.import_list import HandOverList, ListedHouse, read_list
from handlers.estate.workbooks import read_workbook
from tests.handlers.estate.lists_made import HEADER, MAN, WOMAN, id_number, row, workbook

TODAY = date(2026, 11, 23)
EXCEL_DAY = datetime(2026, 5, 1)  # noqa: DTZ001  # cells of Excel have no zone


def read(*rows: list[Any], **options: Any) -> HandOverList:
    return read_list(read_workbook(workbook(rows, **options)), TODAY)


def only_house(*rows: list[Any], **options: Any) -> ListedHouse:
    found = read(*rows, **options)
    assert [problem.reason() for problem in found.problems] == []
    [house] = found.houses
    return house


def only_problem(*rows: list[Any], **options: Any) -> tuple[str, str]:
    """Return column and masked value of the one problem; nothing was read of the house."""
    found = read(*rows, **options)
    assert found.houses == ()
    [problem] = found.problems
    assert problem.row == 2
    return problem.column, problem.value


def test_a_good_row_is_read_as_a_whole() -> None:
    house = only_house(row())
    assert house.community == "翠湖花园"
    assert house.place.address() == "3栋2单元502"
    assert (house.facts.kind, house.facts.area_m2) == ("三室两厅", Decimal("89.50"))
    assert house.facts.handed_over_on == date(2026, 5, 1)
    [owner] = house.owners
    assert (owner.person.name, owner.person.phone, owner.person.sex) == ("张三丰", "13812345678", "female")
    assert owner.person.document is not None
    assert owner.person.document.number == WOMAN


@pytest.mark.parametrize("above", range(5))
def test_the_header_stands_in_one_of_the_first_five_rows(above: int) -> None:
    assert read(row(), above=above).houses[0].place.room == "502"


def test_a_list_without_a_header_is_reported_as_such() -> None:
    found = read(row(), above=5)
    assert found.houses == ()
    assert "没有表头" in found.problems[0].reason()


def test_columns_come_in_any_order_under_their_other_names() -> None:
    synonyms = {
        "小区": "项 目",
        "楼栋": "楼号",
        "房号": "室号*",
        "建筑面积": "面积（㎡）",
        "业主姓名": "产权人",
        "证件号码": "身份证号",
        "联系电话": "手机号码",
        "交付日期": "交房日期：",
    }
    order = list(reversed(range(len(HEADER))))
    header = [synonyms.get(HEADER[place], HEADER[place]) for place in order]
    house = only_house([row()[place] for place in order], header=[*header, "备注"])
    assert house.place.address() == "3栋2单元502"
    assert house.owners[0].person.phone == "13812345678"
    assert house.facts.handed_over_on == date(2026, 5, 1)


def test_one_sheet_for_each_community_bears_its_name() -> None:
    header = HEADER[1:]
    assert only_house(row()[1:], header=header, title="云山府").community == "云山府"
    found = read(row()[1:], header=header, title="Sheet1")
    assert [problem.column for problem in found.problems] == [Field.COMMUNITY]


def test_a_column_that_comes_twice_is_not_guessed_at() -> None:
    found = read([*row(), "13912345678"], header=[*HEADER, "手机"])
    assert found.houses == ()
    assert "两次" in found.problems[0].reason()


@pytest.mark.parametrize(
    "number", [110105194912310020, 1.10105194912310e17, "1.10105E+17", "110105194912310000"]
)
def test_an_id_number_destroyed_by_excel_is_an_error_and_never_guessed(number: Any) -> None:
    found = read(row(证件号码=number))
    assert found.houses == ()
    [problem] = found.problems
    assert problem.column == Field.ID_NUMBER
    assert "已被 Excel 改成数值" in problem.reason()


def test_even_a_destroyed_number_whose_check_digit_fits_by_chance_is_an_error() -> None:
    fitting = next(
        number
        for sequence in range(100)
        if (
            number := id_number(f"1101051990010{sequence % 10}{sequence // 10}00"[:17].ljust(17, "0"))
        ).endswith("000")
    )
    assert only_problem(row(证件号码=fitting))[0] == Field.ID_NUMBER


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (13812345678, "13812345678"),
        (13812345678.0, "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("138－1234－5678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("'13812345678", "13812345678"),
        ("010-12345678", "01012345678"),
        (None, ""),
        ("无", ""),
        ("/", ""),
    ],
)
def test_phones_are_read_in_any_spelling_and_may_be_missing(written: Any, read_as: str) -> None:
    assert only_house(row(联系电话=written)).owners[0].person.phone == read_as


@pytest.mark.parametrize("written", ["1381234567", "1.38E+10", 1381234567, "电话"])
def test_a_phone_that_is_none_is_reported_masked(written: Any) -> None:
    column, value = only_problem(row(联系电话=written))
    assert column == Field.PHONE
    assert "3812345" not in value


def test_two_numbers_in_one_cell_are_a_phone_and_another_one() -> None:
    person = only_house(row(联系电话="13812345678/13912345678")).owners[0].person
    assert (person.phone, person.other_phone) == ("13812345678", "13912345678")
    assert only_problem(row(联系电话="13812345678/13912345678", 备用电话="13712345678"))[0] == Field.PHONE


@pytest.mark.parametrize("names", ["张三、李四", "张三，李四", "张三;李四", "张三\n李四", "张三/李四"])
def test_two_owners_in_one_cell_are_two_people(names: str) -> None:
    house = only_house(row(业主姓名=names, 证件号码=f"{WOMAN}、{MAN}", 联系电话="13812345678、13912345678"))
    assert [(owner.person.name, owner.person.phone, owner.person.sex) for owner in house.owners] == [
        ("张三", "13812345678", "female"),
        ("李四", "13912345678", "male"),
    ]


def test_one_phone_of_two_owners_is_the_first_ones() -> None:
    house = only_house(row(业主姓名="张三、李四", 证件号码=None))
    assert [(owner.person.phone, owner.person.document) for owner in house.owners] == [
        ("13812345678", None),
        ("", None),
    ]


def test_one_id_number_of_two_owners_is_nobodys() -> None:
    column, value = only_problem(row(业主姓名="张三、李四"))
    assert column == Field.ID_NUMBER
    assert WOMAN[1:-1] not in value


@pytest.mark.parametrize(
    ("written", "name"), [("张 三", "张三"), ("张　三", "张三"), ("John Smith", "John Smith")]
)
def test_gaps_in_names_are_closed(written: str, name: str) -> None:
    assert only_house(row(业主姓名=written)).owners[0].person.name == name


@pytest.mark.parametrize("written", ["欧阳 明华", "张三13812345678", 4711])
def test_a_name_that_may_be_two_or_none_is_reported(written: Any) -> None:
    assert only_problem(row(业主姓名=written))[0] == Field.NAME


def test_merged_cells_count_for_every_row_they_cover() -> None:
    def merge(sheet: Worksheet) -> None:
        for column in "ABC":
            sheet.merge_cells(f"{column}2:{column}4")

    rows = [
        row(),
        *(row(小区=None, 楼栋=None, 单元=None, 房号=room, 证件号码=None) for room in ("503", "504")),
    ]
    found = read(*rows, change=merge)
    assert [house.place.address() for house in found.houses] == ["3栋2单元502", "3栋2单元503", "3栋2单元504"]


def test_an_empty_building_that_is_not_merged_is_not_taken_from_above() -> None:
    found = read(row(), row(楼栋=None, 房号="503"))
    assert len(found.houses) == 1
    assert [problem.column for problem in found.problems] == [Field.BUILDING]


def test_totals_repeated_headers_and_remarks_are_passed_over() -> None:
    nothing = dict.fromkeys(HEADER)
    found = read(
        row(),
        row(**{**nothing, "楼栋": "3栋小计", "房号": 1, "建筑面积": 89.5}),
        row(**{**nothing, "小区": "合计：", "建筑面积": 89.5}),
        row(**{**nothing, "小区": "共120户"}),
        list(HEADER),
        row(**{**nothing, "小区": "备注：以上信息以合同为准"}),
        row(**nothing),
        row(**{**nothing, "小区": "制表人：王五"}),
        row(房号="503"),
    )
    assert [house.place.room for house in found.houses] == ["502", "503"]
    assert found.problems == ()
    assert found.ignored == 6
    assert found.compared == 4


def test_a_house_called_like_a_total_is_none() -> None:
    assert only_house(row(小区="合计花园")).community == "合计花园"


def test_the_same_row_twice_is_one_house() -> None:
    found = read(row(), row(), row(楼栋="03号楼", 房号="502室"))
    assert len(found.houses) == 1
    assert len(found.houses[0].owners) == 1
    assert found.repeated == 2


def test_owners_of_one_house_in_two_rows_are_joined() -> None:
    house = only_house(row(), row(业主姓名="李四", 证件号码=MAN, 建筑面积=None))
    assert [owner.person.name for owner in house.owners] == ["张三丰", "李四"]
    assert house.facts.area_m2 == Decimal("89.50")


def test_rows_of_one_house_that_contradict_each_other_hold_the_house_back() -> None:
    found = read(row(), row(建筑面积=90), row(房号="503"))
    assert [house.place.room for house in found.houses] == ["503"]
    assert [(problem.row, problem.column) for problem in found.problems] == [(3, Field.AREA)]
    same_name = read(row(), row(证件号码=None, 联系电话="13912345678"))
    assert same_name.houses == ()


def test_a_house_with_one_bad_row_is_not_half_imported() -> None:
    found = read(row(), row(业主姓名="李四", 证件号码="1"))
    assert found.houses == ()
    assert [problem.row for problem in found.problems] == [3, 2]


@pytest.mark.parametrize(
    "written",
    [
        "2026.5.1",
        "2026年5月1日",
        "2026-05-01",
        "2026/5/1",
        "20260501",
        "2026-05-01 00:00:00",
        EXCEL_DAY,
        46143,
    ],
)
def test_dates_are_read_as_people_and_excel_write_them(written: Any) -> None:
    assert only_house(row(交付日期=written)).facts.handed_over_on == date(2026, 5, 1)


@pytest.mark.parametrize("written", ["2026.2.30", "5月1日", 12, "1026-05-01", "2126-05-01", "待定"])
def test_a_date_that_is_none_is_reported(written: Any) -> None:
    assert only_problem(row(交付日期=written))[0] == Field.HANDED_OVER


@pytest.mark.parametrize(
    ("written", "area"),
    [(89.5, "89.50"), ("89.5㎡", "89.50"), ("89.50 平方米", "89.50"), ("１２０", "120.00"), (120, "120.00")],
)
def test_areas_are_read_with_their_unit(written: Any, area: str) -> None:
    assert only_house(row(建筑面积=written)).facts.area_m2 == Decimal(area)


@pytest.mark.parametrize("written", ["大", 0, -5, "NaN", "1e9", 100_000])
def test_an_area_that_is_none_is_reported(written: Any) -> None:
    assert only_problem(row(建筑面积=written))[0] == Field.AREA


@pytest.mark.parametrize("written", [EXCEL_DAY, 3.5, True])
def test_a_room_that_excel_made_a_date_of_is_reported(written: Any) -> None:
    assert only_problem(row(房号=written))[0] == Field.ROOM


@pytest.mark.parametrize(
    ("cells", "address"),
    [
        ({"楼栋": 3, "单元": 2, "房号": 502}, "3栋2单元502"),
        ({"楼栋": 3.0, "单元": "二单元", "房号": "502室"}, "3栋2单元502"),
        ({"楼栋": None, "单元": None, "房号": "3-2-502"}, "3栋2单元502"),
        ({"楼栋": None, "单元": None, "房号": "3号楼2单元502室"}, "3栋2单元502"),
        ({"单元": None, "房号": "3-2-502"}, "3栋2单元502"),
        ({"单元": None}, "3栋502"),
        ({"房号": "2-502"}, "3栋2单元2-502"),
    ],
)
def test_houses_are_named_in_many_ways(cells: dict[str, Any], address: str) -> None:
    assert only_house(row(**cells)).place.address() == address


@pytest.mark.parametrize(
    ("id_type", "number", "kind"),
    [
        ("护照", "E12345678", "passport"),
        ("台胞证", 12345678, "taiwan_permit"),
        ("港澳通行证", "H12345678", "hk_macau_permit"),
        ("统一社会信用代码", "91350100M000100Y43", "credit_code"),
        (None, WOMAN.lower(), "id_card"),
    ],
)
def test_other_documents_are_read_by_their_type(id_type: str | None, number: Any, kind: str) -> None:
    document = only_house(row(证件类型=id_type, 证件号码=number)).owners[0].person.document
    assert document is not None
    assert document.type == kind


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"证件类型": "军官证"}, Field.ID_TYPE),
        ({"证件类型": "护照"}, Field.ID_NUMBER),
        ({"证件号码": "110105194912310021"}, Field.ID_NUMBER),
        ({"证件号码": "E12345678"}, Field.ID_NUMBER),
        ({"证件号码": EXCEL_DAY}, Field.ID_NUMBER),
        ({"性别": "男"}, Field.SEX),
        ({"性别": "不详"}, Field.SEX),
        ({"业主姓名": None}, Field.NAME),
        ({"房号": None}, Field.ROOM),
        ({"业主姓名": "#REF!"}, Field.NAME),
        ({"户型": "#N/A"}, Field.KIND),
    ],
)
def test_what_cannot_be_right_is_reported_at_its_cell(cells: dict[str, Any], column: Field) -> None:
    assert only_problem(row(**cells))[0] == column


def test_reports_show_no_personal_value() -> None:
    found = read(
        row(证件号码="110105194912310021"),
        row(房号="503", 联系电话="1381234567"),
        row(房号="504", 业主姓名="欧阳 明华"),
        row(房号="505", 证件类型="护照"),
    )
    report = str(found.problems)
    assert len(found.problems) == 4
    for canary in ("10105194912310021", "381234567", "欧阳 明华", WOMAN[1:], "张三丰"):
        assert canary not in report


def test_a_house_without_an_owner_is_a_house() -> None:
    house = only_house(row(业主姓名=None, 证件号码=None, 联系电话=None))
    assert house.owners == ()


def test_a_hidden_sheet_is_not_imported_unseen() -> None:
    def hide(sheet: Worksheet) -> None:
        assert sheet.parent is not None
        sheet.parent.create_sheet("空")
        sheet.sheet_state = "hidden"

    found = read(row(), change=hide)
    assert found.houses == ()
    assert "隐藏" in found.problems[0].reason()
