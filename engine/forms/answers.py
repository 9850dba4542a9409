"""Turns what a person posted into typed answers, or says field by field why not."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from engine.bpmn.expressions import ExpressionError, Value, ValueType, load
from engine.durations import FIRST_YEAR, LAST_YEAR, format_moment
from engine.forms.model import MOST_FILES, MOST_LINES, Component, ComponentType
from engine.ports import Json

Options = Mapping[str, Sequence[Mapping[str, Any]]]
Message = tuple[str, Mapping[str, object]]

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_BEYOND_IDS = 2**63
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", re.ASCII)
_LOCAL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII
)
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPACES = re.compile(r"[\t\r\n]+")


class BadAnswer(Exception):
    """One answer that does not fit; the message is a template and never holds the answer."""

    def __init__(self, template: str, **params: object) -> None:
        super().__init__(template)
        self.message: Message = (template, params)


@dataclass
class Reader:
    """Reads the answers of one posting.

    Attributes:
        options: choices given by `on_open`, by options key.
        zone: in which a date-time without offset is meant.
        wrong: path of the field -> message.
    """

    options: Options
    zone: tzinfo
    wrong: dict[str, Message] = field(default_factory=dict)

    def read(
        self,
        components: Sequence[Component],
        given: Mapping[str, Any],
        outer: Mapping[str, Json],
        prefix: str = "",
    ) -> dict[str, Json]:
        """Read one level of a form: the form itself, or one line of a list."""
        fields = list(_with_conditions(components, ()))
        own = {component.key: component for component, _ in fields}
        for key in given.keys() - own.keys():
            self.wrong[f"{prefix}{key}"[:200]] = ("表单没有这一项", {})
        values: dict[str, Json] = {}
        wrong: dict[str, Message] = {}
        for key, component in own.items():
            values[key] = None
            if component.fixed or component.type is ComponentType.DYNAMICLIST:
                continue
            try:
                values[key] = self.value(component, given.get(key))
            except BadAnswer as bad:
                wrong[key] = bad.message
        hidden = _hidden(fields, values, outer)
        for key, component in own.items():
            if key in hidden:
                values[key] = None
            elif key in wrong:
                self.wrong[f"{prefix}{key}"] = wrong[key]
            elif component.type is ComponentType.DYNAMICLIST and not component.fixed:
                values[key] = self._lines(component, given.get(key), {**outer, **values}, f"{prefix}{key}")
            if component.fixed:
                del values[key]
            elif component.required and key not in hidden | wrong.keys():
                self._require(component, values[key], f"{prefix}{key}")
        return values

    def value(self, component: Component, given: object) -> Json:
        """Read one answer; an empty one is None.

        Raises:
            BadAnswer: it does not fit the component.
        """
        read = _READERS[component.type]
        return read(self, component, given)

    def _require(self, component: Component, value: Json, path: str) -> None:
        is_missing = value is None or value == [] or value is False
        if is_missing and path not in self.wrong:
            self.wrong[path] = ("此项必填", {})

    def _lines(self, component: Component, given: object, outer: Mapping[str, Json], path: str) -> Json:
        rows = [] if given is None else given
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            self.wrong[path] = ("格式不对", {})
            return []
        if len(rows) > MOST_LINES:
            self.wrong[path] = ("最多 {most} 行", {"most": MOST_LINES})
            return []
        return [
            self.read(component.components, row, outer, f"{path}.{index}.") for index, row in enumerate(rows)
        ]

    def text(self, component: Component, given: object) -> Json:
        """Read a line or a paragraph."""
        text = clean(given, is_paragraph=component.type is ComponentType.TEXTAREA)
        if not text:
            return None
        if len(text) > component.max_length:
            raise BadAnswer("最多 {most} 个字", most=component.max_length)
        if len(text) < component.min_length:
            raise BadAnswer("至少 {least} 个字", least=component.min_length)
        if component.pattern and not component.pattern.search(text):
            raise BadAnswer("格式不对")
        return text

    def number(self, component: Component, given: object) -> Json:
        """Read a number; whole ones come out as int."""
        if type(given) in (int, float):
            given = repr(given)
        text = clean(given, is_paragraph=False)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise BadAnswer("请填数字")
        number = Decimal(text)
        if number < component.minimum:
            raise BadAnswer("不能小于 {least}", least=component.minimum)
        if number > component.maximum:
            raise BadAnswer("不能大于 {most}", most=component.maximum)
        if number != round(number, component.digits):
            raise BadAnswer("最多 {digits} 位小数", digits=component.digits)
        if component.step and number % component.step:
            raise BadAnswer("须为 {step} 的倍数", step=component.step)
        return int(number) if number == number.to_integral_value() else float(number)

    def checkbox(self, _component: Component, given: object) -> Json:
        """Read a yes or no; a browser leaves an empty box out."""
        if isinstance(given, bool):
            return given
        if given in (None, "", "false"):
            return False
        if given in ("on", "true"):
            return True
        raise BadAnswer("格式不对")

    def choice(self, component: Component, given: object) -> Json:
        """Read one of the options."""
        if given is None or given == "":
            return None
        if not isinstance(given, str) or given not in self._allowed(component):
            raise BadAnswer("请从列表中选择")
        return given

    def choices(self, component: Component, given: object) -> Json:
        """Read several of the options, in the order of the form."""
        chosen = [] if given is None else given
        allowed = self._allowed(component)
        if not isinstance(chosen, list) or not all(type(item) is str and item in allowed for item in chosen):
            raise BadAnswer("请从列表中选择")
        return [value for value in allowed if value in chosen]

    def moment(self, component: Component, given: object) -> Json:
        """Read a date, a time of day, or a moment."""
        text = clean(given, is_paragraph=False)
        if not text:
            return None
        if component.subtype == "time":
            if not _TIME.fullmatch(text):
                raise BadAnswer("不是有效的时间")
            return text[:5]
        try:
            if component.subtype == "datetime":
                return self._moment(text)
            load(text, ValueType.DATE)
        except (ExpressionError, ValueError, OverflowError):
            raise BadAnswer("不是有效的日期") from None
        return text

    def _moment(self, text: str) -> str:
        if not _LOCAL.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError(text)
        return format_moment(moment if moment.tzinfo else moment.replace(tzinfo=self.zone))

    def files(self, component: Component, given: object) -> Json:
        """Read the ids of uploaded files."""
        ids = [given] if isinstance(given, str | int) and given != "" else (given or [])
        most = MOST_FILES if component.multiple else 1
        if not isinstance(ids, list) or any(isinstance(item, bool) for item in ids):
            raise BadAnswer("格式不对")
        if len(ids) > most:
            raise BadAnswer("最多 {most} 个文件", most=most)
        if not all(isinstance(item, str | int) and _ID.fullmatch(str(item)) for item in ids):
            raise BadAnswer("格式不对")
        numbers = list(dict.fromkeys(int(item) for item in ids))
        if any(number >= _BEYOND_IDS for number in numbers):
            raise BadAnswer("格式不对")
        return numbers

    def _allowed(self, component: Component) -> list[str]:
        if component.options_key:
            return [str(option.get("value", "")) for option in self.options.get(component.options_key, ())]
        return [option.value for option in component.options]


def clean(given: object, *, is_paragraph: bool) -> str:
    """Normalise text: composed form, no outer blanks, no control characters.

    Raises:
        BadAnswer: not a text, or with characters that nobody can see.
    """
    if given is None:
        return ""
    if not isinstance(given, str):
        raise BadAnswer("格式不对")
    if len(given) > 100_000:
        raise BadAnswer("最多 {most} 个字", most=100_000)
    text = given.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if not is_paragraph:
        text = _SPACES.sub(" ", text)
    if any(_is_invisible(letter) for letter in text):
        raise BadAnswer("含有不可见的控制字符")
    return unicodedata.normalize("NFC", text).strip()


def _is_invisible(letter: str) -> bool:
    return letter != "\n" and (
        unicodedata.category(letter) in ("Cc", "Cs", "Cn") or letter in _DIRECTION_MARKS
    )


def _with_conditions(
    components: Sequence[Component], above: tuple[Component, ...]
) -> list[tuple[Component, tuple[Component, ...]]]:
    """List the inputs, each with the components whose condition can hide it."""
    listed: list[tuple[Component, tuple[Component, ...]]] = []
    for component in components:
        hiding = (*above, component) if component.hide else above
        if component.type is ComponentType.GROUP:
            listed.extend(_with_conditions(component.components, hiding))
        elif component.type.is_input:
            listed.append((component, hiding))
    return listed


def _hidden(
    fields: Sequence[tuple[Component, tuple[Component, ...]]],
    values: Mapping[str, Json],
    outer: Mapping[str, Json],
) -> set[str]:
    """Find the hidden fields; a hidden field counts as empty for the conditions of others.

    Conditions have no cycle (the form would have been refused), so the set settles within a round per field.
    """
    hidden: set[str] = set()
    for _ in range(len(fields) + 1):
        scope: dict[str, Value] = dict(outer)
        for component, _ in fields:
            is_dated = component.subtype in ("date", "datetime")
            value_type = component.value_type if is_dated else ValueType.ANY
            value = None if component.key in hidden else values[component.key]
            scope[component.key] = load(value, value_type)
        found = {
            component.key for component, hiding in fields if any(_is_true(above, scope) for above in hiding)
        }
        if found == hidden:
            break
        hidden = found
    return hidden


def _is_true(component: Component, scope: Mapping[str, Value]) -> bool:
    assert component.hide is not None
    try:
        return component.hide.evaluate(scope) is True
    except ExpressionError:
        return False  # as in form-js: a condition that cannot be computed hides nothing


_READERS: Mapping[ComponentType, Callable[[Reader, Component, object], Json]] = {
    ComponentType.TEXTFIELD: Reader.text,
    ComponentType.TEXTAREA: Reader.text,
    ComponentType.NUMBER: Reader.number,
    ComponentType.CHECKBOX: Reader.checkbox,
    ComponentType.RADIO: Reader.choice,
    ComponentType.SELECT: Reader.choice,
    ComponentType.CHECKLIST: Reader.choices,
    ComponentType.DATETIME: Reader.moment,
    ComponentType.FILEPICKER: Reader.files,
}
