"""The fixed functions of expressions; there is no way to add one from a diagram."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from engine.bpmn.expressions.errors import Fault
from engine.bpmn.expressions.operators import Values, equal, is_number, order, zone_of
from engine.bpmn.expressions.values import NOW, Value, bounded, checked, describe, parse_date
from engine.durations import Duration, DurationError, parse_moment

LONGEST_RESULT: Final = 1000
MOST_DIGITS: Final = 6
_ROUNDING: Final = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how it is called.

    Attributes:
        least, most: how many arguments it takes.
        takes_null: whether null is an argument like any other; else null in gives null out.
        pure: whether the result depends on the arguments only, so that it can be known at once.
    """

    call: Callable[..., Value]
    least: int = 1
    most: int = 1
    takes_null: bool = False
    pure: bool = True


def _size(value: Value) -> Value:
    if isinstance(value, (str, list, tuple, dict)):
        return len(value)
    raise _unfit("size", value)


def _contains(whole: Value, part: Value) -> Value:
    if isinstance(whole, (list, tuple)):
        return any(equal(checked(item), part) for item in whole)
    return _text("contains", part) in _text("contains", whole)


def _empty(value: Value) -> Value:
    return value is None or (isinstance(value, (str, list, tuple, dict)) and not value)


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _round(number: Value, digits: Value = 0) -> Value:
    if type(digits) is not int or not 0 <= digits <= MOST_DIGITS:
        raise Fault(f"小数位数须为 0 到 {MOST_DIGITS}", f"Digits must be 0 to {MOST_DIGITS}")
    exact = Decimal(repr(_number("round", number)))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), context=_ROUNDING)
    return float(rounded) if digits else int(rounded)


def _extreme(name: str, sign: int) -> Callable[..., Value]:
    """Build `min` or `max` over the arguments, or over one list."""

    def extreme(*values: Value) -> Value:
        items = _items(values)
        if not items or None in items:
            return None
        best = items[0]
        order(best, best)
        for item in items[1:]:
            if (order(item, best) or 0) * sign > 0:
                best = item
        return best

    extreme.__name__ = name
    return extreme


def _sum(*values: Value) -> Value:
    items = _items(values)
    if None in items:
        return None
    total: int | float = 0
    for item in items:
        total = bounded(total + _number("sum", item))
    return total


def _abs(number: Value) -> Value:
    return abs(_number("abs", number))


def _now(values: Values) -> Value:
    now = checked(values.get(NOW))
    if not isinstance(now, datetime):
        raise Fault("这里不能使用 now()：没有给出当前时间", "No current time is given here for now()")
    return now


def _local(name: str, values: Values, value: Value) -> datetime:
    if not isinstance(value, datetime):
        raise _unfit(name, value)
    try:
        return value.astimezone(zone_of(values))
    except OverflowError:
        raise Fault("时间超出可用范围", "The moment is out of bounds") from None


def _day_part(name: str, read: Callable[[date], int]) -> Callable[..., Value]:
    """Build a function that reads a part of the calendar day, local for a moment."""

    def part(values: Values, value: Value) -> Value:
        if isinstance(value, date) and not isinstance(value, datetime):
            return read(value)
        return read(_local(name, values, value))

    return part


def _clock_part(name: str, read: Callable[[datetime], int]) -> Callable[..., Value]:
    """Build a function that reads a part of the wall clock of a moment."""
    return lambda values, value: read(_local(name, values, value))


def _date(values: Values, value: Value) -> Value:
    if isinstance(value, str):
        return parse_date(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return _local("date", values, value).date()


def _moment(value: Value) -> Value:
    return value if isinstance(value, datetime) else _read("moment", parse_moment, value)


def _duration(value: Value) -> Value:
    return value if isinstance(value, Duration) else _read("duration", Duration.parse, value)


def _length_in(name: str, unit: timedelta) -> Callable[[Value], Value]:
    """Build a function that measures a duration in a unit."""

    def length(value: Value) -> Value:
        if not isinstance(value, Duration) or value.months:
            raise _unfit(name, value)
        whole, rest = divmod(value.exact, unit)
        return value.exact / unit if rest else whole

    return length


FUNCTIONS: Final[dict[str, Function]] = {
    "size": Function(_size),
    "contains": Function(_contains, 2, 2),
    "starts_with": Function(lambda a, b: _text("starts_with", a).startswith(_text("starts_with", b)), 2, 2),
    "ends_with": Function(lambda a, b: _text("ends_with", a).endswith(_text("ends_with", b)), 2, 2),
    "upper": Function(lambda value: _short(_text("upper", value).upper())),
    "lower": Function(lambda value: _short(_text("lower", value).lower())),
    "abs": Function(_abs),
    "min": Function(_extreme("min", -1), 1, 20),
    "max": Function(_extreme("max", 1), 1, 20),
    "sum": Function(_sum, 1, 20),
    "round": Function(_round, 1, 2),
    "floor": Function(lambda value: math.floor(_number("floor", value))),
    "ceiling": Function(lambda value: math.ceil(_number("ceiling", value))),
    "coalesce": Function(_coalesce, 1, 20, takes_null=True),
    "empty": Function(_empty, takes_null=True),
    "is_defined": Function(lambda value: value is not None, takes_null=True),
    "now": Function(_now, 0, 0, pure=False),
    "today": Function(lambda values: _date(values, _now(values)), 0, 0, pure=False),
    "date": Function(_date, pure=False),
    "moment": Function(_moment),
    "duration": Function(_duration),
    "year": Function(_day_part("year", lambda day: day.year), pure=False),
    "month": Function(_day_part("month", lambda day: day.month), pure=False),
    "day": Function(_day_part("day", lambda day: day.day), pure=False),
    "weekday": Function(_day_part("weekday", lambda day: day.isoweekday()), pure=False),
    "hour": Function(_clock_part("hour", lambda local: local.hour), pure=False),
    "minute": Function(_clock_part("minute", lambda local: local.minute), pure=False),
    "days": Function(_length_in("days", timedelta(days=1))),
    "hours": Function(_length_in("hours", timedelta(hours=1))),
    "minutes": Function(_length_in("minutes", timedelta(minutes=1))),
}

ALIASES: Final = {
    "count": "size",
    "string length": "size",
    "list contains": "contains",
    "starts with": "starts_with",
    "ends with": "ends_with",
    "upper case": "upper",
    "lower case": "lower",
    "is defined": "is_defined",
    "date and time": "moment",
}
"""FEEL's names of the same functions."""


def _items(values: tuple[Value, ...]) -> list[Value]:
    if len(values) == 1 and isinstance(values[0], (list, tuple)):
        return [checked(item) for item in values[0]]
    return list(values)


def _text(name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise _unfit(name, value)
    return value


def _number(name: str, value: Value) -> int | float:
    if not is_number(value):
        raise _unfit(name, value)
    return value


def _short(text: str) -> str:
    if len(text) > LONGEST_RESULT:
        raise Fault(
            f"结果文本超过 {LONGEST_RESULT} 个字符", f"The text is longer than {LONGEST_RESULT} characters"
        )
    return text


def _read(name: str, parse: Callable[[str], Value], value: Value) -> Value:
    try:
        return parse(_text(name, value))
    except DurationError as error:
        raise Fault(error.zh, error.en) from None


def _unfit(name: str, value: Value) -> Fault:
    zh, en = describe(value)
    return Fault(f"函数 {name} 不能用于{zh}", f"The function {name} does not take {en}")
