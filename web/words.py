"""Says moments, spans, limits and amounts in the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date

from engine.bilingual import Text, from_json, joined
from engine.durations import Duration
from engine.errors import Problem
from engine.explained import Explained
from engine.hosting import Failure
from engine.work import Work
from handlers.accounts.directory import RESIDENT_WORD, SYSTEM_WORD
from web.texts import gettext, language

ZONE = ZoneInfo("Asia/Shanghai")  # of every moment that a page says
SOON_SHARE = 0.25
SOON_LEAST = timedelta(minutes=10)
A_MINUTE = timedelta(minutes=1)


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
        return TimeLeft("paused", gettext("已暂停计时"))
    if due_at is None:
        return TimeLeft("none", gettext("无时限"))
    share = (due_at - opened_at) * SOON_SHARE if opened_at else SOON_LEAST
    soon_at = due_at - max(share, SOON_LEAST)
    if now > due_at:
        return TimeLeft("late", late_words(now - due_at), True, due_at, soon_at)
    state = "soon" if now >= soon_at else "fine"
    return TimeLeft(state, left_words(due_at - now), True, due_at, soon_at)


def late_words(length: timedelta) -> str:
    """Say how far an open step is past its limit; the first minute has no number."""
    if length < A_MINUTE:
        return gettext("刚到期")
    return gettext("超时 0").replace("0", span(length), 1)


def left_words(length: timedelta) -> str:
    """Say how much is left until a limit; the last minute has no number."""
    if length < A_MINUTE:
        return gettext("马上到期")
    return gettext("剩 0").replace("0", span(length), 1)


def length_words(length: timedelta) -> str:
    """Say a length of time; below a minute without a number."""
    return span(length) if length >= A_MINUTE else gettext("不到 1 分钟")


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
    return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M}"


def calendar_day(value: datetime) -> str:
    """Say the date of a moment."""
    return f"{value.astimezone(ZONE):%Y-%m-%d}"


def moment_short(value: datetime, now: datetime) -> str:
    """Say a moment: the time alone if it is today, else day and time, else the date."""
    here, today = value.astimezone(ZONE), now.astimezone(ZONE)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    if here.year == today.year:
        return f"{here:%m-%d %H:%M}"
    return f"{here:%Y-%m-%d}"


def local_date(value: datetime) -> date:
    """Return the day of a moment where the reader is."""
    return value.astimezone(ZONE).date()


def day(value: datetime, now: datetime) -> str:
    """Say a day, with its name; today and yesterday are called so."""
    that, today = local_date(value), local_date(now)
    said = str(format_date(that, "MM-dd EEE" if that.year == today.year else "yyyy-MM-dd EEE"))
    near = {0: gettext("今天"), 1: gettext("昨天")}.get((today - that).days, "")
    return " ".join(filter(None, (near, said)))


def clock_time(value: datetime) -> str:
    """Say the time of a day."""
    return f"{value.astimezone(ZONE):%H:%M}"


def money(fen: int) -> str:
    """Say an amount in yuan."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def is_english() -> bool:
    """Tell whether the reader chose English."""
    return language() == "en"


def either(chinese: str, english: str | None) -> str:
    """Choose the reader's language of a text that data brings in both; Chinese where English is missing."""
    return english if english and is_english() else chinese


def problem_text(problem: Problem) -> str:
    """Say a problem in the reader's language."""
    if isinstance(problem, Explained):
        return written(problem.both)
    return filled(problem.message, problem.params)


def kept_text(said: Mapping[str, Any] | None, message: str) -> str:
    """Say a problem that was kept as `Problem.kept` writes it; without that, in the words it was kept in."""
    if said is None:
        return message
    if "both" in said:
        return written(from_json(said["both"]))
    return filled(said["message"], {name: from_json(value) for name, value in said["params"].items()})


def filled(template: str, params: Mapping[str, object]) -> str:
    """Translate a message and fill in its fields, each in the reader's language where it has one."""
    return gettext(template).format(**{name: _field(value) for name, value in params.items()})


def person_name(name: str) -> str:
    """Say who did something: a name stays, a word that stands for a name is translated."""
    return gettext(name) if name in (RESIDENT_WORD, SYSTEM_WORD) else name


def person_names(work: Work, actor_ids: Iterable[int]) -> dict[int, str]:
    """Say who people are, by account id."""
    found = work.engine.directory.names(work.connection, set(actor_ids))
    return {actor_id: person_name(name) for actor_id, name in found.items()}


def said(text: Text) -> str:
    """Say a word of the product: a pair in the reader's language, or the Chinese key of a translation."""
    return written(text) if isinstance(text, tuple) or not text else gettext(text)


def written(text: Text) -> str:
    """Say a pair in the reader's language; what a person wrote stays as it is, whatever it looks like."""
    return text if isinstance(text, str) else either(*text)


def listed(texts: Iterable[Text]) -> str:
    """List texts with the commas of the reader's language."""
    return written(joined(texts))


def _field(value: object) -> object:
    match value:
        case datetime():
            return moment(value)
        case timedelta():
            return span(value)
        case (str(), str()):
            return either(*value)
        case str():
            return person_name(value)
        case Failure():
            return kept_text(value.said, value.message)
    return value
