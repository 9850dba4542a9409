"""Reads days and times of the day that a browser sent, and takes none that nobody can mean."""

import re
from datetime import date

from engine.durations import FIRST_YEAR, LAST_YEAR
from engine.errors import RuleBroken

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::00)?", re.ASCII)
_HOUR = 60
_DAY = 24 * _HOUR


def read_day(text: object) -> date | None:
    """Read a day; None when it is none, or lies outside the years that the platform knows."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None
    # A year short of the ends, so that no week and no zone leads out of them.
    return day if FIRST_YEAR < day.year < LAST_YEAR else None


def required_day(text: object) -> date:
    """Read a day that has to be there.

    Raises:
        RuleBroken: it is none.
    """
    day = read_day(text)
    if day is None:
        raise RuleBroken("bad_day", "请填写有效的日期")
    return day


def minute_of_day(text: object) -> int:
    """Read a time of the day, such as 08:30, as the minute of the day.

    Raises:
        RuleBroken: it is none.
    """
    found = _TIME.fullmatch(str(text).strip())
    if found is None:
        raise RuleBroken("bad_time", "请填写有效的时间，如 08:30")
    return int(found[1]) * _HOUR + int(found[2])


def minutes_between(begin: int, end: int) -> int:
    """Return how long it is from one minute of the day until the other, past midnight if need be."""
    return (end - begin) % _DAY or _DAY


def clock_text(minute: int) -> str:
    """Write a minute of a day as a time; the end of a day is midnight."""
    return f"{minute // _HOUR % 24:02d}:{minute % _HOUR:02d}"
