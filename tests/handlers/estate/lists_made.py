"""Makes hand-over lists as developers send them, and files that only look like lists."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

HEADER = (
    "小区",
    "楼栋",
    "单元",
    "房号",
    "户型",
    "建筑面积",
    "业主姓名",
    "性别",
    "证件类型",
    "证件号码",
    "联系电话",
    "备用电话",
    "通讯地址",
    "交付日期",
)
WOMAN = "11010519491231002X"
MAN = "440524198001010013"


def id_number(first: str) -> str:
    """Complete seventeen digits."""
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights, strict=True)) % 11]


def row(**cells: Any) -> list[Any]:
    """A row of the list; what is not given is as in a good one, and None leaves a cell empty."""
    good = {
        "小区": "翠湖花园",
        "楼栋": "3栋",
        "单元": "2单元",
        "房号": "502",
        "户型": "三室两厅",
        "建筑面积": 89.5,
        "业主姓名": "张三丰",
        "证件号码": WOMAN,
        "联系电话": "13812345678",
        "交付日期": "2026-05-01",
    }
    return [{**good, **cells}.get(name) for name in HEADER]


def workbook(
    rows: Iterable[Iterable[Any]],
    *,
    title: str = "名单",
    header: Iterable[Any] = HEADER,
    above: int = 0,
    change: Callable[[Worksheet], None] | None = None,
) -> bytes:
    """A file with one sheet.

    Args:
        above: how many lines of title stand above the header.
        change: does something more to the sheet.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for line in range(above):
        sheet.append([f"翠湖花园业主移交清单 {line}"])
    sheet.append(list(header))
    for cells in rows:
        sheet.append(list(cells))
    if change is not None:
        change(sheet)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def repacked(content: bytes, change: dict[str, Callable[[bytes], bytes]], extra: dict[str, bytes]) -> bytes:
    """The same file with some of its parts changed and others added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change[name](part) if name in change else part)
        for name, part in extra.items():
            new.writestr(name, part)
    return target.getvalue()
