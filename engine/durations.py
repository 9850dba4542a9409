"""ISO 8601 durations, moments and repeating intervals: the words in which limits and timers are written."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from engine.explained import Explained

LONGEST_MONTHS: Final = 1200 * 12
LONGEST_EXACT: Final = timedelta(days=1200 * 366)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
MOST_REPETITIONS: Final = 1_000_000
MONTHS_IN_YEAR: Final = 12

_NUMBER = r"([0-9]{1,9}(?:[.,][0-9]{1,9})?)"
_WEEKS = re.compile(rf"P{_NUMBER}W")
_PARTS = re.compile(
    rf"P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}D)?(T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_LOOKS_LIKE_ONE = re.compile(r"[+-]?P(?:T?[+-]?[0-9]+(?:[.,][0-9]+)?[YMWDHS])+", re.IGNORECASE)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_REPEAT = re.compile(r"R([0-9]{0,9})")
_MINUTE: Final = 60_000_000
_MICROSECONDS: Final = {
    "W": 7 * 1440 * _MINUTE,
    "D": 1440 * _MINUTE,
    "H": 60 * _MINUTE,
    "M": _MINUTE,
    "S": 1_000_000,
}


class DurationError(Explained):
    """A text that is no usable duration, moment or cycle, or arithmetic that leaves the usable range."""

    code_word = "bad_duration"


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time: calendar months, which have no fixed length, and an exact part.

    A day of a duration is 24 hours. Both parts have the same sign; a negative duration can arise
    inside an expression, but no text is read as one.
    """

    months: int = 0
    exact: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if abs(self.months) > LONGEST_MONTHS or abs(self.exact) > LONGEST_EXACT:
            raise _too_long()
        if self.months * self.exact.total_seconds() < 0:
            raise DurationError(
                "月与天的加减结果符号不一致，无法表示为时长",
                "Months and days of opposite sign do not make a duration",
            )

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read `PT30M`, `P1W`, `P1Y2M10DT2H30M`, `PT1.5H`; case does not matter.

        Raises:
            DurationError: not a duration, negative, weeks mixed with other parts, finer than a microsecond.
        """
        found = text.strip().upper()
        weeks = _WEEKS.fullmatch(found)
        if weeks:
            return cls(exact=_exact([(weeks[1], "W")], text))
        parts = _PARTS.fullmatch(found)
        if not parts or found == "P" or parts[4] == "T":
            raise _bad_duration(text)
        years, months, days, _, hours, minutes, seconds = parts.groups()
        exact = _exact([(days, "D"), (hours, "H"), (minutes, "M"), (seconds, "S")], text)
        whole = (years or "0") + (months or "0")
        if not whole.isdigit():
            raise DurationError(
                f"“{_short(text)}” 的年或月带小数；请改写成更小的单位，例如 P6M",
                f"“{_short(text)}” has a fraction of a year or month; write a smaller unit, such as P6M",
            )
        return cls(int(years or 0) * MONTHS_IN_YEAR + int(months or 0), exact)

    @property
    def is_negative(self) -> bool:
        """Tell whether it points into the past."""
        return self.months < 0 or self.exact < timedelta(0)

    @property
    def is_zero(self) -> bool:
        """Tell whether it has no length."""
        return self.months == 0 and not self.exact

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """Add this duration to an aware moment.

        Months are counted on the calendar of the zone and clamp the day (31 January + P1M is
        28 February, same wall clock); then the exact part is added as elapsed time.

        Returns:
            An aware moment in UTC.
        """
        if moment.tzinfo is None:
            raise _bad_naive(moment.isoformat())
        try:
            if self.months:
                moment = _shift_months(moment.astimezone(zone), self.months)
            result = moment.astimezone(UTC) + self.exact
        except (OverflowError, ValueError):
            raise _bad_range() from None
        if not FIRST_YEAR <= result.year <= LAST_YEAR:
            raise _bad_range()
        return result

    def __neg__(self) -> "Duration":
        return Duration(-self.months, -self.exact)

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(self.months + other.months, self.exact + other.exact)

    def __sub__(self, other: "Duration") -> "Duration":
        return self + -other

    def __mul__(self, times: int) -> "Duration":
        if abs(times) > LONGEST_EXACT // timedelta(microseconds=1):
            raise _too_long()
        try:
            return Duration(self.months * times, self.exact * times)
        except OverflowError:
            raise _too_long() from None

    def __str__(self) -> str:
        """Write the shortest ISO 8601 text, such as `P1Y2M3DT4H5M6.5S`."""
        if self.is_negative:
            return f"-{-self}"
        years, months = divmod(self.months, MONTHS_IN_YEAR)
        hours, rest = divmod(self.exact.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        fraction = f".{self.exact.microseconds:06d}".rstrip("0").rstrip(".")
        date_part = _joined([(years, "Y"), (months, "M"), (self.exact.days, "D")])
        time_part = _joined([(hours, "H"), (minutes, "M")])
        if seconds or fraction:
            time_part += f"{seconds}{fraction}S"
        if time_part:
            return f"P{date_part}T{time_part}"
        return f"P{date_part}" if date_part else "PT0S"


def in_words(length: Duration) -> tuple[str, str]:
    """Say a duration in Chinese and in English, down to minutes."""
    minutes = int(length.exact.total_seconds() // 60)
    counted = (
        (length.months, "个月", "month"),
        (minutes // 1440, "天", "day"),
        (minutes % 1440 // 60, "小时", "hour"),
        (minutes % 60, "分钟", "minute"),
    )
    said = [(f"{n} {word}", f"{n} {unit}{'s' if n > 1 else ''}") for n, word, unit in counted if n]
    return " ".join(one for one, _ in said) or "0", " ".join(one for _, one in said) or "0"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repeating interval: `R3/PT10M`, `R/PT10M`, `R3/<start>/PT24H`, `R5/PT10M/<end>`.

    Without start or end it counts from the moment it is armed, the first firing one period later.
    With a start the first firing is the start itself; with an end the last firing is the end.
    Firings of those two that lie before the arming are spent, not made up for.
    """

    period: Duration
    repetitions: int | None = None
    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "Cycle":
        """Read a repeating interval.

        Raises:
            DurationError: not one, no period, zero period, no or too many repetitions.
        """
        head, *parts = text.strip().upper().split("/")
        repeat = _REPEAT.fullmatch(head)
        if not repeat or len(parts) not in (1, 2):
            raise _bad_cycle(text)
        if len(parts) == 1:
            return cls(_period(parts[0], text), _repetitions(repeat[1], text))
        first, second = parts
        if second.startswith(("P", "-P")):
            return cls(_period(second, text), _repetitions(repeat[1], text), start=parse_moment(first))
        if first.startswith(("P", "-P")):
            return cls(_period(first, text), _repetitions(repeat[1], text), end=parse_moment(second))
        raise _bad_cycle(text)

    def due(self, fired: int, armed: datetime, zone: tzinfo) -> datetime | None:
        """Find the next firing.

        Args:
            fired: how often it has fired since it was armed.
            armed: aware moment at which it was armed.
            zone: whose calendar counts months.
        Returns:
            An aware moment in UTC, or None when there is no further firing.
        """
        if self.start is not None:
            index = self._steps(self.start, armed, zone) + fired
            return self._at(self.start, index, zone) if self._has(index) else None
        if self.end is not None:
            back = self._steps_back(armed, zone) - fired
            return (-self.period * back).after(self.end, zone) if back >= 0 else None
        return self._at(armed, fired + 1, zone) if self._has(fired) else None

    def _has(self, index: int) -> bool:
        return self.repetitions is None or index < self.repetitions

    def _at(self, origin: datetime, index: int, zone: tzinfo) -> datetime:
        # Counted from the origin each time: stepping from firing to firing would lose days at short months.
        return (self.period * index).after(origin, zone)

    def _steps(self, origin: datetime, armed: datetime, zone: tzinfo) -> int:
        """Count the occurrences from the origin on that are not after the arming."""
        count = max(_estimate(armed - origin, self.period) - 2, 0)
        while self._at(origin, count, zone) <= armed:
            count += 1
        return count

    def _steps_back(self, armed: datetime, zone: tzinfo) -> int:
        """Count back from the end to the earliest occurrence after the arming; -1 when there is none."""
        assert self.end is not None
        most = LONGEST_MONTHS * 1000 if self.repetitions is None else self.repetitions - 1
        count = min(max(_estimate(self.end - armed, self.period) + 2, -1), most)
        while count >= 0 and (-self.period * count).after(self.end, zone) <= armed:
            count -= 1
        return count

    def __str__(self) -> str:
        count = "" if self.repetitions is None else str(self.repetitions)
        if self.start is not None:
            return f"R{count}/{format_moment(self.start)}/{self.period}"
        if self.end is not None:
            return f"R{count}/{self.period}/{format_moment(self.end)}"
        return f"R{count}/{self.period}"


