"""Writes tables as .xlsx files in which every text stays a text, whatever it begins with."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NARROW, _WIDE = 10, 60
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | int]],
    widths: Sequence[int] = (),
    *,
    notice: str = "",
) -> bytes:
    """Return a workbook of one sheet.

    Args:
        title: of the sheet, at most 31 characters.
        widths: of the columns in characters; the rest gets a middling one.
        notice: stands above the table and on every printed page.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A3" if notice else "A2"
    for number in range(len(heads)):
        width = widths[number] if number < len(widths) else 20
        sheet.column_dimensions[get_column_letter(number + 1)].width = min(max(width, _NARROW), _WIDE)
    if notice:
        for place in (sheet.oddHeader.center, sheet.oddFooter.center):
            place.text = notice.replace("&", "&&")
        line = _cell(sheet, notice)
        line.font = Font(bold=True)
        sheet.append([line])
    head = [WriteOnlyCell(sheet, text) for text in heads]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: str | int) -> Any:
    """Make a cell; a text beginning with "=" must not become a formula in somebody's Excel.

    Nor when it is edited there: Excel keeps it a text as if an apostrophe had been typed before it.
    """
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"
    cell.quotePrefix = value.startswith(_FORMULA_BEGINS)
    return cell
