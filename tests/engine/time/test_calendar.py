"""Named calendars against a slow oracle that looks at the wall clock minute by minute."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.calendar import (
    Calendar,
    CalendarBroken,
    DayKind,
    ListedDay,
    always,
    calendar_names,
    calendar_of,
    declare,
    guessed_calendars,
    parse_calendars,
    parse_days,
    publish_days,
    published_days,
    seed_days,
    with_exceptions,
)
from engine.clock import SettableClock
from engine.durations import Duration
from engine.errors import NotAllowed, Refused
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from tests.engine.time.world import CLERK

PROCESSES = Path(__file__).parents[3] / "processes"
SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE_HOURS = '{ mon-fri = "09:00-12:00,13:30-18:00" }'
NIGHT = '{ mon-sun = "00:00-06:30,22:00-24:00" }'
GAP = '{ mon-sun = "00:00-00:30,01:30-02:30" }'

# Windows of 50 days around what can go wrong: (zone, hours, first day of the window).
CASES = {
    "spring festival and make-up Saturday": ("Asia/Shanghai", OFFICE_HOURS, date(2026, 1, 28)),
    "national day": ("Asia/Shanghai", OFFICE_HOURS, date(2026, 9, 10)),
    "night shift": ("Asia/Shanghai", NIGHT, date(2026, 1, 28)),
    "summer time begins in a shift": ("America/New_York", GAP, date(2026, 2, 20)),
    "summer time ends in a shift": ("America/New_York", GAP, date(2026, 10, 15)),
    "summer time ends in the office": ("America/New_York", OFFICE_HOURS, date(2026, 10, 15)),
    "half an hour of summer time": ("Australia/Lord_Howe", GAP, date(2026, 3, 15)),
    "clock put back across midnight": ("America/St_Johns", NIGHT, date(2006, 10, 10)),
    "a day that never was": ("Pacific/Apia", NIGHT, date(2011, 12, 15)),
}
MINUTE = timedelta(minutes=1)
WINDOW_MINUTES = 50 * 24 * 60

EXCEPTIONS = {
    date.fromisoformat(day): DayKind(kind)
    for day, kind in (
        line.split(",")
        for line in (PROCESSES / "calendars" / "cn_workdays.csv").read_text("utf-8").splitlines()[1:]
    )
}


@cache
def declared_in(zone: str, hours: str) -> Calendar:
    text = f'[shift]\nzone = "{zone}"\nhours = {hours}\nexceptions = "cn_workdays"\n'
    return with_exceptions(parse_calendars(text)["shift"], EXCEPTIONS)


@cache
def open_minutes(zone: str, hours: str, first: date) -> tuple[datetime, list[int]]:
    """Count, for every minute of the window, the open minutes before it."""
    start = datetime.combine(first, datetime.min.time(), UTC)
    spans = hours.split('"')[1].split(",")
    every_day = "mon-sun" in hours
    flags = []
    for number in range(WINDOW_MINUTES):
        local = (start + number * MINUTE).astimezone(ZoneInfo(zone))
        wall = f"{local:%H:%M}"
        kind = EXCEPTIONS.get(local.date())
        works = kind != "holiday" and (every_day or local.weekday() < 5 or kind == "makeup_workday")
        flags.append(works and any(span[:5] <= wall < span[6:] for span in spans))
    return start, list(accumulate(flags, initial=0))


case_names = st.sampled_from(sorted(CASES))
minutes = st.integers(0, WINDOW_MINUTES)


@settings(max_examples=400, deadline=None)
@given(case_names, minutes, minutes)
def test_working_time_between_two_moments_is_what_the_minutes_on_the_wall_add_up_to(name, one, other):
    start, before = open_minutes(*CASES[name])
    measured = declared_in(*CASES[name][:2]).between(start + one * MINUTE, start + other * MINUTE)
    assert measured == max(0, before[other] - before[one]) * MINUTE


@settings(max_examples=400, deadline=None)
@given(case_names, minutes, st.integers(0, 3000))
@example("national day", 0, 0)
def test_adding_working_time_ends_at_the_first_minute_that_completes_it(name, begin, span):
    start, before = open_minutes(*CASES[name])
    wanted = before[begin] + span
    if wanted > before[-1]:
        return
    expected = start + max(begin, bisect_left(before, wanted)) * MINUTE
    assert declared_in(*CASES[name][:2]).add(start + begin * MINUTE, span * MINUTE) == expected


@settings(max_examples=200, deadline=None)
@given(
    case_names,
    st.integers(0, WINDOW_MINUTES * 60_000_000).map(lambda us: timedelta(microseconds=us)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_what_was_added_is_measured_again_to_the_microsecond(name, offset, span):
    start, _ = open_minutes(*CASES[name])
    calendar = declared_in(*CASES[name][:2])
    assert calendar.between(start + offset, calendar.add(start + offset, span)) == span


def office() -> Calendar:
    return declared_in("Asia/Shanghai", OFFICE_HOURS)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23 07:00", 1, "2026-11-23 10:00"),  # before opening
        ("2026-11-23 11:30", 1, "2026-11-23 14:00"),  # across lunch
        ("2026-11-23 12:30", 1, "2026-11-23 14:30"),  # in the lunch break
        ("2026-11-23 17:30", 0.5, "2026-11-23 18:00"),  # ends at closing, not next morning
        ("2026-11-23 19:00", 1, "2026-11-24 10:00"),  # after closing
        ("2026-11-20 17:00", 2, "2026-11-23 10:00"),  # over a weekend
        ("2026-10-01 10:00", 1, "2026-10-08 10:00"),  # on a holiday
        ("2026-10-09 17:30", 1, "2026-10-10 09:30"),  # into a Saturday that is a make-up workday
        ("2026-11-21 10:00", 0, "2026-11-21 10:00"),  # zero stays where it is
    ],
)
def test_office_hours_count_lunch_weekends_holidays_and_make_up_days(start, hours, end):
    assert office().add(shanghai(start), timedelta(hours=hours)) == shanghai(end)


def test_a_make_up_saturday_has_the_hours_of_the_fullest_weekday():
    assert office().day == timedelta(hours=7, minutes=30)
    saturday = shanghai("2026-10-10 00:00")
    assert office().between(saturday, saturday + timedelta(days=1)) == office().day


def test_around_the_clock_counts_every_hour():
    calendar = always(SHANGHAI)
    start = shanghai("2026-10-01 03:00")
    assert calendar.add(start, timedelta(minutes=30)) == start + timedelta(minutes=30)
    assert calendar.between(start, start + timedelta(days=9)) == timedelta(days=9)
    assert not calendar.is_guessed(shanghai("2099-01-01 00:00"))


def test_a_moment_past_the_published_holidays_is_said_to_be_guessed():
    assert office().known_until() == date(2026, 12, 31)
    assert not office().is_guessed(shanghai("2026-12-31 23:59"))
    assert office().is_guessed(shanghai("2027-01-01 00:00"))
    assert office().add(shanghai("2027-01-01 09:00"), timedelta(hours=1)) == shanghai("2027-01-01 10:00")


def test_a_calendar_without_any_published_holiday_is_guessed_throughout():
    bare = parse_calendars(f'[b]\nzone = "UTC"\nhours = {OFFICE_HOURS}\nexceptions = "x"\n')["b"]
    assert bare.is_guessed(shanghai("2026-01-05 10:00"))


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-11-23 10:00", "P1D", "2026-11-24 10:00"),  # a day is a working day, not 24 office hours
        ("2026-11-23 10:00", "P5D", "2026-11-30 10:00"),
        ("2026-11-21 10:00", "P2D", "2026-11-24 18:00"),  # begun on a Saturday: Monday and Tuesday
        ("2026-11-23 10:00", "P1DT3H", "2026-11-24 14:30"),
        ("2026-11-23 17:00", "PT8H", "2026-11-24 17:30"),
        ("2026-10-31 10:00", "P1M", "2026-11-30 10:00"),
        ("2026-10-30 17:00", "P1MT2H", "2026-12-01 10:00"),
        ("2026-11-23 10:00", "PT0S", "2026-11-23 10:00"),
    ],
)
def test_a_limit_in_days_means_working_days_of_the_calendar(start, limit, end):
    assert office().due(shanghai(start), Duration.parse(limit)) == shanghai(end)


@pytest.mark.parametrize("limit", ["PT3H", "P2D", "P1M2DT3H"])
def test_a_limit_that_turned_out_negative_is_used_up_at_once(limit):
    start = shanghai("2026-11-23 10:00")
    assert office().due(start, -Duration.parse(limit)) == start


def test_an_absurdly_long_limit_is_refused():
    with pytest.raises(Refused, match="3660"):
        office().add(shanghai("2026-11-23 09:00"), timedelta(days=4000))


@pytest.mark.parametrize(
    "text",
    [
        "[office",
        "[office]",
        '[office]\nzone = "UTC"',
        f'[office]\nzone = "Asia/Nowhere"\nhours = {OFFICE_HOURS}',
        '[office]\nzone = "UTC"\nhours = { mon-fri = "12:00-09:00" }',
        '[office]\nzone = "UTC"\nhours = { mon-fri = "09:00-12:00,11:00-18:00" }',
        '[office]\nzone = "UTC"\nhours = { fri-mon = "09:00-12:00" }',
        '[office]\nzone = "UTC"\nhours = { monday = "09:00-12:00" }',
        '[office]\nzone = "UTC"\nhours = {}',
        f'[24x7]\nzone = "UTC"\nhours = {OFFICE_HOURS}',
        'office = "09:00-18:00"',
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(text):
    with pytest.raises(CalendarBroken):
        parse_calendars(text)


def test_the_calendars_of_the_repository_can_be_read():
    calendars = parse_calendars((PROCESSES / "calendars.toml").read_text("utf-8"))
    assert calendars["office"].zone.key == "Asia/Shanghai"
    assert calendars["office"].table == "cn_workdays"


def test_the_seed_lists_each_day_once_with_a_known_kind():
    days = parse_days((PROCESSES / "calendars" / "cn_workdays.csv").read_text("utf-8"))
    assert len(days) == 48
    assert {day.kind for day in days} == set(DayKind)
    assert all((day.day.weekday() < 5) == (day.kind is DayKind.HOLIDAY) for day in days)


@pytest.mark.parametrize(
    "text",
    ["day,kind\n2026-01-01,holiday\n", "date,kind\n2026-13-01,holiday\n", "date,kind\n2026-01-01,feast\n",
     "date,kind\n2026-01-01,holiday\n2026-01-01,holiday\n", "date,kind\n"],
)  # fmt: skip
def test_a_list_of_days_that_cannot_be_read_is_refused(text):
    with pytest.raises(CalendarBroken):
        parse_days(text)


# --- the published table -----------------------------------------------------------------------------------


@pytest.fixture
def in_office(engine: Engine) -> Engine:
    """An engine that knows the office, whose holidays nobody has published."""
    text = (PROCESSES / "calendars.toml").read_text("utf-8")
    declare(engine, parse_calendars(text))
    return engine


def published(engine: Engine) -> Calendar:
    with engine.reading(SYSTEM) as work:
        return calendar_of(work, "office")


def publish(engine: Engine, *days: ListedDay, actor: Actor = SYSTEM) -> None:
    with engine.work(actor) as work:
        publish_days(work, "cn_workdays", days)


def test_published_holidays_count_from_the_next_question_on(in_office: Engine) -> None:
    start = shanghai("2026-12-31 17:00")
    assert published(in_office).add(start, timedelta(hours=2)) == shanghai("2027-01-01 10:00")
    publish(in_office, ListedDay(date(2027, 1, 1), DayKind.HOLIDAY, "元旦"))

    assert published(in_office).add(start, timedelta(hours=2)) == shanghai("2027-01-04 10:00")
    assert published(in_office) is published(in_office)  # what was cut out of it is not forgotten


def test_publishing_a_year_replaces_that_year_only(in_office: Engine) -> None:
    publish(
        in_office,
        ListedDay(date(2026, 1, 1), DayKind.HOLIDAY),
        ListedDay(date(2027, 1, 1), DayKind.HOLIDAY),
        ListedDay(date(2027, 1, 2), DayKind.HOLIDAY),
    )
    publish(in_office, ListedDay(date(2027, 1, 2), DayKind.MAKEUP_WORKDAY))

    assert published(in_office).exceptions == {
        date(2026, 1, 1): DayKind.HOLIDAY,
        date(2027, 1, 2): DayKind.MAKEUP_WORKDAY,
    }


def test_seeding_again_keeps_what_was_edited(in_office: Engine) -> None:
    seed = parse_days((PROCESSES / "calendars" / "cn_workdays.csv").read_text("utf-8"))
    with in_office.work(SYSTEM) as work:
        seed_days(work, "cn_workdays", [day for day in seed if day.day.year == 2025])
    publish(in_office, ListedDay(date(2025, 6, 2), DayKind.HOLIDAY, "端午节"))
    with in_office.work(SYSTEM) as work:
        seed_days(work, "cn_workdays", seed)
        seed_days(work, "cn_workdays", seed)
        days = published_days(work, "cn_workdays")

    assert days[0] == ListedDay(date(2025, 6, 2), DayKind.HOLIDAY, "端午节")
    assert days[1:] == [day for day in seed if day.day.year == 2026]


def test_whoever_may_not_publish_calendars_changes_nothing(in_office: Engine) -> None:
    with pytest.raises(NotAllowed):
        publish(in_office, ListedDay(date(2027, 1, 1), DayKind.HOLIDAY), actor=CLERK)
    assert published(in_office).exceptions == {}


def test_a_calendar_that_ends_soon_is_pointed_out_in_time(in_office: Engine, clock: SettableClock) -> None:
    publish(in_office, ListedDay(date(2026, 10, 1), DayKind.HOLIDAY))
    names = []
    for day in ("2026-10-31 12:00", "2026-11-02 12:00"):
        clock.set(shanghai(day))
        with in_office.reading(SYSTEM) as work:
            names.append([calendar.code for calendar in guessed_calendars(work)])

    assert names == [[], ["office"]]


def test_a_calendar_that_nobody_declared_is_refused_by_name(in_office: Engine) -> None:
    assert calendar_names(in_office) == {"24x7", "office"}
    with in_office.reading(SYSTEM) as work, pytest.raises(CalendarBroken, match="bank"):
        calendar_of(work, "bank")
