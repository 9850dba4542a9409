"""Named calendars: which hours count towards a time limit, and how to add and measure only those."""

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, extract, insert, select

from engine.durations import Duration
from engine.errors import RuleBroken
from engine.store.tables import work_calendar
from engine.work import Engine, Work

ALWAYS = "24x7"
LONGEST_LIMIT = timedelta(days=3660)
PUBLISH_PERMISSION = "calendar.publish"
_CACHE_KEY = "calendars"
_DAY = timedelta(days=1)
_ZERO = timedelta(0)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Hours = tuple[tuple[timedelta, timedelta], ...]
Span = tuple[datetime, datetime]


class DayKind(StrEnum):
    """What an exception makes of a date."""

    HOLIDAY = "holiday"
    MAKEUP_WORKDAY = "makeup_workday"


@dataclass(frozen=True, slots=True)
class ListedDay:
    """A date that differs from its weekday."""

    day: date
    kind: DayKind
    note: str = ""


class CalendarBroken(RuleBroken):
    """A calendar, or a list of its holidays, cannot be read."""


@dataclass(frozen=True)
class Calendar:
    """Working hours of a week in one zone, with dates that differ.

    A moment counts when the clock on the wall of `zone` shows a working hour; so an hour that a change
    to summer time leaves out is not counted, and one that comes twice is counted twice.

    Attributes:
        week: hours of Monday to Sunday, each span as distances from midnight; at least one is not empty.
        makeup: hours of a weekend day that was made a workday.
        table: name of the table of exceptions, or None when there is none.
        exceptions: what that table says of single dates.
    """

    code: str
    zone: ZoneInfo
    week: tuple[Hours, ...]
    makeup: Hours
    name: str = ""
    name_en: str = ""
    table: str | None = None
    exceptions: Mapping[date, DayKind] = field(default_factory=dict)
    _open: dict[date, tuple[Span, ...]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def day(self) -> timedelta:
        """Working time that a limit of one day means: that of the fullest weekday."""
        return max(_length(hours) for hours in self.week)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """Return the first moment by which `span` of working time has passed since `start`.

        Raises:
            RuleBroken("limit_too_long"): more than LONGEST_LIMIT.
        """
        if span > LONGEST_LIMIT:
            raise RuleBroken("limit_too_long", "时限 {days} 天过长，最多 3660 天", days=span.days)
        if span <= _ZERO:
            return start
        if self.code == ALWAYS:
            return start + span
        for opens, closes in self._spans_from(start):
            length = closes - opens
            if span <= length:
                return opens + span
            span -= length
        raise AssertionError("a week has working hours, so the spans never end")

    def due(self, start: datetime, limit: Duration) -> datetime:
        """Return the moment at which a limit that began at `start` is used up.

        Months are counted on the wall calendar. A whole day means one working day of this calendar, so
        P2D in the office is two days and not 48 office hours; what is left counts as hours.
        """
        if limit.is_negative:
            return start
        if limit.months:
            start = Duration(limit.months).after(start, self.zone)
        days, hours = divmod(limit.exact, _DAY)
        return self.add(start, min(days, LONGEST_LIMIT.days + 1) * self.day + hours)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Measure the working time from `start` to `end`; zero when `end` is not later."""
        if end <= start:
            return _ZERO
        if self.code == ALWAYS:
            return end - start
        total = _ZERO
        for opens, closes in self._spans_from(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def local(self, moment: datetime) -> datetime:
        """Show a moment on the wall clock of this calendar."""
        return moment.astimezone(self.zone)

    def known_until(self) -> date | None:
        """Return the last day whose holidays are published; None when the calendar has no holidays."""
        if self.table is None:
            return None
        return date(max(self.exceptions).year, 12, 31) if self.exceptions else date.min

    def is_guessed(self, moment: datetime) -> bool:
        """Tell whether a moment lies past the published holidays, so that only weekends are known."""
        until = self.known_until()
        return until is not None and self.local(moment).date() > until

    def hours_on(self, day: date) -> Hours:
        """Return the working hours of a local date."""
        match self.exceptions.get(day):
            case DayKind.HOLIDAY:
                return ()
            case DayKind.MAKEUP_WORKDAY:
                return self.week[day.weekday()] or self.makeup
            case _:
                return self.week[day.weekday()]

    def _spans_from(self, start: datetime) -> Iterator[Span]:
        """Walk through the open spans in order, the first one cut off at `start`."""
        start = start.astimezone(UTC)
        day = start.date()
        while True:
            for opens, closes in self._open_on(day):
                if closes > start:
                    yield max(opens, start), closes
            day += _DAY

    def _open_on(self, utc_day: date) -> tuple[Span, ...]:
        spans = self._open.get(utc_day)
        if spans is None:
            spans = self._open[utc_day] = tuple(self._cut(utc_day))
        return spans

    def _cut(self, utc_day: date) -> Iterator[Span]:
        """Cut a day of UTC into what is open, minding a change of the zone's offset within it."""
        for begin, end, offset in _offsets(self.zone, datetime.combine(utc_day, time(), UTC)):
            local = (begin + offset).date()
            while local <= (end + offset).date():
                midnight = datetime.combine(local, time(), UTC) - offset
                for opens, closes in self.hours_on(local):
                    span = max(begin, midnight + opens), min(end, midnight + closes)
                    if span[0] < span[1]:
                        yield span
                local += _DAY


def always(zone: ZoneInfo) -> Calendar:
    """Return the built-in calendar on which every hour counts."""
    full: Hours = ((_ZERO, _DAY),)
    return Calendar(ALWAYS, zone, (full,) * 7, full, name="全天候", name_en="Around the clock")


def parse_calendars(text: str) -> dict[str, Calendar]:
    """Read the calendars that a calendars.toml declares; their exceptions are still empty.

    Raises:
        CalendarBroken: with the calendar and what is wrong with it.
    """
    try:
        declared = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CalendarBroken("calendar_broken", "日历文件无法读取：{reason}", reason=error) from error
    return {code: _parse_calendar(code, entry) for code, entry in declared.items()}


def parse_days(text: str) -> list[ListedDay]:
    """Read a list of holidays and make-up workdays: CSV with `date,kind` and, if wanted, `note`.

    Raises:
        CalendarBroken: with the line that cannot be read.
    """
    rows = csv.DictReader(text.lstrip("\ufeff").splitlines())
    days: dict[date, ListedDay] = {}
    for number, row in enumerate(rows, start=2):
        try:
            listed = ListedDay(date.fromisoformat(row["date"]), DayKind(row["kind"]), row.get("note") or "")
        except (KeyError, ValueError, TypeError) as error:
            raise CalendarBroken("day_unreadable", "节假日表第 {line} 行无法读取", line=number) from error
        if listed.day in days:
            raise CalendarBroken("day_twice", "节假日表中 {day} 出现两次", day=listed.day)
        days[listed.day] = listed
    if not days:
        raise CalendarBroken("no_days", "节假日表是空的")
    return list(days.values())


def declare(engine: Engine, calendars: Mapping[str, Calendar]) -> None:
    """Make calendars known to an engine beside `24x7`, once, before it works."""
    engine.cache[_CACHE_KEY] = {ALWAYS: always(engine.zone), **calendars}


def publish_days(work: Work, table: str, days: Sequence[ListedDay]) -> None:
    """Replace the holidays and make-up workdays of every year that the list names.

    Raises:
        NotPermitted: the actor may not publish calendars.
    """
    work.require(PUBLISH_PERMISSION)
    years = {listed.day.year for listed in days}
    in_years = extract("year", work_calendar.c.day).in_(years)
    work.connection.execute(delete(work_calendar).where(work_calendar.c.calendar == table, in_years))
    rows = [
        {"calendar": table, "day": listed.day, "kind": listed.kind.value, "note": listed.note}
        for listed in days
    ]
    work.connection.execute(insert(work_calendar), rows)


def seed_days(work: Work, table: str, days: Sequence[ListedDay]) -> None:
    """Publish the years of a list of which the table knows nothing yet; what was edited stays."""
    known = {listed.day.year for listed in published_days(work, table)}
    new = [listed for listed in days if listed.day.year not in known]
    if new:
        publish_days(work, table, new)


def published_days(work: Work, table: str) -> list[ListedDay]:
    """Return the holidays and make-up workdays of a table, in order."""
    columns = work_calendar.c
    query = select(columns.day, columns.kind, columns.note).where(columns.calendar == table)
    return [
        ListedDay(row.day, DayKind(row.kind), row.note)
        for row in work.connection.execute(query.order_by(columns.day))
    ]


def calendar_names(engine: Engine) -> frozenset[str]:
    """Return the names that a diagram's `clock` may use."""
    return frozenset(_declared(engine))


def calendar_of(work: Work, code: str) -> Calendar:
    """Return a calendar with its exceptions as they are published now.

    Raises:
        CalendarBroken: no calendar of that name was declared.
    """
    declared = _declared(work.engine)
    calendar = declared.get(code)
    if calendar is None:
        raise CalendarBroken("calendar_unknown", "没有名为“{calendar}”的日历", calendar=code)
    if calendar.table is None:
        return calendar
    exceptions = {listed.day: listed.kind for listed in published_days(work, calendar.table)}
    if exceptions != calendar.exceptions:
        # A new object, so that what was cut out under the old exceptions is forgotten with the old one.
        calendar = declared[code] = with_exceptions(calendar, exceptions)
    return calendar


def guessed_calendars(work: Work, ahead: timedelta = timedelta(days=60)) -> list[Calendar]:
    """Return the calendars whose published holidays end within `ahead`: administration must add a year."""
    calendars = [calendar_of(work, code) for code in sorted(_declared(work.engine))]
    return [calendar for calendar in calendars if calendar.is_guessed(work.now + ahead)]


def with_exceptions(calendar: Calendar, exceptions: Mapping[date, DayKind]) -> Calendar:
    """Return the same calendar with other exceptions."""
    return replace(calendar, exceptions=dict(exceptions), _open={})


def _declared(engine: Engine) -> dict[str, Calendar]:
    found = engine.cache.setdefault(_CACHE_KEY, {ALWAYS: always(engine.zone)})
    assert isinstance(found, dict)  # only declare() and the line above write it
    return found


def _parse_calendar(code: str, entry: Any) -> Calendar:
    try:
        week = _parse_week(entry["hours"])
        fullest = max(week, key=_length)
        if code == ALWAYS or not fullest:
            raise ValueError("24x7 is built in; every other calendar needs working hours")
        return Calendar(
            code,
            ZoneInfo(entry["zone"]),
            week,
            _parse_hours(entry["makeup"]) if "makeup" in entry else fullest,
            name=entry.get("name", code),
            name_en=entry.get("name_en", code),
            table=entry.get("exceptions"),
        )
    except (KeyError, ValueError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
        raise CalendarBroken(
            "calendar_broken", "日历 {calendar} 有误：{reason}", calendar=code, reason=error
        ) from error


def _parse_week(entry: Mapping[str, str]) -> tuple[Hours, ...]:
    """Read `{"mon-fri": "09:00-12:00,13:30-18:00", "sat": "09:00-12:00"}`."""
    week: list[Hours] = [()] * 7
    for days, hours in entry.items():
        first, _, last = days.partition("-")
        numbers = range(_WEEKDAYS.index(first), _WEEKDAYS.index(last or first) + 1)
        if not numbers:
            raise ValueError(f"{days}: the first day comes after the last")
        for number in numbers:
            week[number] = _parse_hours(hours)
    return tuple(week)


def _parse_hours(text: str) -> Hours:
    """Read `09:00-12:00,13:30-18:00`; a night shift is written as two days' spans."""
    edges = [_parse_time(edge) for span in text.split(",") for edge in span.strip().split("-")]
    if len(edges) % 2 or any(later <= earlier for earlier, later in pairwise(edges)):
        raise ValueError(f"{text}: spans must be in order and not touch")
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _parse_time(text: str) -> timedelta:
    if text == "24:00":
        return _DAY
    at = time.fromisoformat(text)
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _length(hours: Hours) -> timedelta:
    return sum((closes - opens for opens, closes in hours), _ZERO)


def _offsets(zone: ZoneInfo, begin: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Split the 24 hours from `begin` where the zone's offset from UTC changes, to the second."""
    end = begin + _DAY
    first, last = _offset(zone, begin), _offset(zone, end)
    if first == last:
        yield begin, end, first
        return
    low, high = 0, 86_400
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, begin + timedelta(seconds=middle)) == first:
            low = middle
        else:
            high = middle
    change = begin + timedelta(seconds=high)
    yield begin, change, first
    if change < end:
        yield change, end, last


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always knows
    return offset
