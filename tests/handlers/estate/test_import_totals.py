"""The total rows of a hand-over list are compared with the rows that they add up."""

from decimal import Decimal
from typing import Any

import pytest

from handlers.estate.import_totals import Difference, Quantity
from tests.handlers.estate.lists_made import HEADER, row
from tests.handlers.estate.test_import_list import read

NOTHING: dict[str, Any] = dict.fromkeys(HEADER)


def home(room: str, **cells: Any) -> list[Any]:
    """A home of 89.5 square metres with one owner."""
    return row(房号=room, 证件号码=None, **cells)


def total(word: str, **cells: Any) -> list[Any]:
    return row(**{**NOTHING, "楼栋": word, **cells})


def differing(*rows: list[Any]) -> list[tuple[int, Quantity, Decimal, Decimal]]:
    found: tuple[Difference, ...] = read(*rows).differing
    return [(one.row, one.quantity, one.stated, one.read) for one in found]


@pytest.mark.parametrize(
    ("stated", "quantity", "wrong", "read_of_it"),
    [
        ({"建筑面积": 180}, Quantity.AREA_M2, "180.00", "179.00"),
        ({"建筑面积": "179.5㎡"}, Quantity.AREA_M2, "179.50", "179.00"),
        ({"建筑面积": 250_000.5}, Quantity.AREA_M2, "250000.50", "179.00"),
        ({"房号": 3}, Quantity.HOUSES, "3", "2"),
        ({"房号": "共3户"}, Quantity.HOUSES, "3", "2"),
        ({"业主姓名": "3人"}, Quantity.OWNERS, "3", "2"),
    ],
)
def test_a_total_that_its_rows_do_not_add_up_to_is_named(
    stated: dict[str, Any], quantity: Quantity, wrong: str, read_of_it: str
) -> None:
    found = differing(home("501"), home("502"), total("合计", **stated))
    assert found == [(4, quantity, Decimal(wrong), Decimal(read_of_it))]


def test_totals_may_be_nested_and_stand_anywhere() -> None:
    rows = (
        total("总计", 房号=4, 建筑面积=358),
        home("501"),
        total("一单元小计", 建筑面积=89.5),
        home("502", 单元="1单元"),
        total("二单元小计", 建筑面积=89.5),
        total("3栋合计", 房号=2, 建筑面积=179),
        home("501", 楼栋="4栋"),
        home("502", 楼栋="4栋"),
        total("4栋合计", 房号=2, 建筑面积=179),
        total("总计", 房号="4户", 业主姓名="4人", 建筑面积="358.00"),
    )
    assert differing(*rows) == []
    assert read(*rows).compared == 11


def test_a_house_of_two_owners_counts_once() -> None:
    assert differing(home("501"), home("501", 业主姓名="李四"), total("合计 1户 2人", 建筑面积=89.5)) == []


def test_a_row_that_could_not_be_read_is_missing_from_its_total() -> None:
    bad = row(房号="503", 证件号码=110105194912310020)
    found = differing(home("501"), bad, total("合计", 房号=2))
    assert found == [(4, Quantity.HOUSES, Decimal(2), Decimal(1))]


def test_a_total_whose_formula_was_not_computed_is_named_and_not_compared() -> None:
    found = read(home("501"), total("合计", 房号=1, 建筑面积="=SUM(F2:F2)"), total("总计", 建筑面积=89.5))
    assert [(one.sheet, one.row) for one in found.uncomputed] == [("名单", 3)]
    assert (found.compared, found.differing) == (2, ())


def test_a_total_that_states_nothing_is_not_compared() -> None:
    assert read(home("501"), total("合计：")).compared == 0
