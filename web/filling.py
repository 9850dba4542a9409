"""A form as a page shows it: each field with name, value, choices and error, in the reader's language."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.bpmn.expressions import ExpressionError
from engine.forms import Component, ComponentType, Form
from engine.forms.answers import Options, Reader
from engine.ports import Json
from web.conditions import ServerOnly, for_browser
from web.texts import gettext
from web.words import either, listed

_LINES_SHOWN = 3
_LINES_SPARE = 9
_LONG_LABEL = 14
_STARS = ["1", "2", "3", "4", "5"]
_LISTS = (ComponentType.CHECKLIST, ComponentType.FILEPICKER)
_INPUT_TYPES = {"date": "date", "time": "time", "datetime": "datetime-local"}


@dataclass(frozen=True)
class Choice:
    """One option of a field; `fen` is the price of what is chosen, where it has one."""

    value: str
    label: str
    submit: str = ""
    fen: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of a list; a spare one waits for the button that adds it."""

    parts: tuple["Part", ...]
    spare: bool


@dataclass(frozen=True)
class Part:
    """One component of the form, ready for the template.

    Attributes:
        name: path of the field, "parts.0.count" inside a list; errors are listed under it.
        input_name: what the browser posts; "[]" at its end says that it holds a list (see web.answers).
        value: what the input shows: text as typed, a list for checklists and files.
        default: what the browser puts in once somebody begins a line.
        hide: condition for the browser as JSON, or "".
        hidden: whether the condition holds for the values shown.
        stars: draw as five stars.
        drawn: a signature, drawn with the finger.
        read_back: a text to be read to a caller, with what stands in the fields that it names.
        adds: an amount, or lines of amounts, that belong to the sum which the page shows.
    """

    type: str
    name: str = ""
    input_name: str = ""
    label: str = ""
    description: str = ""
    text: str = ""
    required: bool = False
    value: Json = None
    said: str = ""
    options: tuple[Choice, ...] = ()
    error: str = ""
    hide: str = ""
    hidden: bool = False
    fixed: bool = False
    stars: bool = False
    tall: bool = False
    drawn: bool = False
    read_back: bool = False
    adds: bool = False
    multiple: bool = False
    accept: str = ""
    max_length: int = 0
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    unit: str = ""
    input_type: str = ""
    default: str = ""
    parts: tuple["Part", ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Filling:
    """A form with what stands in it.

    Attributes:
        submit: label of the primary button until an option names its own.
        has_files: whether it must be sent as multipart.
        has_sum: whether amounts in it are added up.
        has_conditions: whether a page without scripts needs the button that shows what applies.
        errors: name of the field -> its label and the message.
    """

    parts: tuple[Part, ...]
    submit: str
    has_files: bool
    has_conditions: bool
    has_sum: bool
    errors: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Filler:
    """Builds the parts of one level of a form: the form itself, or one line of a list."""

    values: Mapping[str, Json]
    scope: Mapping[str, Json]
    options: Options
    errors: Mapping[str, str]
    zone: ZoneInfo
    prefix: str = ""
    own: frozenset[str] = frozenset()

    def name(self, key: str) -> str:
        """Return the name of the input of a field of this level or of one above."""
        return f"{self.prefix}{key}" if not self.prefix or key in self.own else key

    def part(self, component: Component) -> Part:
        """Build one component."""
        name = self.name(component.key)
        built = Part(
            type=component.type.value,
            name=name,
            input_name=f"{name}[]" if component.type in _LISTS else name,
            label=either(component.label, component.label_en),
            description=either(component.description, component.description_en),
            text=either(component.text, component.text_en),
            required=component.required,
            error=self.errors.get(name, ""),
            hide=self._hide(component),
            hidden=_is_hidden(component, self.scope),
            fixed=component.fixed,
            multiple=component.multiple,
            accept=component.accept,
            drawn=component.properties.get("look") == "signature",
            read_back=component.properties.get("look") == "read_back",
            adds=component.properties.get("adds") == "yes",
            unit=either(component.properties.get("unit", ""), component.properties.get("unit_en")),
            max_length=component.max_length,
        )
        if component.type is ComponentType.GROUP:
            return replace(built, parts=tuple(self.part(child) for child in component.components))
        if component.type is ComponentType.DYNAMICLIST:
            return replace(built, lines=self._lines(component, name))
        # A line nobody has begun shows no defaults, else it would count as filled in.
        default = component.default if not self.prefix or self.values else None
        built = replace(built, default="" if component.default is None else str(component.default))
        value = self.values.get(component.key, default)
        if component.options or component.options_key:
            return _with_choices(built, self._choices(component), value)
        if component.type is ComponentType.NUMBER:
            return _with_bounds(built, component, value)
        if component.type is ComponentType.DATETIME:
            shown = _local(value, component.subtype, self.zone)
            return replace(built, value=shown, said=shown or "", input_type=_INPUT_TYPES[component.subtype])
        return replace(built, value=value, said="" if value is None else str(value))

    def _choices(self, component: Component) -> tuple[Choice, ...]:
        if component.options_key:
            rows = self.options.get(component.options_key, ())
            return tuple(
                Choice(
                    str(row["value"]),
                    either(str(row["label"]), str(row.get("label_en") or "")),
                    fen=row.get("fen"),
                )
                for row in rows
            )
        return tuple(
            Choice(
                option.value, either(option.label, option.label_en), either(option.submit, option.submit_en)
            )
            for option in component.options
        )

    def _hide(self, component: Component) -> str:
        if component.hide is None:
            return ""
        try:
            return json.dumps(for_browser(component.hide.tree, self.name), ensure_ascii=False)
        except ServerOnly:
            return ""

    def _lines(self, component: Component, name: str) -> tuple[Line, ...]:
        given = self.values.get(component.key)
        rows: Sequence[Json] = given if isinstance(given, list) else []
        shown = max(len(rows) + 1, _LINES_SHOWN)
        return tuple(
            self._line(component, name, index, rows, spare=index >= shown)
            for index in range(shown + _LINES_SPARE)
        )

    def _line(
        self, component: Component, name: str, index: int, rows: Sequence[Json], *, spare: bool
    ) -> Line:
        row = rows[index] if index < len(rows) else {}
        values = row if isinstance(row, dict) else {}
        below = replace(
            self,
            values=values,
            scope={**self.scope, **values},
            prefix=f"{name}.{index}.",
            own=frozenset(child.key for child in component.components),
        )
        # A line nobody fills in is dropped, so the browser must not insist on its fields.
        parts = (below.part(child) for child in component.components)
        return Line(
            tuple(replace(part, required=False, hidden=part.hidden or spare) for part in parts), spare
        )


def fill(
    form: Form, values: Mapping[str, Json], options: Options, errors: Mapping[str, str], zone: ZoneInfo
) -> Filling:
    """Build a form for a page.

    Args:
        values: what stands in the fields: typed JSON, or text as it was posted.
        options: choices of fields with an options key.
        errors: name of the field -> message in the reader's language.
    """
    known = {key: value for key, value in values.items() if key in form.fields}
    defaults = {key: found.default for key, found in form.fields.items() if found.default is not None}
    scope = Reader(options, zone).read(form.components, {**defaults, **known}, {})
    filler = _Filler(known, scope, options, errors, zone)
    return Filling(
        parts=tuple(filler.part(component) for component in form.components),
        submit=either(form.submit, form.submit_en) or gettext("提交"),
        has_files=_any(form.components, lambda part: part.type is ComponentType.FILEPICKER),
        has_conditions=_any(form.components, lambda part: part.hide is not None),
        has_sum=_any(form.components, lambda part: part.properties.get("adds") == "yes"),
        errors={name: (_label_of(form, name), message) for name, message in errors.items()},
    )


def _label_of(form: Form, name: str) -> str:
    """Return the label of a field; "parts.0.count" has the label of the line's field."""
    key, _, rest = name.partition(".")
    component = form.fields.get(key)
    if component is None:
        return ""
    inner = rest.partition(".")[2]
    child = next((child for child in component.components if inner and child.key == inner), component)
    return either(child.label, child.label_en)


def _any(components: Sequence[Component], test: Callable[[Component], bool]) -> bool:
    return any(test(part) or _any(part.components, test) for part in components)


def _is_hidden(component: Component, scope: Mapping[str, Json]) -> bool:
    if component.hide is None:
        return False
    try:
        return component.hide.evaluate(scope) is True
    except ExpressionError:
        return False


def _with_choices(part: Part, choices: tuple[Choice, ...], value: Json) -> Part:
    chosen = [choice.label for choice in choices if choice.value == value]
    is_mark = part.type == "radio" and sorted(choice.value for choice in choices) == _STARS
    return replace(
        part,
        options=tuple(sorted(choices, key=lambda choice: choice.value)) if is_mark else choices,
        value=value,
        said=listed(chosen),
        stars=is_mark,
        tall=len(choices) > 6 or any(len(choice.label) > _LONG_LABEL for choice in choices),
    )


def _with_bounds(part: Part, component: Component, value: Json) -> Part:
    step = component.step or (f"0.{'0' * (component.digits - 1)}1" if component.digits else "1")
    return replace(
        part,
        value=value,
        said="" if value is None else str(value),
        minimum=str(component.minimum),
        maximum=str(component.maximum),
        step=str(step),
    )


def _local(value: Json, subtype: str, zone: ZoneInfo) -> str | None:
    """Write a moment as the browser's own input wants it."""
    if not isinstance(value, str) or subtype != "datetime":
        return value if isinstance(value, str) else None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (at.astimezone(zone) if at.tzinfo else at).strftime("%Y-%m-%dT%H:%M")
