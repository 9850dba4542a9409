"""Escalation ladders: when each rung of an open task fires, and what a rung says to do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

from engine.calendar import Calendar
from engine.durations import Duration, DurationError
from engine.errors import Refused
from engine.explained import Explained

ASSIGNEE = "assignee"
LADDER_DECISION = "escalation"
WARNING_LEVEL = 0
HIGHEST_LEVEL = 9
_HIGHEST_PERCENT = 1000
_PERCENT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)%")
_AROUND_DUE = re.compile(r"due(?:([+-])(P.+))?", re.ASCII)
_ZERO = timedelta(0)


class LadderBroken(Explained, Refused):
    """The table of ladders says something that cannot be carried out."""

    code_word = "ladder_broken"


@dataclass(frozen=True, slots=True)
class AroundDue:
    """A time before or after the due date, whenever the step was opened.

    Attributes:
        offset: negative before it.
    """

    offset: timedelta


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a ladder; it tells people and may let more of them act, and never does a step itself.

    Attributes:
        after: share of the limit, a time since the task was opened, or one around its due date.
        notify: posts to tell; ASSIGNEE is who holds the task, or its candidates while nobody does.
        widen: post that may also do the task from then on.
    """

    level: int
    after: Fraction | Duration | AroundDue
    notify: tuple[str, ...]
    widen: str | None = None


Ladder = tuple[Rung, ...]

# The early warning of `followUpDate`, recorded like a rung so that it too happens once.
WARNING = Rung(WARNING_LEVEL, Fraction(0), (ASSIGNEE,))


class Happening(IntEnum):
    """What becomes due in a task's life, in the order of firing at the same moment."""

    WARNING = 0
    OVERDUE = 1
    RUNG = 2


class Due(NamedTuple):  # made by ten thousands in a sweep, and sorted
    """Something that happens to a task at a moment; `level` orders rungs and is 0 for the rest."""

    at: datetime
    what: Happening
    level: int = 0


class Times(NamedTuple):
    """All that decides what becomes due in the life of one open task.

    Attributes:
        due_at: with every pause and move; None when the task has no limit.
        original_due_at: as first computed.
        paused: working time spent in pauses.
        is_overdue: it was marked late already.
        fired: levels that fired, WARNING_LEVEL for the warning; they stay fired whatever happens later.
    """

    opened_at: datetime
    due_at: datetime | None = None
    original_due_at: datetime | None = None
    follow_up_at: datetime | None = None
    paused: timedelta = _ZERO
    is_overdue: bool = False
    fired: frozenset[int] = frozenset()


def agenda(times: Times, ladder: Ladder, calendar: Calendar) -> list[Due]:
    """List what has not happened to a task yet, past or future, in the order of time."""
    coming: list[Due] = []
    if times.follow_up_at is not None and WARNING_LEVEL not in times.fired:
        coming.append(Due(times.follow_up_at, Happening.WARNING))
    if times.due_at is not None and not times.is_overdue:
        coming.append(Due(times.due_at, Happening.OVERDUE))
    limit = _limit(times, calendar) if ladder else None
    for rung in ladder:
        if rung.level not in times.fired:
            at = _fires_at(rung, times, limit, calendar)
            if at is not None:
                coming.append(Due(at, Happening.RUNG, rung.level))
    coming.sort()
    return coming


def _limit(times: Times, calendar: Calendar) -> timedelta | None:
    """Measure the working time that a task was given, pauses left out."""
    if times.due_at is None:
        return None
    return max(_ZERO, calendar.between(times.opened_at, times.due_at) - times.paused)


def _fires_at(rung: Rung, times: Times, limit: timedelta | None, calendar: Calendar) -> datetime | None:
    """Compute a rung's moment; a share of a limit that does not exist never comes."""
    opened, after = times.opened_at, rung.after
    if isinstance(after, AroundDue):
        return _around_due(after.offset, times, calendar)
    if isinstance(after, Duration):
        elapsed = calendar.between(opened, calendar.due(opened, after)) + _shift(times, calendar)
    elif limit is None:
        return None
    else:
        elapsed = limit * after.numerator / after.denominator + times.paused
    return calendar.add(opened, max(_ZERO, elapsed))


