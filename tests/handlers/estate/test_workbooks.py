"""Files from outside: what could harm is refused with a clear message, before it takes time or memory."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest

from handlers.estate.import_list import read_list
from handlers.estate.workbooks import WorkbookRefused, read_workbook
from handlers.shared import limits
from tests.handlers.estate.lists_made import repacked, row, workbook

SHEET = "xl/worksheets/sheet1.xml"
GOOD = workbook([row()])


def sheet_with(text: bytes, before: bytes = b"</worksheet>") -> bytes:
    def insert(part: bytes) -> bytes:
        assert before in part
        return part.replace(before, text + before, 1)

    return repacked(GOOD, {SHEET: insert}, {})


def rows(first: int, count: int) -> bytes:
    cells = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(first, first + count)
    )
    return sheet_with(cells, b"</sheetData>")


def refusal(content: bytes) -> str:
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(content)
    return refused.value.code


def zip_bomb() -> bytes:
    return repacked(GOOD, {}, {"xl/media/image1.bin": bytes(limits.IMPORT_UNPACKED_BYTES + 1)})


def billion_laughs() -> bytes:
    entities = b'<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (b, b"&%c;" % (b - 1) * 10) for b in range(ord("b"), ord("k"))
    )

    def declare(part: bytes) -> bytes:
        body = part[part.index(b"<worksheet") :] if b"<worksheet" in part else part
        return b"<!DOCTYPE worksheet [" + entities + b"]>" + body

    return repacked(GOOD, {SHEET: declare}, {})


def with_formula(value: bytes) -> bytes:
    def replace(part: bytes) -> bytes:
        start = part.index(b'<c r="F2"')
        end = part.index(b"</c>", start) + 4
        return part[:start] + b'<c r="F2"><f>80+9.5</f>' + value + b"</c>" + part[end:]

    return repacked(GOOD, {SHEET: replace}, {})


def outside_entity() -> bytes:
    declaration = b'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return repacked(GOOD, {SHEET: lambda part: declaration + part[part.index(b"<worksheet") :]}, {})


def cut_off(part: bytes) -> bytes:
    return part[: len(part) // 2]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (zip_bomb, "workbook_bomb"),
        (lambda: repacked(GOOD, {}, {"xl/externalLinks/externalLink1.xml": b"<x/>"}), "workbook_links"),
        (lambda: repacked(GOOD, {}, {"xl/vbaProject.bin": b"macro"}), "workbook_macros"),
        (lambda: repacked(GOOD, {}, {"xl/macrosheets/sheet1.xml": b"<x/>"}), "workbook_macros"),
        (billion_laughs, "workbook_doctype"),
        (outside_entity, "workbook_doctype"),
        (lambda: rows(3, limits.IMPORT_ROWS), "workbook_rows"),
        (lambda: rows(1_048_576, 1), "workbook_rows"),
        (
            lambda: sheet_with(b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>' * 20),
            "workbook_rows",
        ),
        (lambda: sheet_with(b"<mergeCells><mergeCell ref='A1:B'/></mergeCells>"), "workbook_unreadable"),
        (lambda: repacked(GOOD, {SHEET: cut_off}, {}), "workbook_unreadable"),
        (lambda: repacked(GOOD, {"xl/styles.xml": cut_off}, {}), "workbook_unreadable"),
        (lambda: repacked(GOOD, {"xl/workbook.xml": lambda _part: b"<x/>"}, {}), "workbook_unreadable"),
        (lambda: GOOD[: len(GOOD) // 2], "workbook_unreadable"),
        (lambda: b"", "workbook_unreadable"),
        (lambda: b"\xd0\xcf\x11\xe0" + bytes(1000), "workbook_unreadable"),
        ("姓名,电话".encode, "workbook_unreadable"),
        (lambda: bytes(limits.IMPORT_BYTES + 1), "workbook_large"),
        (lambda: repacked(GOOD, {}, {f"xl/x{n}.bin": b"" for n in range(2001)}), "workbook_parts"),
    ],
)
def test_harmful_and_broken_files_are_refused_with_a_reason(make: Callable[[], bytes], code: str) -> None:
    assert refusal(make()) == code


def test_one_huge_merged_cell_is_passed_over_quickly() -> None:
    [sheet] = read_workbook(sheet_with(b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'))
    assert len(sheet.rows) == 2


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    target = io.BytesIO(GOOD)
    with zipfile.ZipFile(target) as archive:
        offset = archive.getinfo(SHEET).file_size
    lying = GOOD.replace(offset.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != GOOD
    assert refusal(lying) == "workbook_unreadable"


def test_a_formula_counts_with_its_stored_result() -> None:
    found = read_list(read_workbook(with_formula(b"<v>89.5</v>")), date(2026, 11, 23))
    assert str(found.houses[0].facts.area_m2) == "89.50"


def test_a_formula_without_a_stored_result_is_reported_not_taken_for_nothing() -> None:
    found = read_list(read_workbook(with_formula(b"")), date(2026, 11, 23))
    assert found.houses == ()
    assert [(problem.column, problem.row) for problem in found.problems] == [("建筑面积", 2)]
    assert "公式" in found.problems[0].reason()
