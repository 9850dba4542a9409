"""What the page of the working calendar shows, and how what was posted there is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from werkzeug.datastructures import FileStorage

from engine import workdays
from engine.calendar import CalendarBroken, DayKind, ListedDay, parse_days
from engine.work import Work
from handlers.errors import FieldsInvalid
from web.words import listed

_LARGEST_FILE = 100_000


@dataclass(frozen=True)
class TableCard:
    """One table of holidays in a year."""

    table: str
    name: str
    days: tuple[ListedDay, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True)
class WorkdaysScreen:
    """The page."""

    year: int
    years: tuple[int, ...]
    cards: tuple[TableCard, ...]


def workdays_screen(work: Work, year: int | None) -> WorkdaysScreen:
    """Read the published days of a year; of the present one unless a known one is asked for."""
    tables = workdays.tables(work)
    this_year = work.now.astimezone(work.engine.zone).year
    known = {one.day.year for table in tables for one in table.days}
    years = tuple(sorted({*known, this_year, this_year + 1}))
    shown = year if year in years else this_year
    return WorkdaysScreen(
        shown,
        years,
        tuple(
            TableCard(
                table.table,
                listed(table.calendars),
                tuple(one for one in table.days if one.day.year == shown),
                table.missing,
            )
            for table in tables
        ),
    )


def posted_day(form: Mapping[str, str]) -> date:
    """Read the day of a posted form.

    Raises:
        FieldsInvalid: it is no day.
    """
    try:
        return date.fromisoformat(form.get("day", ""))
    except ValueError as error:
        raise FieldsInvalid({"day": ("请选择日期", {})}) from error


def posted_listed_day(form: Mapping[str, str]) -> ListedDay:
    """Read the day that is to be published.

    Raises:
        FieldsInvalid: it is no day, or no kind of day.
    """
    day, kind = posted_day(form), form.get("kind", "")
    if kind not in set(DayKind):
        raise FieldsInvalid({"kind": ("请选择放假或调休上班", {})})
    return ListedDay(day, DayKind(kind), form.get("note", "").strip())


def days_of_file(file: FileStorage | None) -> list[ListedDay]:
    """Read an uploaded list of days.

    Raises:
        FieldsInvalid: no file, or no text.
        CalendarBroken: with the line that cannot be read.
    """
    content = file.stream.read(_LARGEST_FILE + 1) if file and file.filename else b""
    if not content or len(content) > _LARGEST_FILE:
        raise FieldsInvalid({"file": ("请选择一个 CSV 文件，最大 100 KB", {})})
    try:
        return parse_days(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CalendarBroken("days_encoding", "节假日表不是 UTF-8 编码，请另存为 UTF-8 的 CSV") from error
