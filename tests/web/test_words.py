"""Moments, spans and limits are said in the reader's language."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from engine.durations import Duration
from web import resident_words, words

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def chinese() -> Iterator[None]:
    """A page in Chinese, in the zone of Shanghai."""
    app = Flask("words")
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app, default_translation_directories="../../web/translations")
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        yield


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=59), "0 分"),
        (timedelta(minutes=30), "30 分"),
        (timedelta(hours=2), "2 时"),
        (timedelta(hours=2, minutes=5), "2 时 5 分"),
        (timedelta(days=1, minutes=59), "1 天"),
        (timedelta(days=10, hours=3, minutes=7), "10 天 3 时"),
    ],
)
def test_a_span_is_said_in_at_most_two_units(length: timedelta, said: str) -> None:
    assert words.span(length) == said


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("minutes", "state", "said"),
    [
        (-12, "late", "超时 12 分"),
        (0, "soon", "马上到期"),
        (10, "soon", "剩 10 分"),
        (11, "fine", "剩 11 分"),
    ],
)
def test_the_last_ten_minutes_count_as_soon(minutes: int, state: str, said: str) -> None:
    left = words.time_left(NOW, NOW + timedelta(minutes=minutes), NOW - timedelta(minutes=10))
    assert (left.state, left.words) == (state, said)


@pytest.mark.usefixtures("chinese")
def test_less_than_a_minute_is_said_without_a_number() -> None:
    just = timedelta(seconds=30)
    assert words.time_left(NOW, NOW - just).words == "刚到期"
    assert words.left_words(just) == "马上到期"
    assert words.length_words(just) == "不到 1 分钟"
    assert words.late_words(timedelta(minutes=1)) == "超时 1 分"


@pytest.mark.usefixtures("chinese")
def test_the_last_quarter_of_a_long_limit_counts_as_soon() -> None:
    opened_at = NOW - timedelta(hours=36)
    assert words.time_left(NOW, NOW + timedelta(hours=12), opened_at).state == "soon"
    assert words.time_left(NOW, NOW + timedelta(hours=13), opened_at).state == "fine"


@pytest.mark.usefixtures("chinese")
def test_a_paused_task_shows_no_running_clock() -> None:
    left = words.time_left(NOW, NOW - timedelta(minutes=5), paused=True)
    assert (left.state, left.ticks) == ("paused", False)


@pytest.mark.usefixtures("chinese")
def test_todays_moments_are_said_by_their_local_time_alone() -> None:
    assert words.moment_short(NOW - timedelta(hours=1), NOW) == "09:00"
    assert words.moment_short(NOW - timedelta(hours=11), NOW) == "11-22 23:00"
    assert words.moment_short(NOW - timedelta(days=400), NOW) == "2025-10-19"


@pytest.mark.usefixtures("chinese")
def test_a_limit_of_months_keeps_its_months() -> None:
    assert words.duration_words(Duration.parse("P1M")) == "1 个月"
    assert words.duration_words(Duration.parse("PT30M")) == "30 分"


def test_amounts_are_exact_to_the_fen() -> None:
    assert words.money(123456) == "¥1,234.56"
    assert words.money(-5) == "-¥0.05"


@pytest.mark.usefixtures("chinese")
def test_the_day_of_a_visit_has_its_year_where_it_is_another() -> None:
    assert resident_words.visit_day(NOW + timedelta(days=3), NOW) == "11-26 周四"
    assert resident_words.visit_day(NOW + timedelta(days=40), NOW).startswith("2027-01-02 ")
