"""The values that expressions compute with, and their form as process data (JSON)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

from engine.bpmn.expressions.errors import ExpressionError, Fault
from engine.durations import FIRST_YEAR, LAST_YEAR, Duration, DurationError, format_moment, parse_moment

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Value: TypeAlias = (
    "bool | int | float | str | datetime | date | Duration | Sequence[Value] | Mapping[str, Value] | None"
)

LARGEST: Final = 10**30
DEEPEST: Final = 20
LONGEST_CODE: Final = 1000

NOW: Final = "now()"
"""Key under which the caller gives the moment that `now()` returns."""
ZONE: Final = "zone()"
"""Key under which the caller gives the name of the zone whose calendar counts, such as "Asia/Shanghai"."""


class ValueType(StrEnum):
    """What a form, topic or table declares of a variable."""

    CODE = "code"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    DATE = "date"
    DURATION = "duration"
    LIST = "list"
    ANY = "any"


def load(json: Json, value_type: ValueType) -> Value:
    """Turn process data into the value that their declaration says they are; null stays null.

    Raises:
        ExpressionError: the data do not fit the type, or a moment has no zone.
    """
    if json is None:
        return None
    try:
        value = _parsed(json, value_type) if isinstance(json, str) else _plain(json, DEEPEST)
    except (Fault, DurationError) as error:
        raise ExpressionError(error.zh, error.en) from error
    if value_type is not ValueType.ANY and type_of(value) is not value_type:
        raise _misfit(value, value_type)
    return value


def load_all(
    data: Mapping[str, Json], types: Mapping[str, ValueType], names: Iterable[str]
) -> dict[str, Value]:
    """Load the named variables out of process data; one that is not set is null."""
    return {name: load(data.get(name), types.get(name, ValueType.ANY)) for name in names}


def dump(value: Value) -> Json:
    """Turn a value into process data: moments, dates and durations become ISO 8601 strings.

    Raises:
        ExpressionError: a value that must not be stored, such as a negative duration.
    """
    try:
        return _dumped(value, DEEPEST)
    except Fault as fault:
        raise fault.at(None) from None


def type_of(value: Value) -> ValueType:
    """Name the type of a value; objects and null are `any`."""
    return _TYPES.get(type(value), ValueType.ANY)


def fits(value: Value, value_type: ValueType) -> bool:
    """Tell whether a value is null or of the type."""
    return value is None or value_type is ValueType.ANY or type_of(value) is value_type


def checked(value: Value) -> Value:
    """Pass a value on if expressions may compute with it; moments come out in UTC.

    Raises:
        Fault: not a value, a number out of bounds, a moment without zone.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, (int, float)) and kind in (int, float):
        return bounded(value)
    if isinstance(value, datetime) and kind is datetime:
        return _utc(value)
    if kind in _TYPES or kind is dict:
        return value
    raise Fault(f"程序给出的 {kind.__name__} 不是流程数据", f"A {kind.__name__} is no process data")


def bounded(number: int | float) -> int | float:
    """Pass a number on if it is finite and not huge."""
    if not -LARGEST <= number <= LARGEST:
        raise Fault(
            "数值超出范围（绝对值不得超过 10 的 30 次方）",
            "The number is out of bounds (10 to the power of 30)",
        )
    return number


def parse_date(text: str) -> date:
    """Read `2026-11-23`."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-11-23") else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Fault(
            f"“{text[:30]}” 不是有效日期，请写成 2026-11-23",
            f"“{text[:30]}” is not a date; write it like 2026-11-23",
        )
    return day


def describe(value: Value) -> tuple[str, str]:
    """Name the kind of a value in Chinese and English, never the value itself."""
    if value is None:
        return "空值 (null)", "null"
    return _WORDS.get(type(value), ("对象", "an object"))


_TYPES: Final[dict[type, ValueType]] = {
    str: ValueType.CODE,
    bool: ValueType.BOOLEAN,
    int: ValueType.NUMBER,
    float: ValueType.NUMBER,
    datetime: ValueType.MOMENT,
    date: ValueType.DATE,
    Duration: ValueType.DURATION,
    list: ValueType.LIST,
    tuple: ValueType.LIST,
}
_WORDS: Final[dict[type, tuple[str, str]]] = {
    str: ("文本", "a text"),
    bool: ("是/否值", "a boolean"),
    int: ("数字", "a number"),
    float: ("数字", "a number"),
    datetime: ("时间点", "a moment"),
    date: ("日期", "a date"),
    Duration: ("时长", "a duration"),
    list: ("列表", "a list"),
    tuple: ("列表", "a list"),
}


def _parsed(text: str, value_type: ValueType) -> Value:
    if value_type is ValueType.MOMENT:
        return parse_moment(text)
    if value_type is ValueType.DATE:
        return parse_date(text)
    if value_type is ValueType.DURATION:
        return Duration.parse(text)
    if value_type is ValueType.CODE and len(text) > LONGEST_CODE:
        raise Fault(
            f"代码长度超过 {LONGEST_CODE} 个字符", f"The code is longer than {LONGEST_CODE} characters"
        )
    return text


def _plain(json: Json, depth: int) -> Value:
    """Check JSON from outside through and through."""
    if depth == 0:
        raise Fault(f"数据嵌套超过 {DEEPEST} 层", f"The data are nested deeper than {DEEPEST} levels")
    if type(json) is dict:
        if not all(type(key) is str for key in json):
            raise Fault("对象的键必须是文本", "The keys of an object must be texts")
        return {key: _plain(item, depth - 1) for key, item in json.items()}
    if isinstance(json, (list, tuple)):
        return [_plain(item, depth - 1) for item in json]
    if type(json) not in (type(None), bool, int, float, str):
        raise Fault(f"{type(json).__name__} 不是 JSON 数据", f"A {type(json).__name__} is no JSON")
    return checked(json)


def _dumped(value: Value, depth: int) -> Json:
    if depth == 0:
        raise Fault(f"数据嵌套超过 {DEEPEST} 层", f"The data are nested deeper than {DEEPEST} levels")
    value = checked(value)
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return format_moment(value)
        case date():
            return value.isoformat()
        case Duration():
            return str(stored(value))
        case Mapping():
            return {key: _dumped(item, depth - 1) for key, item in value.items()}
        case Sequence():
            return [_dumped(item, depth - 1) for item in value]
        case _:
            assert_never(value)


def stored(duration: Duration) -> Duration:
    """Pass a duration on unless it is negative: those may only occur inside an expression."""
    if duration.is_negative:
        raise Fault(
            "结果是负的时长；请比较两个时间点，或调换相减的顺序",
            "The result is a negative duration; compare the moments, or subtract the other way round",
        )
    return duration


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Fault("时间没有时区", "The moment has no zone")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Fault("时间超出可用范围", "The moment is out of bounds")
    # Two moments of one zone compare by wall clock, wrong in the hour that comes twice; in UTC none does.
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _misfit(value: Value, value_type: ValueType) -> ExpressionError:
    zh, en = describe(value)
    return ExpressionError(
        f"声明的类型是 {value_type.value}，数据却是{zh}", f"Declared as {value_type.value}, but it is {en}"
    )
