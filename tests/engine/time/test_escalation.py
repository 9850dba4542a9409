"""When the rungs of a ladder fire, as plain values: no database and no clock."""

from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import always, parse_calendars
from engine.durations import Duration
from engine.escalation import Due, Happening, LadderBroken, Rung, Times, agenda, parse_ladder

SHANGHAI = ZoneInfo("Asia/Shanghai")
AROUND_THE_CLOCK = always(SHANGHAI)
OFFICE = parse_calendars(
    '[office]\nzone = "Asia/Shanghai"\nhours = { mon-fri = "09:00-12:00,13:30-18:00" }\n'
)["office"]
OPENED = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)

LADDER = parse_ladder(
    [
        {"level": 1, "after": "80%", "notify": "assignee"},
        {"level": 2, "after": "100%", "notify": "assignee, csl", "widen": "csl"},
        {"level": 3, "after": "PT3H", "notify": "pm"},
    ]
)


def coming(times: Times, ladder=LADDER, calendar=AROUND_THE_CLOCK) -> list[tuple[str, int, timedelta]]:
    return [(due.what.name, due.level, due.at - OPENED) for due in agenda(times, ladder, calendar)]


def limited(hours: float, **more) -> Times:
    return Times(OPENED, OPENED + hours * HOUR, OPENED + hours * HOUR, **more)


def test_a_ladder_fires_at_shares_of_the_limit_and_at_times_since_the_opening():
    assert coming(limited(2, follow_up_at=OPENED + HOUR)) == [
        ("WARNING", 0, HOUR),
        ("RUNG", 1, 1.6 * HOUR),
        ("OVERDUE", 0, 2 * HOUR),
        ("RUNG", 2, 2 * HOUR),
        ("RUNG", 3, 3 * HOUR),
    ]


def test_what_fired_stays_fired():
    times = limited(2, follow_up_at=OPENED, is_overdue=True, fired=frozenset({0, 1, 2}))
    assert coming(times) == [("RUNG", 3, 3 * HOUR)]


def test_a_pause_puts_off_every_rung_by_its_length():
    times = Times(OPENED, OPENED + 7 * HOUR, OPENED + 2 * HOUR, paused=5 * HOUR)
    assert coming(times) == [
        ("RUNG", 1, 6.6 * HOUR),
        ("OVERDUE", 0, 7 * HOUR),
        ("RUNG", 2, 7 * HOUR),
        ("RUNG", 3, 8 * HOUR),
    ]


def test_a_moved_due_date_stretches_the_shares_and_shifts_the_times():
    assert coming(Times(OPENED, OPENED + 10 * HOUR, OPENED + 2 * HOUR)) == [
        ("RUNG", 1, 8 * HOUR),
        ("OVERDUE", 0, 10 * HOUR),
        ("RUNG", 2, 10 * HOUR),
        ("RUNG", 3, 11 * HOUR),
    ]


def test_a_due_date_brought_forward_brings_the_rungs_forward_but_not_before_the_opening():
    assert coming(Times(OPENED, OPENED, OPENED + 4 * HOUR)) == [
        ("OVERDUE", 0, timedelta(0)),
        ("RUNG", 1, timedelta(0)),
        ("RUNG", 2, timedelta(0)),
        ("RUNG", 3, timedelta(0)),
    ]


def test_a_task_without_a_limit_has_only_the_rungs_that_need_none():
    assert coming(Times(OPENED)) == [("RUNG", 3, 3 * HOUR)]


def test_shares_count_the_hours_of_the_calendar_only():
    times = Times(OPENED, OFFICE.add(OPENED, 10 * HOUR), OFFICE.add(OPENED, 10 * HOUR))
    assert coming(times, LADDER, OFFICE) == [
        ("RUNG", 3, 4.5 * HOUR),  # 10:00 + 3 h, over lunch
        ("RUNG", 1, 24.5 * HOUR),  # 8 h of 10: next day 10:30
        ("OVERDUE", 0, 28 * HOUR),  # next day 14:00
        ("RUNG", 2, 28 * HOUR),
    ]