def parse_moment(text: str) -> datetime:
    """Read `2026-11-23T09:30:00+08:00`; a moment without zone is refused.

    Returns:
        An aware moment in UTC.
    """
    found = text.strip().upper()
    shape = _MOMENT.fullmatch(found)
    if shape and not shape[1]:
        raise _bad_naive(text)
    try:
        moment = datetime.fromisoformat(found).astimezone(UTC) if shape else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise DurationError(
            f"“{_short(text)}” 不是有效的日期时间；请写成 2026-11-23T09:30:00+08:00",
            f"“{_short(text)}” is not a date and time; write it like 2026-11-23T09:30:00+08:00",
        )
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _bad_range()
    return moment


def format_moment(moment: datetime) -> str:
    """Write an aware moment as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def looks_like_duration(text: str) -> bool:
    """Tell whether the writer meant a duration, even a refused one such as `-PT5M` or `P2W3D`."""
    return _LOOKS_LIKE_ONE.fullmatch(text.strip()) is not None


def _exact(parts: list[tuple[str | None, str]], text: str) -> timedelta:
    """Add up the parts; only the last one written may have a fraction."""
    written = [(number.replace(",", "."), unit) for number, unit in parts if number is not None]
    total = 0
    for index, (number, unit) in enumerate(written):
        whole, _, fraction = number.partition(".")
        total += int(whole) * _MICROSECONDS[unit]
        if not fraction:
            continue
        part, rest = divmod(int(fraction) * _MICROSECONDS[unit], 10 ** len(fraction))
        if rest or index < len(written) - 1:
            raise DurationError(
                f"“{_short(text)}” 的小数无法精确表示；只有最后一个单位可以带小数，且不小于一微秒",
                f"The fraction of “{_short(text)}” is not exact; only the last part may have one",
            )
        total += part
    try:
        return timedelta(microseconds=total)
    except OverflowError:
        raise _too_long() from None


def _shift_months(local: datetime, months: int) -> datetime:
    """Move a wall-clock time by whole months, clamping the day to the length of the month."""
    year, month = divmod(local.year * MONTHS_IN_YEAR + local.month - 1 + months, MONTHS_IN_YEAR)
    last_day = monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last_day), fold=0)


def _estimate(span: timedelta, period: Duration) -> int:
    """Guess how many periods fit into a span; right to within two."""
    return span // (period.months * timedelta(days=30.436875) + period.exact)


def _joined(parts: list[tuple[int, str]]) -> str:
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def _period(text: str, cycle: str) -> Duration:
    period = Duration.parse(text)
    if period.is_zero:
        raise DurationError(
            f"循环“{_short(cycle)}”的间隔为零；请写大于零的间隔，例如 R3/PT10M",
            f"The period of “{_short(cycle)}” is zero; write one that is longer, such as R3/PT10M",
        )
    return period


def _repetitions(digits: str, cycle: str) -> int | None:
    if not digits:
        return None
    count = int(digits)
    if not 1 <= count <= MOST_REPETITIONS:
        raise DurationError(
            f"循环“{_short(cycle)}”的次数须在 1 到 {MOST_REPETITIONS} 之间；不限次数请写 R/…",
            f"“{_short(cycle)}” must repeat 1 to {MOST_REPETITIONS} times; write R/… for no end",
        )
    return count


def _bad_duration(text: str) -> DurationError:
    found = text.strip().upper()
    if not found:
        zh, en = "时长为空", "The duration is empty"
    elif "*" in found or len(found.split()) > 1:
        zh, en = (
            f"不支持“{_short(text)}”这样的写法（如 cron）",
            f"“{_short(text)}” is another notation (cron?)",
        )
    elif "-" in found or "+" in found:
        zh, en = f"时长“{_short(text)}”不能带正负号", f"The duration “{_short(text)}” must not have a sign"
    elif "W" in found and looks_like_duration(found):
        zh, en = f"“{_short(text)}” 把周和其他单位混用", f"“{_short(text)}” mixes weeks with other parts"
    else:
        zh, en = f"“{_short(text)}” 不是 ISO 8601 时长", f"“{_short(text)}” is no ISO 8601 duration"
    remedy = "write PT30M for 30 minutes, P3D for 3 days, P1W for a week"
    return DurationError(f"{zh}；30 分钟写作 PT30M，3 天写作 P3D，1 周写作 P1W", f"{en}; {remedy}")


def _bad_cycle(text: str) -> DurationError:
    return DurationError(
        f"“{_short(text)}” 不是有效的循环；请写成 R3/PT10M、R/PT10M、R3/开始时间/PT24H 或 R5/PT10M/结束时间",
        f"“{_short(text)}” is not a cycle; write R3/PT10M, R/PT10M, R3/start/PT24H or R5/PT10M/end",
    )


def _bad_naive(text: str) -> DurationError:
    return DurationError(
        f"时间“{_short(text)}”没有时区；请在末尾加上时区，例如 +08:00",
        f"The moment “{_short(text)}” has no zone; add one at its end, such as +08:00",
    )


def _too_long() -> DurationError:
    return DurationError("时长超过 1200 年", "The duration is longer than 1200 years")


def _bad_range() -> DurationError:
    return DurationError(
        f"时间超出 {FIRST_YEAR} 年至 {LAST_YEAR} 年的范围",
        f"The moment lies outside the years {FIRST_YEAR} to {LAST_YEAR}",
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
