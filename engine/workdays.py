"""Keeps the published holidays and make-up workdays, day by day, and tells which year is missing."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert

from engine.bilingual import Text, named
from engine.calendar import (
    PUBLISH_PERMISSION,
    Calendar,
    CalendarBroken,
    DayKind,
    ListedDay,
    calendar_names,
    calendar_of,
    published_days,
)
from engine.store.tables import work_calendar
from engine.work import Work

_SATURDAY = 5
_ANNOUNCED_IN = 11  # the notice of the State Council for the next year comes in November
_NOTE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Published:
    """A table of holidays, with the calendars that go by it.

    Attributes:
        missing: years that somebody has to publish now, the earliest first.
    """

    table: str
    calendars: tuple[Text, ...]
    days: tuple[ListedDay, ...]
    missing: tuple[int, ...]


def tables(work: Work) -> list[Published]:
    """Return every table of holidays.

    Raises:
        NotPermitted: the actor may not publish calendars.
    """
    work.require(PUBLISH_PERMISSION)
    return [
        Published(table, tuple(named(one) for one in calendars), tuple(days), _missing(work, calendars, days))
        for table, calendars in _by_table(work).items()
        for days in [published_days(work, table)]
    ]


def missing_years(work: Work) -> list[int]:
    """Return the years whose holidays nobody has published: this one, and from November on the next.

    Past them due dates on working calendars are guessed by weekends alone.
    """
    found: set[int] = set()
    for table, calendars in _by_table(work).items():
        found.update(_missing(work, calendars, published_days(work, table)))
    return sorted(found)


def add_day(work: Work, table: str, listed: ListedDay) -> None:
    """Publish one day that differs from its weekday; a day that is listed already is changed.

    Raises:
        NotPermitted: the actor may not publish calendars.
        CalendarBroken: no such table, or the day is what it would be anyway.
    """
    _require_table(work, table)
    is_weekend = listed.day.weekday() >= _SATURDAY
    if is_weekend and listed.kind is DayKind.HOLIDAY:
        raise CalendarBroken("weekend_already", "{day} 是周末，本来就休息", day=listed.day.isoformat())
    if not is_weekend and listed.kind is DayKind.MAKEUP_WORKDAY:
        raise CalendarBroken("weekday_already", "{day} 不是周末，本来就上班", day=listed.day.isoformat())
    _forget(work, table, listed.day)
    row = {
        "calendar": table,
        "day": listed.day,
        "kind": listed.kind.value,
        "note": listed.note[:_NOTE_LENGTH],
    }
    work.connection.execute(insert(work_calendar), row)


def remove_day(work: Work, table: str, day: date) -> None:
    """Take a day out again; removing what is not there changes nothing.

    Raises:
        NotPermitted: the actor may not publish calendars.
    """
    _require_table(work, table)
    _forget(work, table, day)


def _forget(work: Work, table: str, day: date) -> None:
    work.connection.execute(
        delete(work_calendar).where(work_calendar.c.calendar == table, work_calendar.c.day == day)
    )


def _require_table(work: Work, table: str) -> None:
    work.require(PUBLISH_PERMISSION)
    if table not in _by_table(work):
        raise CalendarBroken("calendar_unknown", "没有名为“{calendar}”的日历", calendar=table)


def _by_table(work: Work) -> dict[str, list[Calendar]]:
    found: dict[str, list[Calendar]] = {}
    for code in sorted(calendar_names(work.engine)):
        calendar = calendar_of(work, code)
        if calendar.table is not None:
            found.setdefault(calendar.table, []).append(calendar)
    return found


def _missing(work: Work, calendars: list[Calendar], days: list[ListedDay]) -> tuple[int, ...]:
    today = calendars[0].local(work.now).date()
    needed = (today.year, today.year + 1) if today.month >= _ANNOUNCED_IN else (today.year,)
    known = {listed.day.year for listed in days}
    return tuple(year for year in needed if year not in known)
