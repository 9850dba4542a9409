"""Says answers that were typed but not taken, so that a person can read and copy them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.forms import Component, ComponentType, Form
from engine.ports import Json
from web.texts import gettext
from web.words import either


@dataclass(frozen=True)
class Typed:
    """One field with what was typed into it; `name` stands in for the label of an unknown field."""

    label: str
    name: str
    text: str


def said_answers(form: Form | None, answers: Mapping[str, Json]) -> tuple[Typed, ...]:
    """Say the answers in the order of their form."""
    if form is None:
        return tuple(Typed("", key, str(value)) for key, value in answers.items() if value)
    return tuple(_fields(form.fields, answers, ""))


def _fields(fields: Mapping[str, Component], answers: Mapping[str, Json], prefix: str) -> Iterator[Typed]:
    for key, component in fields.items():
        value = answers.get(key)
        if value in (None, "", [], False):
            continue
        label = prefix + either(component.label, component.label_en)
        if component.type is ComponentType.DYNAMICLIST and isinstance(value, list):
            children = {child.key: child for child in component.components}
            for number, line in enumerate(value, 1):
                if isinstance(line, dict):
                    yield from _fields(children, line, f"{label} {number} · ")
        else:
            yield Typed(label, key, _said(component, value))


def _said(component: Component, value: Json) -> str:
    if component.type is ComponentType.FILEPICKER:
        return gettext("%(count)s 个文件", count=len(value) if isinstance(value, list) else 1)
    if component.type is ComponentType.CHECKBOX:
        return gettext("是")
    labels = {option.value: either(option.label, option.label_en) for option in component.options}
    if component.options_key and not labels:
        return gettext("（已选）")
    values = value if isinstance(value, list) else [value]
    return "、".join(labels.get(str(one), str(one)) for one in values)
