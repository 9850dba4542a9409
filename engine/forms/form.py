"""A form of a user task: read from its file, checked as a whole, and asked to validate answers."""

import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import cached_property, lru_cache, partial
from typing import Any

from engine.bpmn.expressions.values import ValueType
from engine.check_problem import CheckProblem, DeploymentRefused
from engine.errors import EngineError, Invalid
from engine.forms.answers import BadAnswer, Options, Reader
from engine.forms.model import Component, ComponentType, Option, inputs
from engine.forms.reading import KEY, FormReader
from engine.invisible import invisible_in
from engine.ports import Json

LARGEST_FILE = 256_000
_TOP = {
    "type", "id", "components", "schemaVersion", "exporter", "executionPlatform", "executionPlatformVersion",
    "properties", "on_complete", "on_open", "$schema",
}  # fmt: skip
_FORM_WORDS = ("name", "name_en", "submit", "submit_en")


class AnswersInvalid(EngineError, Invalid):
    """Answers that do not fit their form."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Validated answers.

    Attributes:
        values: every field but the fixed ones; None where it is hidden or was left empty.
        variables: those that enter process data.
    """

    values: dict[str, Json]
    variables: dict[str, Json]


@dataclass(frozen=True)
class Form:
    """One version of a form.

    Attributes:
        id: what `camunda:formRef` names.
        submit, submit_en: label of the primary button, where no option gives its own.
        on_complete: topic of the command that takes the answers, if there is one.
        on_open: topic of the query that gives facts, values and options, if there is one.
    """

    id: str
    components: tuple[Component, ...]
    name: str = ""
    name_en: str = ""
    submit: str = ""
    submit_en: str = ""
    on_complete: str | None = None
    on_open: str | None = None

    @staticmethod
    @lru_cache(maxsize=512)  # a new version of a procedure changes one file of many
    def parse(content: bytes, resource: str = "") -> "Form":
        """Read a .form file.

        Raises:
            DeploymentRefused: with every problem found.
        """
        form, problems = read_form(resource, content)
        if form is None:
            raise DeploymentRefused(problems)
        return form

    @cached_property
    def fields(self) -> Mapping[str, Component]:
        """The components that take an answer, by key, in the order of the form."""
        return {component.key: component for component in inputs(self.components)}

    @cached_property
    def variables(self) -> Mapping[str, ValueType]:
        """The process variables that an answer sets."""
        return {key: found.value_type for key, found in self.fields.items() if found.variable}

    @property
    def outcomes(self) -> tuple[Option, ...]:
        """The options of the field `outcome`, if the step has several outcomes."""
        outcome = self.fields.get("outcome")
        return outcome.options if outcome else ()

    def without(self, keys: Collection[str]) -> "Form":
        """Return the form without fields or options ("outcome.wait") that this case has no use for."""
        if not keys:
            return self
        kept = tuple(component for component in self.components if component.key not in keys)
        return replace(self, components=tuple(_offering(component, keys) for component in kept))

    def validate(
        self, answers: Mapping[str, Any], options: Options | None = None, *, zone: tzinfo
    ) -> Answers:
        """Type and check answers.

        Args:
            answers: as JSON, or as a browser posts them: text for numbers and dates, "on" for a ticked box.
            options: what `on_open` gave for fields with an options key.
            zone: of the reader, for moments without offset.
        Raises:
            AnswersInvalid: one message per field; lines of a list are named "parts.0.count".
        """
        reader = Reader(options or {}, zone)
        values = reader.read(self.components, answers, {})
        if reader.wrong:
            raise AnswersInvalid(reader.wrong)
        return Answers(values, {key: values[key] for key in self.variables if key in values})


def _offering(component: Component, but: Collection[str]) -> Component:
    kept = tuple(one for one in component.options if f"{component.key}.{one.value}" not in but)
    return component if len(kept) == len(component.options) else replace(component, options=kept)


def read_form(resource: str, content: bytes) -> tuple[Form | None, list[CheckProblem]]:
    """Read a .form file and collect what is wrong with it; None when it cannot be used."""
    reader = FormReader(resource)
    document = _document(reader, content)
    if document is None:
        return None, reader.problems
    for key in document.keys() - _TOP:
        reader.found("", "form_property", f"不支持属性“{key[:60]}”", f"unsupported property “{key[:60]}”")
    identity = document.get("id")
    if not isinstance(identity, str) or not KEY.fullmatch(identity) or document.get("type") != "default":
        reader.found("", "form_id", "表单没有合规的 id", "the form has no proper id")
    words = document.get("properties")
    words = words if isinstance(words, dict) else {}
    reader.has_on_open = bool(document.get("on_open"))
    form = Form(
        id=str(identity),
        components=reader.components(document.get("components")),
        on_complete=reader.word("", document, "on_complete") or None,
        on_open=reader.word("", document, "on_open") or None,
        **{key: reader.word("", words, key) for key in _FORM_WORDS},
    )
    if not reader.problems:
        _check_conditions(reader, form.components, frozenset())
        _check_defaults(reader, form.components)
    return (None if reader.problems else form), reader.problems


