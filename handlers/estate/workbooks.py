"""Opens .xlsx files from outside: refuses what could harm, and reads the rest cell by cell."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from lxml import etree
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from handlers.errors import RuleRefused
from handlers.shared import limits

_MOST_PARTS = 2_000
_MOST_CELLS = 1_000_000
_MOST_MERGES = 100_000
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Value = bool | int | float | str | date | datetime | time | timedelta | None


class WorkbookRefused(RuleRefused):
    """The file as a whole cannot be taken; the message says why."""


@dataclass
class _Part:
    """What a look at the XML of one sheet told."""

    merges: list[tuple[int, int, int, int]] = field(default_factory=list)  # left, top, right, bottom
    uncomputed: dict[int, set[int]] = field(
        default_factory=dict
    )  # row -> columns of formulas without a value


@dataclass(frozen=True)
class Row:
    """A row of a sheet in which something stands; `values` has no empty end.

    Attributes:
        uncomputed: columns, from 0, whose formula has no stored result.
    """

    number: int
    values: tuple[Value, ...]
    uncomputed: frozenset[int]


@dataclass(frozen=True)
class Sheet:
    """A visible or hidden sheet with the rows in which something stands."""

    name: str
    is_hidden: bool
    rows: tuple[Row, ...]


def read_workbook(content: bytes) -> list[Sheet]:
    """Read every sheet of an .xlsx file; of merged cells, each has the value of the whole.

    Formulas count with the result stored in the file; nothing is computed.

    Raises:
        WorkbookRefused: with the reason.
    """
    if len(content) > limits.IMPORT_BYTES:
        raise WorkbookRefused(
            "workbook_large", "文件最大 {size} MB，请拆分后再导入", size=limits.IMPORT_BYTES // 1024 // 1024
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _examined(archive)
            paths = _sheet_paths(archive)
        return list(_sheets(content, parts, paths))
    except WorkbookRefused:
        raise
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        etree.LxmlError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        NotImplementedError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        # openpyxl fails in as many ways as there are broken files; none of them may look like a bug of ours.
        raise WorkbookRefused(
            "workbook_unreadable", "无法读取此文件，请另存为 Excel 工作簿（.xlsx）"
        ) from error


def _examined(archive: zipfile.ZipFile) -> dict[str, _Part]:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise WorkbookRefused("workbook_unreadable", "无法读取此文件，请另存为 Excel 工作簿（.xlsx）")
    if len(entries) > _MOST_PARTS or len(names) != len(entries):
        raise WorkbookRefused("workbook_parts", "文件内部结构异常，请另存为新的 .xlsx 文件")
    lowered = [name.lower() for name in names]
    if any("vbaproject" in name or "/macrosheets/" in name or "activex" in name for name in lowered):
        raise WorkbookRefused("workbook_macros", "文件含有宏，请另存为不含宏的 .xlsx 文件")
    if any("/externallinks/" in name for name in lowered):
        raise WorkbookRefused("workbook_links", "文件含有指向其他文件的链接，请“粘贴为数值”后再导入")
    if sum(entry.file_size for entry in entries) > limits.IMPORT_UNPACKED_BYTES:
        raise WorkbookRefused("workbook_bomb", "文件解压后过大，请只保留需要导入的数据")
    cells = 0
    parts = {}
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels")):
            part, count = _examined_part(archive, entry)
            cells += count
            if cells > _MOST_CELLS:
                raise _too_many_rows()
            parts[entry.filename] = part
    return parts


def _examined_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[_Part, int]:
    """Look through one XML file without building its tree."""
    part = _Part()
    cells = 0
    rows = 0
    with archive.open(entry) as file:
        events = etree.iterparse(
            file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
        )
        is_first = True
        for event, element in events:
            if is_first and element.getroottree().docinfo.doctype:
                raise WorkbookRefused("workbook_doctype", "文件内部结构异常，请另存为新的 .xlsx 文件")
            is_first = False
            if event == "start" or not isinstance(element.tag, str):
                continue
            kind = etree.QName(element).localname
            if kind == "mergeCell":
                part.merges.append(_boundaries(element.get("ref", "")))
            elif kind == "c":
                cells += 1
                _note_uncomputed(part, element)
            elif kind == "row":
                rows += 1
            if rows > limits.IMPORT_ROWS or cells > _MOST_CELLS or len(part.merges) > _MOST_MERGES:
                raise _too_many_rows()
            if kind in ("row", "mergeCell", "si", "xf"):
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    return part, cells


def _note_uncomputed(part: _Part, cell: etree._Element) -> None:
    kinds = {etree.QName(child).localname: child for child in cell if isinstance(child.tag, str)}
    if "f" in kinds and not (kinds["v"].text if "v" in kinds else None) and "is" not in kinds:
        row, column = coordinate_to_tuple(cell.get("r", ""))
        part.uncomputed.setdefault(row, set()).add(column - 1)


def _boundaries(reference: str) -> tuple[int, int, int, int]:
    left, top, right, bottom = range_boundaries(reference)
    if left is None or top is None or right is None or bottom is None:
        raise ValueError(reference)
    return left, top, right, bottom


def _sheet_paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Map the names of sheets to their files."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    targets = {node.get("Id"): node.get("Target", "") for node in relations}
    workbook = etree.fromstring(archive.read("xl/workbook.xml"), parser)
    return {
        node.get("name", ""): posixpath.normpath(posixpath.join("/xl", targets[node.get(_RELATION)]))[1:]
        for node in workbook.iter("{*}sheet")
    }


def _sheets(content: bytes, parts: dict[str, _Part], paths: dict[str, str]) -> Iterator[Sheet]:
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        if len(workbook.worksheets) > limits.IMPORT_SHEETS:
            raise WorkbookRefused(
                "workbook_sheets", "工作表过多，最多 {count} 张", count=limits.IMPORT_SHEETS
            )
        if not workbook.worksheets:
            raise ValueError("no sheets")
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # what the file says of its size may leave rows out
            part = parts.get(paths.get(sheet.title, ""), _Part())
            found: dict[int, list[Value]] = {}
            cells = sheet.iter_rows(max_col=limits.IMPORT_COLUMNS, values_only=True)
            for number, values in enumerate(cells, start=1):
                if number > limits.IMPORT_ROWS:
                    raise _too_many_rows()
                if any(value is not None for value in values) or number in part.uncomputed:
                    found[number] = [_value(value) for value in values]
            _fill_merged(found, part)
            rows = tuple(_row(number, values, part) for number, values in found.items())
            yield Sheet(sheet.title, sheet.sheet_state != "visible", rows)
    finally:
        workbook.close()


def _fill_merged(rows: dict[int, list[Value]], part: _Part) -> None:
    """Repeat the value of cells merged downwards; across, only the first column has it."""
    filled = 0
    for left, top, _right, bottom in part.merges:
        if top not in rows or left > limits.IMPORT_COLUMNS:
            continue
        value = rows[top][left - 1]
        last = min(bottom, limits.IMPORT_ROWS)
        filled += last - top
        if filled > _MOST_CELLS:
            raise _too_many_rows()
        for number in range(top + 1, last + 1):
            if number in rows:
                rows[number][left - 1] = value


def _value(value: object) -> Value:
    return value if isinstance(value, Value) else str(value)


def _row(number: int, values: list[Value], part: _Part) -> Row:
    while values and values[-1] in (None, ""):
        values.pop()
    return Row(number, tuple(values), frozenset(part.uncomputed.get(number, ())))


def _too_many_rows() -> WorkbookRefused:
    return WorkbookRefused(
        "workbook_rows",
        "行数过多，一次最多导入 {count} 行；请删除多余的空行或拆分文件",
        count=limits.IMPORT_ROWS,
    )
