"""Says moments, spans, limits and amounts in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_datetime, get_locale, get_timezone

from engine.durations import Duration
from engine.errors import Problem
from web.texts import gettext

SOON_SHARE = 0.25
SOON_LEAST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How a task stands against its limit.

    Attributes:
        state: late, soon, fine, paused or none; also the colour.
        ticks: the script counts on.
    """

    state: str
    words: str
    ticks: bool = False
    due_at: datetime | None = None
    soon_at: datetime | None = None


def time_left(
    now: datetime, due_at: datetime | None, opened_at: datetime | None = None, *, paused: bool = False
) -> TimeLeft:
    """Say how much time is left until a limit.

    Args:
        opened_at: when the limit began to run; a quarter of the limit, at least ten minutes, counts as soon.
        paused: the clock of the task stands.
    """
    if paused:
        return TimeLeft("paused", gettext("暂停计时"))
    if due_at is None:
        return TimeLeft("none", gettext("无时限"))
    share = (due_at - opened_at) * SOON_SHARE if opened_at else SOON_LEAST
    soon_at = due_at - max(share, SOON_LEAST)
    if now > due_at:
        return TimeLeft("late", gettext("超时 0").replace("0", span(now - due_at), 1), True, due_at, soon_at)
    state = "soon" if now >= soon_at else "fine"
    return TimeLeft(state, gettext("剩 0").replace("0", span(due_at - now), 1), True, due_at, soon_at)


def span(length: timedelta) -> str:
    """Say a length of time in at most two units, rounded down to minutes."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return _joined((days, gettext("0 天")), (hours, gettext("0 时")))
    if hours:
        return _joined((hours, gettext("0 时")), (rest, gettext("0 分")))
    return gettext("0 分").replace("0", str(rest), 1)


def duration_words(length: Duration) -> str:
    """Say a limit as a diagram states it."""
    months = gettext("0 个月").replace("0", str(length.months), 1) if length.months else ""
    exact = span(length.exact) if length.exact or not months else ""
    return " ".join(filter(None, (months, exact)))


def _joined(*parts: tuple[int, str]) -> str:
    return " ".join(unit.replace("0", str(number), 1) for number, unit in parts if number)


def moment(value: datetime) -> str:
    """Say a moment with date and time."""
    return str(format_datetime(value, "yyyy-MM-dd HH:mm"))


def moment_short(value: datetime, now: datetime) -> str:
    """Say a moment: the time alone if it is today, else day and time, else the date."""
    zone = get_timezone() or ZoneInfo("Asia/Shanghai")
    here, today = value.astimezone(zone), now.astimezone(zone)
    if here.date() == today.date():
        return str(format_datetime(value, "HH:mm"))
    if here.year == today.year:
        return str(format_datetime(value, "MM-dd HH:mm"))
    return str(format_date(value, "yyyy-MM-dd"))


def money(fen: int) -> str:
    """Say an amount in yuan."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def is_english() -> bool:
    """Tell whether the reader chose English."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def either(chinese: str, english: str | None) -> str:
    """Choose the reader's language of a text that data brings in both; Chinese where English is missing."""
    return english if english and is_english() else chinese


def problem_text(problem: Problem) -> str:
    """Say a problem in the reader's language."""
    return filled(problem.message, problem.params)


def filled(template: str, params: Mapping[str, object]) -> str:
    """Translate a message and fill in its fields, each in the reader's language too."""
    return gettext(template).format(**{name: _said(value) for name, value in params.items()})


def said(text: object) -> str:
    """Say a word of the trade that data bring in Chinese; what nobody translated stays as it is."""
    if isinstance(text, list | tuple):
        return either(str(text[0]), str(text[-1]))
    whole = str(text)
    if not whole or not is_english():
        return whole
    return ", ".join(gettext(part) for part in whole.split("、")) if "、" in whole else gettext(whole)


def _said(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, str) and value:
        return gettext(value)
    return value
