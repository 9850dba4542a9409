"""Durations, moments and cycles: what is read, what is refused, and how they are added."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.durations import Cycle, Duration, DurationError, format_moment, looks_like_duration, parse_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
ARMED = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

exact_parts = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400_000))
months = st.integers(0, 14_000)
durations = st.builds(Duration, months, exact_parts)
moments = st.timedeltas(timedelta(days=-25_000), timedelta(days=130_000)).map(lambda span: ARMED + span)


@pytest.mark.parametrize(
    ("text", "months", "exact"),
    [
        ("PT30M", 0, timedelta(minutes=30)),
        ("P3D", 0, timedelta(days=3)),
        ("P1W", 0, timedelta(weeks=1)),
        ("P1.5W", 0, timedelta(days=10, hours=12)),
        ("PT1.5H", 0, timedelta(minutes=90)),
        ("PT1,5H", 0, timedelta(minutes=90)),
        ("P0.5D", 0, timedelta(hours=12)),
        ("pt5m", 0, timedelta(minutes=5)),
        (" PT5M ", 0, timedelta(minutes=5)),
        ("P1Y2M10DT2H30M", 14, timedelta(days=10, hours=2, minutes=30)),
        ("P30M", 30, timedelta(0)),
        ("PT0S", 0, timedelta(0)),
        ("PT0.000001S", 0, timedelta(microseconds=1)),
    ],
)
def test_a_duration_is_read_exactly(text, months, exact):
    assert Duration.parse(text) == Duration(months, exact)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("-PT5M", "sign"),
        ("PT-5M", "sign"),
        ("+PT5M", "sign"),
        ("P2W3D", "weeks"),
        ("0 0 * * *", "cron"),
        ("*/5 * * * *", "cron"),
        ("30M", "PT30M"),
        ("P", "ISO"),
        ("PT", "ISO"),
        ("P1DT", "ISO"),
        ("PT5", "ISO"),
        ("P5H", "ISO"),
        ("PT1H1D", "ISO"),
        ("PT1.5H30M", "fraction"),
        ("P1.5Y", "fraction"),
        ("P0.5M", "fraction"),
        ("PT0.0000001S", "fraction"),
        ("P9999Y", "1200 years"),
        ("P999999999W", "1200 years"),
        ("PT99999999999999999999S", "ISO"),
        ("PT٣M", "ISO"),
    ],
)
def test_an_unusable_duration_is_refused_with_the_reason_in_two_languages(text, reason):
    with pytest.raises(DurationError) as refused:
        Duration.parse(text)
    assert reason in refused.value.en
    assert any("一" <= letter <= "鿿" for letter in refused.value.zh)


def test_a_refusal_shortens_what_it_quotes():
    with pytest.raises(DurationError) as refused:
        Duration.parse("x" * 10_000)
    assert len(refused.value.zh) < 200


@given(durations)
def test_a_duration_survives_being_written_and_read(duration):
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["P1Y2M3DT4H5M6.5S", "PT0S", "P1D", "PT36H", "P1M", "PT0.25S"])
def test_a_duration_is_written_in_its_shortest_form(text):
    assert str(Duration.parse(text)) == text.replace("PT36H", "P1DT12H")


@given(st.text(max_size=40) | st.from_regex(r"[PT0-9YMWDHS.,-]{0,20}", fullmatch=True))
def test_any_text_is_a_duration_or_refused(text):
    with suppress(DurationError):
        assert not Duration.parse(text).is_negative


@given(st.from_regex(r"R[0-9]{0,12}/[PT0-9YMWDHSZ:/+-]{0,40}", fullmatch=True))
def test_any_text_is_a_cycle_or_refused(text):
    with suppress(DurationError):
        assert not Cycle.parse(text).period.is_zero


@given(moments, exact_parts.filter(lambda exact: exact < timedelta(days=100_000)))
def test_the_exact_part_is_elapsed_time_in_every_zone(moment, exact):
    assert Duration(exact=exact).after(moment, BERLIN) == moment + exact


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-01-31T09:00+08:00", "P1M", "2026-02-28T09:00+08:00"),
        ("2028-01-31T09:00+08:00", "P1M", "2028-02-29T09:00+08:00"),
        ("2028-02-29T09:00+08:00", "P1Y", "2029-02-28T09:00+08:00"),
        ("2026-12-31T09:00+08:00", "P2M", "2027-02-28T09:00+08:00"),
        ("2026-01-30T16:30Z", "P1M", "2026-02-28T00:30+08:00"),
        ("2026-01-31T09:00+08:00", "P1MT1H", "2026-02-28T10:00+08:00"),
    ],
)
def test_months_are_counted_on_the_local_calendar_and_clamp_the_day(start, duration, end):
    assert Duration.parse(duration).after(parse_moment(start), SHANGHAI) == parse_moment(end)


def test_a_month_keeps_the_wall_clock_over_a_change_to_summer_time():
    assert Duration(1).after(datetime(2026, 3, 10, 9, tzinfo=BERLIN), BERLIN).astimezone(BERLIN).hour == 9


def test_a_month_into_the_hour_that_comes_twice_means_its_first_coming():
    end = Duration(1).after(datetime(2026, 9, 25, 2, 30, tzinfo=BERLIN), BERLIN)
    assert end == parse_moment("2026-10-25T02:30:00+02:00")


def test_durations_are_added_part_by_part():
    assert Duration.parse("P1MT1H") + Duration.parse("P2MT2H") == Duration.parse("P3MT3H")
    assert Duration.parse("P3MT3H") - Duration.parse("P1MT1H") == Duration.parse("P2MT2H")


def test_a_day_is_24_hours_over_a_change_to_summer_time():
    end = Duration.parse("P1D").after(datetime(2026, 3, 28, 12, tzinfo=BERLIN), BERLIN)
    assert end.astimezone(BERLIN).hour == 13


def test_a_moment_without_zone_cannot_be_moved():
    with pytest.raises(DurationError):
        Duration.parse("PT1H").after(datetime(2026, 1, 1), UTC)  # noqa: DTZ001  # the point of the test


@pytest.mark.parametrize("duration", [Duration(14_000), Duration(exact=timedelta(days=400_000))])
def test_a_sum_beyond_the_year_2999_is_refused(duration):
    with pytest.raises(DurationError):
        duration.after(ARMED, SHANGHAI)


def test_opposite_signs_of_months_and_days_are_refused():
    with pytest.raises(DurationError):
        Duration.parse("P1M") - Duration.parse("P1D")


def test_a_huge_multiple_is_refused():
    with pytest.raises(DurationError):
        Duration.parse("PT1S") * 10**30


def test_a_negative_difference_is_known_as_negative():
    assert (Duration.parse("PT1H") - Duration.parse("PT2H")).is_negative
    assert not Duration().is_negative


def test_a_duration_of_nothing_is_zero():
    assert Duration() == Duration.parse("PT0S")
    assert Duration().is_zero
    assert Duration().after(ARMED, SHANGHAI) == ARMED


@pytest.mark.parametrize("text", ["1900-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
def test_the_first_and_the_last_moment_are_usable(text):
    moment = parse_moment(text)
    assert Duration().after(moment, SHANGHAI) == moment


@pytest.mark.parametrize("text", ["-PT5M", "P2W3D", "PT5M", "p1d"])
def test_a_text_that_was_meant_as_a_duration_is_recognised(text):
    assert looks_like_duration(text)


@pytest.mark.parametrize("text", ["P0", "P1", "PM", "P", "PT", "", "Park"])
def test_an_urgency_code_is_no_duration(text):
    assert not looks_like_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T09:30:00+08:00",
        "2026-11-23T09:30+0800",
        "2026-11-23T01:30:00Z",
        "2026-11-23t01:30:00.000z",
    ],
)
def test_a_moment_with_a_zone_is_read_as_utc(text):
    moment = parse_moment(text)
    assert moment == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-23T09:30:00", "no zone"),
        ("2026-11-23", "not a date and time"),
        ("2026-13-23T09:30:00Z", "not a date and time"),
        ("2026-W48-1T09:30:00Z", "not a date and time"),
        ("0001-01-01T00:00:00+14:00", "not a date and time"),
        ("1850-01-01T00:00:00Z", "years"),
        ("", "not a date and time"),
    ],
)
def test_an_unusable_moment_is_refused(text, reason):
    with pytest.raises(DurationError) as refused:
        parse_moment(text)
    assert reason in refused.value.en


@given(moments)
def test_a_moment_survives_being_written_and_read(moment):
    assert parse_moment(format_moment(moment)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "R1/PT10M",
        "R1000000/PT10M",
        "R/PT10M",
        "R3/2026-11-23T01:00:00Z/P1D",
        "R5/PT10M/2026-11-23T01:00:00Z",
        "R/P1M",
    ],
)
def test_a_cycle_survives_being_read_and_written(text):
    assert str(Cycle.parse(text)) == text
    assert Cycle.parse(text.lower()) == Cycle.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "R3/PT0S",
        "R/P0D",
        "R0/PT10M",
        "R9999999/PT10M",
        "R3/-PT10M",
        "R-1/PT10M",
        "R3",
        "R3/",
        "R/2026-11-23T01:00:00Z/2026-11-24T01:00:00Z",
        "R3/2026-11-23T01:00:00/PT1H",
        "R3/PT1H/PT1H/PT1H",
        "PT10M",
        "0/5 * * * * ?",
    ],
)
def test_an_unusable_cycle_is_refused(text):
    with pytest.raises(DurationError):
        Cycle.parse(text)


def firings(text: str, armed: datetime = ARMED, most: int = 10) -> list[datetime]:
    cycle = Cycle.parse(text)
    found = []
    while len(found) < most and (due := cycle.due(len(found), armed, SHANGHAI)):
        found.append(due)
    return found


def test_a_plain_cycle_counts_from_its_arming():
    assert firings("R3/PT10M") == [ARMED + timedelta(minutes=10 * n) for n in (1, 2, 3)]


def test_an_endless_cycle_does_not_end():
    assert len(firings("R/PT10M", most=50)) == 50


def test_a_monthly_cycle_does_not_lose_days_at_a_short_month():
    armed = parse_moment("2026-01-31T09:00+08:00")
    assert [due.astimezone(SHANGHAI).day for due in firings("R4/P1M", armed)] == [28, 31, 30, 31]


def test_a_cycle_with_a_future_start_begins_there():
    start = ARMED + timedelta(days=1)
    assert firings(f"R3/{format_moment(start)}/PT24H") == [start + timedelta(days=n) for n in (0, 1, 2)]


def test_a_cycle_with_a_past_start_has_spent_the_firings_before_its_arming():
    start = ARMED - timedelta(hours=25)
    assert firings(f"R3/{format_moment(start)}/PT24H") == [start + timedelta(days=2)]


def test_an_endless_cycle_with_an_old_start_keeps_its_beat():
    assert firings("R/1990-01-01T00:00:30Z/PT1M", most=1) == [ARMED + timedelta(seconds=30)]


def test_a_cycle_with_an_end_fires_last_at_its_end():
    end = ARMED + timedelta(hours=1)
    assert firings(f"R3/PT10M/{format_moment(end)}") == [end - timedelta(minutes=10 * n) for n in (2, 1, 0)]


def test_a_cycle_that_has_ended_never_fires():
    assert firings(f"R3/PT10M/{format_moment(ARMED)}") == []
    assert firings(f"R/PT10M/{format_moment(ARMED - timedelta(days=9))}") == []


@given(
    st.sampled_from(["P1M", "P1Y", "P1MT1H", "PT7H", "P1D", "P11M"]),
    st.timedeltas(timedelta(days=-13_000), timedelta(days=25_000)).map(lambda span: ARMED + span),
)
def test_the_first_firing_is_the_earliest_one_after_the_arming(period, start):
    due = Cycle.parse(f"R/{format_moment(start)}/{period}").due(0, ARMED, SHANGHAI)
    assert due is not None
    assert due > ARMED
    step = Duration.parse(period)
    index = (
        next(n for n in range(2_000_000) if (step * n).after(start, SHANGHAI) > ARMED)
        if step.months
        else None
    )
    if index is None:
        assert due == start or due - step.exact <= ARMED
    else:
        assert due == (step * index).after(start, SHANGHAI)


@given(
    st.sampled_from(["P1M", "P1Y", "PT7H", "P11M"]),
    st.timedeltas(timedelta(days=1), timedelta(days=25_000)).map(lambda span: ARMED + span),
)
def test_counting_back_from_the_end_starts_at_the_earliest_firing_after_the_arming(period, end):
    step = Duration.parse(period)
    due = Cycle.parse(f"R/{period}/{format_moment(end)}").due(0, ARMED, SHANGHAI)
    assert due is not None
    assert ARMED < due <= end
    if not step.months:
        assert due - step.exact <= ARMED
    else:
        count = 0
        while (-step * (count + 1)).after(end, SHANGHAI) > ARMED:
            count += 1
        assert due == (-step * count).after(end, SHANGHAI)
