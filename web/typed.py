"""Says answers that were typed but not taken, so that a person can read and copy them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.forms import Component, ComponentType, Form
from engine.forms.answers import Options
from engine.ports import Json
from web.texts import gettext
from web.words import either, listed


@dataclass(frozen=True)
class Typed:
    """One field with what was typed into it; `name` stands in for the label of an unknown field."""

    label: str
    name: str
    text: str


def said_answers(form: Form | None, answers: Mapping[str, Json], options: Options) -> tuple[Typed, ...]:
    """Say the answers in the order of their form.

    Args:
        options: choices of fields with an options key, as far as they are known.
    """
    if form is None:
        return tuple(Typed("", key, str(value)) for key, value in answers.items() if value)
    return tuple(_fields(form.fields, answers, options, ""))


def _fields(
    fields: Mapping[str, Component], answers: Mapping[str, Json], options: Options, prefix: str
) -> Iterator[Typed]:
    for key, component in fields.items():
        value = answers.get(key)
        if value in (None, "", [], False):
            continue
        label = prefix + either(component.label, component.label_en)
        if component.type is ComponentType.DYNAMICLIST and isinstance(value, list):
            children = {child.key: child for child in component.components}
            for number, line in enumerate(value, 1):
                if isinstance(line, dict):
                    yield from _fields(children, line, options, f"{label} {number} · ")
        else:
            yield Typed(label, key, _said(component, value, options))


def _said(component: Component, value: Json, options: Options) -> str:
    if component.type is ComponentType.FILEPICKER:
        return gettext("%(count)s 个文件", count=len(value) if isinstance(value, list) else 1)
    if component.type is ComponentType.CHECKBOX:
        return gettext("是")
    values = value if isinstance(value, list) else [value]
    if component.options_key:
        labels = _labels(options.get(component.options_key, ()))
        return listed(labels.get(str(one)) or gettext("（已选）") for one in values)
    labels = {option.value: either(option.label, option.label_en) for option in component.options}
    return listed(labels.get(str(one), str(one)) for one in values)


def _labels(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {str(row["value"]): either(str(row["label"]), str(row.get("label_en") or "")) for row in rows}
