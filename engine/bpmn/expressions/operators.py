"""What the operators mean, null included: comparing with null by order gives null, equality never does."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, TypeGuard, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.bpmn.expressions.errors import Fault
from engine.bpmn.expressions.values import DEEPEST, ZONE, Value, bounded, checked, describe
from engine.durations import Duration, DurationError

Values = Mapping[str, Value]
T = TypeVar("T")

_DAY: Final = timedelta(days=1)
_NUMBERS: Final = (int, float)
_ORDERED: Final = (str, datetime, date)


def is_number(value: Value) -> TypeGuard[int | float]:
    """Tell whether it is a number; true and false are none."""
    return type(value) in _NUMBERS


def equal(left: Value, right: Value, depth: int = DEEPEST) -> bool:
    """Compare by value; values of different types are different, 1 and 1.0 are equal, null equals null."""
    kind = type(left)
    if kind in (list, tuple, dict):
        return _equal_items(left, right, depth)
    if kind is type(right):
        return left == right
    return kind in _NUMBERS and type(right) in _NUMBERS and left == right


def order(left: Value, right: Value) -> int | None:
    """Compare by order.

    Returns:
        A negative number, zero, a positive number; None when one of them is null.
    Raises:
        Fault: the two cannot be put in order.
    """
    if left is None or right is None:
        return None
    if is_number(left) and is_number(right):
        return (left > right) - (left < right)
    if type(left) is type(right):
        if type(left) in _ORDERED:
            return (left > right) - (left < right)  # type: ignore[operator]  # same ordered type
        if isinstance(left, Duration) and isinstance(right, Duration):
            return _order_of_durations(left, right)
    raise _mismatch("比较大小", "be put in order", left, right)


def in_range(value: Value, low: Value, high: Value, low_open: bool, high_open: bool) -> bool | None:
    """Tell whether a value lies between two ends; null when one of the three is."""
    above = order(value, low)
    below = order(value, high)
    if above is None or below is None:
        return None
    return (above > 0 if low_open else above >= 0) and (below < 0 if high_open else below <= 0)


def is_in(value: Value, items: Value) -> bool | None:
    """Tell whether a list has an item equal to the value; null when there is no list."""
    if items is None:
        return None
    if not isinstance(items, (list, tuple)):
        zh, en = describe(items)
        raise Fault(
            f"in 的右边必须是列表或区间，而不是{zh}", f"Right of `in` stands a list or a range, not {en}"
        )
    return any(equal(value, checked(item)) for item in items)


def truth(value: Value) -> bool | None:
    """Pass on true, false and null: nothing else stands beside `and`, `or`, `not`."""
    if value is None or value is True or value is False:
        return value
    zh, en = describe(value)
    raise Fault(
        f"这里需要是/否值，却是{zh}；请写出完整的比较，例如 x == 1",
        f"A boolean is needed here, not {en}; write the whole comparison, such as x == 1",
    )


def plus(left: Value, right: Value, values: Values) -> Value:
    """Add numbers, durations, or a duration to a moment or date."""
    if isinstance(left, Duration) and isinstance(right, Duration):
        return _safe(lambda: left + right)
    if isinstance(left, Duration) and isinstance(right, date):
        return _shifted(right, left, values)
    if isinstance(left, date) and isinstance(right, Duration):
        return _shifted(left, right, values)
    if is_number(left) and is_number(right):
        return bounded(left + right)
    raise _mismatch("相加", "be added", left, right)


def minus(left: Value, right: Value, values: Values) -> Value:
    """Subtract numbers, durations, moments, dates, or a duration from a moment or date."""
    if isinstance(left, Duration) and isinstance(right, Duration):
        return _safe(lambda: left - right)
    if isinstance(left, date) and isinstance(right, Duration):
        return _shifted(left, -right, values)
    if isinstance(left, date) and isinstance(right, date) and type(left) is type(right):
        return Duration(exact=left - right)
    if is_number(left) and is_number(right):
        return bounded(left - right)
    raise _mismatch("相减", "be subtracted", left, right)


def times(left: Value, right: Value, _: Values) -> Value:
    """Multiply numbers, or a duration by a number."""
    if isinstance(right, Duration):
        left, right = right, left
    if isinstance(left, Duration) and is_number(right):
        return _scaled(left, right)
    if is_number(left) and is_number(right):
        return bounded(left * right)
    raise _mismatch("相乘", "be multiplied", left, right)


def divided(left: Value, right: Value, _: Values) -> Value:
    """Divide numbers, or a duration by a number; whole quotients stay whole."""
    if is_number(right) and not right:
        raise Fault("除数为零", "Division by zero")
    if isinstance(left, Duration) and is_number(right):
        return _scaled(left, 1 / right)
    if isinstance(left, int) and isinstance(right, int) and is_number(left) and is_number(right):
        return left // right if left % right == 0 else left / right
    if is_number(left) and is_number(right):
        return bounded(left / right)
    raise _mismatch("相除", "be divided", left, right)


def modulo(left: Value, right: Value, _: Values) -> Value:
    """Give the remainder of numbers; never a formatted text."""
    if not (is_number(left) and is_number(right)):
        raise _mismatch("求余", "have a remainder", left, right)
    if not right:
        raise Fault("除数为零", "Division by zero")
    return bounded(left % right)


def negated(value: Value) -> Value:
    """Change the sign of a number."""
    if value is None:
        return None
    if not is_number(value):
        zh, en = describe(value)
        raise Fault(f"负号后面必须是数字，而不是{zh}", f"Only a number has a negative, not {en}")
    return -value


ARITHMETIC: Final[dict[str, Callable[[Value, Value, Values], Value]]] = {
    "+": plus,
    "-": minus,
    "*": times,
    "/": divided,
    "%": modulo,
}
ORDERINGS: Final[dict[str, Callable[[int], bool]]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def zone_of(values: Values) -> ZoneInfo:
    """Find the zone in which months and days are counted."""
    name = values.get(ZONE)
    if not isinstance(name, str):
        raise Fault("这里不知道所在时区，不能按日历计算", "No zone is known here to count calendar days in")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Fault("时区名称无效", "The name of the zone is not known") from None


def _equal_items(left: Value, right: Value, depth: int) -> bool:
    if depth == 0:
        raise Fault(f"数据嵌套超过 {DEEPEST} 层", f"The data are nested deeper than {DEEPEST} levels")
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            equal(checked(item), checked(right[key]), depth - 1) for key, item in left.items()
        )
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(
            equal(checked(one), checked(other), depth - 1) for one, other in zip(left, right, strict=True)
        )
    return False


def _order_of_durations(left: Duration, right: Duration) -> int:
    months = (left.months > right.months) - (left.months < right.months)
    exact = (left.exact > right.exact) - (left.exact < right.exact)
    if months * exact < 0:
        raise Fault(
            "按月的时长与按天的时长无法比较大小", "A duration in months has no order against one in days"
        )
    return months or exact


def _shifted(start: date, duration: Duration, values: Values) -> date:
    if isinstance(start, datetime):
        zone = zone_of(values) if duration.months else start.tzinfo
        assert zone is not None
        return _safe(lambda: duration.after(start, zone))
    if duration.exact % _DAY:
        raise Fault(
            "日期只能加减整天、整月或整年；需要时刻时请使用时间点",
            "A date moves by whole days, months or years; use a moment where the hour matters",
        )
    midnight = datetime(start.year, start.month, start.day, tzinfo=ZoneInfo("UTC"))
    return _safe(lambda: duration.after(midnight, ZoneInfo("UTC"))).date()


def _scaled(duration: Duration, factor: Value) -> Duration:
    assert isinstance(factor, (int, float))
    if duration.months and not float(factor).is_integer():
        raise Fault("按月的时长只能乘以整数", "A duration in months can only be multiplied by a whole number")
    whole = int(factor) if isinstance(factor, int) or factor.is_integer() else None
    if whole is not None:
        return _safe(lambda: duration * whole)
    try:
        return Duration(exact=duration.exact * factor)
    except OverflowError:
        raise Fault("时长超过 1200 年", "The duration is longer than 1200 years") from None


def _safe(compute: Callable[[], T]) -> T:
    try:
        return compute()
    except DurationError as error:
        raise Fault(error.zh, error.en) from None


def _mismatch(zh: str, en: str, left: Value, right: Value) -> Fault:
    left_zh, left_en = describe(left)
    right_zh, right_en = describe(right)
    return Fault(f"{left_zh}和{right_zh}不能{zh}", f"{left_en} and {right_en} cannot {en}".capitalize())
