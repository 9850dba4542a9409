"""What a form consists of once it is read: components, with the limits that their answers must keep."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from engine.bpmn.expressions import Expression
from engine.bpmn.expressions.values import ValueType
from engine.ports import Json

MOST_LINES = 50
MOST_FILES = 20
LARGEST_NUMBER = Decimal(10) ** 12


class ComponentType(StrEnum):
    """The form-js component types that the server renders and validates."""

    TEXTFIELD = "textfield"
    TEXTAREA = "textarea"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    SELECT = "select"
    CHECKLIST = "checklist"
    DATETIME = "datetime"
    FILEPICKER = "filepicker"
    DYNAMICLIST = "dynamiclist"
    GROUP = "group"
    TEXT = "text"
    SEPARATOR = "separator"

    @property
    def is_input(self) -> bool:
        """Tell whether it takes an answer."""
        return self not in (ComponentType.GROUP, ComponentType.TEXT, ComponentType.SEPARATOR)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a radio, select or checklist.

    Attributes:
        submit, submit_en: label of the primary button while this choice is made, where it differs.
    """

    value: str
    label: str
    label_en: str = ""
    submit: str = ""
    submit_en: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a form, in the order of the file.

    Attributes:
        key: name of its answer; of a dynamic list its path; empty where it takes none.
        text, text_en: what a static text says.
        minimum, maximum, step: bounds of a number; `digits` is the number of decimals.
        options_key: name under which `on_open` gives the options, instead of `options`.
        variable: whether the answer enters process data.
        subtype: date, time or datetime.
        hide: true while the component is hidden; a hidden one is neither required nor accepted.
        fixed: shown but not to be answered (disabled or read-only).
        components: inside a group or a dynamic list.
    """

    type: ComponentType
    key: str = ""
    label: str = ""
    label_en: str = ""
    description: str = ""
    description_en: str = ""
    text: str = ""
    text_en: str = ""
    required: bool = False
    min_length: int = 0
    max_length: int = 0
    minimum: Decimal = -LARGEST_NUMBER
    maximum: Decimal = LARGEST_NUMBER
    digits: int = 0
    step: Decimal | None = None
    pattern: re.Pattern[str] | None = None
    options: tuple[Option, ...] = ()
    options_key: str = ""
    default: Json = None
    variable: bool = False
    subtype: str = ""
    hide: Expression | None = None
    fixed: bool = False
    multiple: bool = False
    accept: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    components: tuple["Component", ...] = ()

    @property
    def value_type(self) -> ValueType:
        """What its answer is in process data."""
        if self.type is ComponentType.DATETIME:
            return ValueType.DATE if self.subtype == "date" else ValueType.MOMENT
        return _VALUE_TYPES.get(self.type, ValueType.ANY)


_VALUE_TYPES = {
    ComponentType.RADIO: ValueType.CODE,
    ComponentType.SELECT: ValueType.CODE,
    ComponentType.CHECKBOX: ValueType.BOOLEAN,
    ComponentType.NUMBER: ValueType.NUMBER,
}


def inputs(components: tuple[Component, ...]) -> Iterator[Component]:
    """Yield the components that take an answer, those of groups too, those inside of lists not."""
    for component in components:
        if component.type is ComponentType.GROUP:
            yield from inputs(component.components)
        elif component.type.is_input:
            yield component