@given(
    st.integers(0, 200).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 3000).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 1000),
)
def test_a_full_share_is_the_due_date_whatever_was_paused(limit, paused, percent):
    due = OFFICE.add(OPENED, limit + paused)
    times = Times(OPENED, due, OFFICE.add(OPENED, limit), paused=paused)
    ladder = (Rung(1, Fraction(1), ("cs",)), Rung(2, Fraction(percent, 100), ("cs",)))
    events = {event.level: event.at for event in agenda(times, ladder, OFFICE) if event.level}
    assert events[1] == due
    assert (events[2] > due) == (percent > 100 and limit > timedelta(0))


def test_at_one_moment_the_warning_comes_before_the_due_date_and_that_before_the_rungs():
    at = OPENED
    assert sorted([Due(at, Happening.RUNG, 1), Due(at, Happening.OVERDUE), Due(at, Happening.WARNING)]) == [
        Due(at, Happening.WARNING),
        Due(at, Happening.OVERDUE),
        Due(at, Happening.RUNG, 1),
    ]


def test_a_ladder_is_read_in_the_order_of_its_levels():
    rows = [
        {"level": 2, "after": Duration.parse("PT30M"), "notify": None, "widen": "rpl"},
        {"level": 1.0, "after": "12.5%", "notify": " assignee ,rpl,"},
    ]
    assert parse_ladder(rows) == (
        Rung(1, Fraction(1, 8), ("assignee", "rpl")),
        Rung(2, Duration.parse("PT30M"), (), "rpl"),
    )


@pytest.mark.parametrize(
    "row",
    [
        {"level": 0, "after": "80%", "notify": "cs"},
        {"level": 10, "after": "80%", "notify": "cs"},
        {"level": "1", "after": "80%", "notify": "cs"},
        {"level": 1.5, "after": "80%", "notify": "cs"},
        {"level": 1, "after": "80", "notify": "cs"},
        {"level": 1, "after": "1001%", "notify": "cs"},
        {"level": 1, "after": "-5%", "notify": "cs"},
        {"level": 1, "after": "1e9%", "notify": "cs"},
        {"level": 1, "after": None, "notify": "cs"},
        {"level": 1, "after": "80%", "notify": " , "},
        {"after": "80%", "notify": "cs"},
    ],
)
def test_a_rung_that_means_nothing_is_refused(row):
    with pytest.raises(LadderBroken):
        parse_ladder([row])


def test_a_level_that_comes_twice_is_refused():
    with pytest.raises(LadderBroken, match="1, 1"):
        parse_ladder([{"level": 1, "after": "80%", "notify": "cs"}] * 2)


def test_a_rung_around_the_due_date_comes_whenever_the_step_was_opened():
    rungs = [("due-PT8H", "csl"), ("due", "pm"), ("due+PT4H", "qa")]
    ladder = parse_ladder(
        [{"level": level, "after": after, "notify": post} for level, (after, post) in enumerate(rungs, 1)]
    )
    early = [("RUNG", 1, 2 * HOUR), ("OVERDUE", 0, 10 * HOUR), ("RUNG", 2, 10 * HOUR), ("RUNG", 3, 14 * HOUR)]
    assert coming(limited(10), ladder) == early
    late = Times(OPENED, OPENED - 2 * HOUR, OPENED - 2 * HOUR, is_overdue=True)
    assert coming(late, ladder) == [("RUNG", 1, 0 * HOUR), ("RUNG", 2, 0 * HOUR), ("RUNG", 3, 2 * HOUR)]
    assert coming(Times(OPENED), ladder) == []


@pytest.mark.parametrize("after", ["due-", "due+4", "due*PT4H", "duePT4H", "due-P1M", "due-PT"])
def test_a_time_around_the_due_date_that_means_nothing_is_refused(after):
    with pytest.raises(LadderBroken, match="due-PT4H"):
        parse_ladder([{"level": 1, "after": after, "notify": "cs"}])