def _document(reader: FormReader, content: bytes) -> dict[str, Any] | None:
    if len(content) > LARGEST_FILE:
        reader.found("", "form_size", f"文件超过 {LARGEST_FILE} 字节", f"larger than {LARGEST_FILE} bytes")
        return None
    twice: set[str] = set()
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=partial(_object, twice=twice))
        json.dumps(document, ensure_ascii=False).encode()  # half a character, as \\ud800 is, fits on no page
        wild, hidden = tuple(_wild_numbers(document)), tuple(_invisible(document))
    except (ValueError, RecursionError):
        document, wild, hidden = None, (), ()
    if not isinstance(document, dict):
        reader.found("", "form_json", "不是 UTF-8 编码的 JSON 对象", "not a JSON object in UTF-8")
        return None
    for key, name in wild:
        zh = f"“{name}”写的不是有限的数（NaN、Infinity 或过大）"
        reader.found(key, "form_number", zh, f"“{name}” is no finite number (NaN, Infinity or too large)")
    for name in sorted(twice):
        zh, en = f"同一个对象里“{name}”写了两次", f"“{name}” is written twice in one object"
        reader.found("", "form_json", zh, en)
    for key, letter in hidden:
        zh = f"含有看不见的控制字符（{letter}）"
        reader.found(key, "form_invisible", zh, f"there is a control character that nobody sees ({letter})")
    return None if wild or twice or hidden else document


def _object(pairs: list[tuple[str, Any]], twice: set[str]) -> dict[str, Any]:
    """Build an object, and note names that occur twice: only the last would count."""
    built = dict(pairs)
    if len(built) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice.update(name[:100] for name, count in counted.items() if count > 1)
    return built


def _invisible(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield where characters stand that nobody sees: key of the field, name of the character."""
    if isinstance(value, str) and invisible_in(value):
        yield key, invisible_in(value)
    elif isinstance(value, dict):
        own = value.get("key") or value.get("path")
        for inner, one in value.items():
            yield from _invisible([inner, one], own if isinstance(own, str) else key)
    elif isinstance(value, list):
        for one in value:
            yield from _invisible(one, key)


def _wild_numbers(value: Any, key: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    """Yield where numbers stand that are none: key of the field, name of what holds the number."""
    if isinstance(value, float) and not math.isfinite(value):
        yield key, name
    elif isinstance(value, dict):
        own = value.get("key") or value.get("path")
        for inner, one in value.items():
            yield from _wild_numbers(one, own if isinstance(own, str) else key, inner)
    elif isinstance(value, list):
        for one in value:
            yield from _wild_numbers(one, key, name)


def _check_conditions(reader: FormReader, components: tuple[Component, ...], above: frozenset[str]) -> None:
    """Refuse conditions over unknown keys, and conditions that depend on each other in a circle."""
    known = above | {component.key for component in inputs(components)}
    reads: dict[str, set[str]] = {}
    for component, keys in _conditioned(components, ()):
        assert component.hide is not None
        unknown = component.hide.names - known
        if unknown:
            listed = "、".join(sorted(unknown))
            reader.found(component.key, "form_condition", f"条件中的“{listed}”不是本表单的字段",
                         f"“{listed}” in the condition is no field of this form")  # fmt: skip
        for key in keys:
            reads.setdefault(key, set()).update(component.hide.names)
    for key in reads:
        if key in _reached(reads, key):
            reader.found(key, "form_condition", "条件互相依赖，成了一个圈", "the conditions form a circle")
    for component in _everything(components):
        if component.type is ComponentType.DYNAMICLIST:
            _check_conditions(reader, component.components, known)


def _conditioned(
    components: tuple[Component, ...], keys: tuple[str, ...]
) -> Iterator[tuple[Component, tuple[str, ...]]]:
    """Yield the components with a condition, each with the keys of the fields that it hides."""
    for component in components:
        if component.hide:
            is_group = component.type is ComponentType.GROUP
            hidden = inputs(component.components) if is_group else (component,)
            yield component, tuple(found.key for found in hidden if found.key)
        if component.type is ComponentType.GROUP:
            yield from _conditioned(component.components, keys)


def _everything(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        if component.type is ComponentType.GROUP:
            yield from _everything(component.components)


def _reached(reads: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    todo = list(reads[start])
    while todo:
        key = todo.pop()
        if key not in reached:
            reached.add(key)
            todo.extend(reads.get(key, ()))
    return reached


def _check_defaults(reader: FormReader, components: tuple[Component, ...]) -> None:
    answers = Reader({}, UTC)
    for component in inputs(components):
        _check_defaults(reader, component.components)
        if component.default is None or component.options_key:
            continue
        try:
            answers.value(component, component.default)
        except BadAnswer:
            reader.found(component.key, "form_default", "默认值不符合本字段的规则",
                         "the default value breaks the rules of its own field")  # fmt: skip
