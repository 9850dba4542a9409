"""Timers in all the ways people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn.expressions import ExpressionError, parse_timer
from engine.durations import Cycle, Duration

HALF_HOUR = Duration(exact=timedelta(minutes=30))
NOTICE = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["PT30M", '"PT30M"', "'PT30M'", " pt30m ", "${PT30M}", '${"PT30M"}'])
def test_a_written_out_duration_is_known_when_read(text):
    timer = parse_timer(text)
    assert timer.literal == HALF_HOUR
    assert timer.names == frozenset()
    assert timer.evaluate({}) == HALF_HOUR


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("R3/PT1H", Cycle.parse("R3/PT1H")),
        ('"R/PT10M"', Cycle.parse("R/PT10M")),
        ('${"R3/PT1H"}', Cycle.parse("R3/PT1H")),
        ("2026-11-23T09:30:00+08:00", NOTICE),
        ('"2026-11-23T01:30:00Z"', NOTICE),
    ],
)
def test_a_written_out_cycle_or_moment_is_known_when_read(text, time):
    assert parse_timer(text).literal == time


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (HALF_HOUR, HALF_HOUR),
        (NOTICE, NOTICE),
        ("PT30M", HALF_HOUR),
        ("R3/PT1H", Cycle.parse("R3/PT1H")),
        ("2026-11-23T01:30:00Z", NOTICE),
    ],
)
def test_a_computed_time_is_a_value_or_a_text(value, time):
    timer = parse_timer("${accept_limit}")
    assert timer.literal is None
    assert timer.names == {"accept_limit"}
    assert timer.evaluate({"accept_limit": value}) == time


def test_a_timer_can_count_from_a_moment():
    assert parse_timer("${notice_time + PT16H}").evaluate({"notice_time": NOTICE}) == NOTICE + timedelta(
        hours=16
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "30 minutes",
        "-PT5M",
        '"-PT5M"',
        "P2W3D",
        "0 0 12 * * ?",
        "R3/PT0S",
        "R1000000000/PT0S",
        "2026-11-23",
        "2026-11-23T09:30:00",
        "${}",
        "${5}",
        "${true}",
        "${null}",
        "${2026-11-23}",
        "${a} ",
        "x ${a}",
        '"PT5M',
        "PT5M" + " " * 600,
        '= duration("PT5M")',
    ],
)
def test_a_timer_that_would_fail_later_is_refused_when_read(text):
    if text == "${a} ":
        assert parse_timer(text).names == {"a"}
        return
    with pytest.raises(ExpressionError) as refused:
        parse_timer(text)
    assert refused.value.position is not None


@pytest.mark.parametrize("value", [None, 5, True, "soon", "-PT5M", [HALF_HOUR], NOTICE.date()])
def test_a_computed_time_that_is_none_is_an_error(value):
    with pytest.raises(ExpressionError):
        parse_timer("${limit}").evaluate({"limit": value})


def test_a_negative_difference_is_no_time():
    with pytest.raises(ExpressionError, match="负"):
        parse_timer("${early - late}").evaluate({"early": NOTICE, "late": NOTICE + timedelta(hours=1)})