def _around_due(offset: timedelta, times: Times, calendar: Calendar) -> datetime | None:
    """Compute a moment around the due date; what was before the opening comes at once."""
    opened, due_at = times.opened_at, times.due_at
    if due_at is None:
        return None
    if offset >= _ZERO:
        return max(opened, calendar.add(due_at, offset))
    return calendar.add(opened, max(_ZERO, calendar.between(opened, due_at) + offset))


def _shift(times: Times, calendar: Calendar) -> timedelta:
    """Measure by how much working time the due date was put off; negative when it was brought forward."""
    before, now = times.original_due_at, times.due_at
    if before is None or now is None:
        return _ZERO
    return calendar.between(before, now) if now >= before else -calendar.between(now, before)


def parse_ladder(rows: Iterable[Mapping[str, object]]) -> Ladder:
    """Read the rows that the table of ladders gives for one ladder.

    Args:
        rows: `level` (1 to 9), `after` ("80%" or "PT20M"), `notify` (posts, comma separated, "assignee"
            among them) and `widen` (a post, or nothing).
    Raises:
        LadderBroken: a cell that means nothing, or a level that comes twice.
    """
    rungs = sorted((_parse_rung(row) for row in rows), key=lambda rung: rung.level)
    levels = [rung.level for rung in rungs]
    if len(set(levels)) < len(levels):
        raise LadderBroken(
            "升级阶梯中同一级别出现两次：{levels}", "a level comes twice: {levels}", levels=levels
        )
    return tuple(rungs)


def _parse_rung(row: Mapping[str, object]) -> Rung:
    level = row.get("level")
    if not isinstance(level, int | float) or level not in range(1, HIGHEST_LEVEL + 1):
        raise LadderBroken(
            "升级级别须为 1 至 9 的整数，而不是“{level}”",
            "a level is a whole number from 1 to 9, not “{level}”",
            level=level,
        )
    notify = tuple(post.strip() for post in str(row.get("notify") or "").split(",") if post.strip())
    widen = str(row.get("widen") or "").strip() or None
    if not notify and widen is None:
        raise LadderBroken(
            "升级级别 {level} 既不通知也不扩大候选人",
            "level {level} tells nobody and widens to nobody",
            level=int(level),
        )
    return Rung(int(level), _parse_after(row.get("after")), notify, widen)


def _parse_after(cell: object) -> Fraction | Duration | AroundDue:
    if isinstance(cell, Duration):
        return cell
    text = str(cell or "").strip()
    around = _AROUND_DUE.fullmatch(text)
    if around:
        return _parse_around(text, around)
    share = _PERCENT.fullmatch(text)
    if share and Fraction(share[1]) <= _HIGHEST_PERCENT:
        return Fraction(share[1]) / 100
    try:
        return Duration.parse(text)
    except DurationError as error:
        raise _no_time(text) from error


def _parse_around(text: str, around: re.Match[str]) -> AroundDue:
    """Read `due`, `due-PT8H` or `due+PT4H`: hours and days only, for months have no length of their own."""
    if around[1] is None:
        return AroundDue(_ZERO)
    try:
        span = Duration.parse(around[2])
    except DurationError as error:
        raise _no_time(text) from error
    if span.months:
        raise _no_time(text)
    return AroundDue(span.exact if around[1] == "+" else -span.exact)


def _no_time(text: str) -> LadderBroken:
    return LadderBroken(
        "“{text}”不是升级时间：请写 80%、PT20M 或 due-PT4H 这样的值",
        "“{text}” is no time of a rung: write 80%, PT20M or due-PT4H",
        text=text,
    )
