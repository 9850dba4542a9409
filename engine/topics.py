"""Reads topics.toml: what Python offers to diagrams and forms, and what each of it takes and returns."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from engine.bpmn.expressions.values import ValueType
from engine.check_problem import CheckProblem, DeploymentRefused

TOPICS_FILE = "topics.toml"

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TOPIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", re.ASCII)
_KEYS = {
    "handler": {"inputs", "outputs", "errors"},
    "external": {"inputs", "outputs", "errors"},
    "completion": {"outputs", "answers", "outcomes"},
    "form_data": set[str](),
    "start": {"variables"},
    "table": {
        "key",
        "rows",
        "columns",
        "codes",
        "codes_of",
        "filled",
        "filled_where",
        "among",
        "at_most",
        "rows_at_most",
    },
}
_TYPES = {value.value: value for value in ValueType if value is not ValueType.ANY}


@dataclass(frozen=True, slots=True)
class Topic:
    """A service task's other half.

    Attributes:
        kind: "handler" runs in the transaction of the step, "external" waits for a worker.
        inputs: process variables it reads; one that is unset arrives as None.
        outputs: process variables it sets.
        errors: codes that a boundary error event may catch.
    """

    name: str
    kind: Literal["handler", "external"]
    inputs: tuple[str, ...] = ()
    outputs: Mapping[str, ValueType] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """The command behind `on_complete` of a form.

    Attributes:
        outputs: process variables it sets.
        answers: keys of the form that it knows, or None if it takes whatever the form has.
        outcomes: values of the answer `outcome` that it knows, or None if it takes whatever the form offers.
    """

    outputs: Mapping[str, ValueType] = field(default_factory=dict)
    answers: frozenset[str] | None = None
    outcomes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class AskedTable:
    """A decision table that Python asks by itself, outside of any step.

    Attributes:
        key: the input that names a row.
        rows: the rows that Python needs -> the type of the one answer that each must give.
        columns: the outputs that Python reads of whichever row it asks for -> their type.
        codes: values of the key that each need a row.
        codes_of: table and output whose values need a row too.
        filled: outputs that stay empty in none of these rows.
        filled_where: outputs that stay empty in none of these rows where another one is true.
        among: output -> the codes that it may give.
        at_most: output -> outputs of the same row that it is not above.
        rows_at_most: one of `rows` -> others of them that it is not above.
    """

    key: str
    rows: Mapping[str, ValueType] = field(default_factory=dict)
    columns: Mapping[str, ValueType] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    codes_of: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    filled_where: Mapping[str, str] = field(default_factory=dict)
    among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at_most: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows_at_most: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topics:
    """Everything that diagrams and forms may name.

    Attributes:
        services: topic of a service task -> what stands behind it.
        completions: `on_complete` of a form -> the command.
        form_data: what `on_open` of a form may name.
        starts: message of a start event -> variables the starter must give.
        tables: decision table -> what Python asks of it.
    """

    services: Mapping[str, Topic] = field(default_factory=dict)
    completions: Mapping[str, Completion] = field(default_factory=dict)
    form_data: frozenset[str] = frozenset()
    starts: Mapping[str, Mapping[str, ValueType]] = field(default_factory=dict)
    tables: Mapping[str, AskedTable] = field(default_factory=dict)

    @staticmethod
    def parse(content: bytes) -> "Topics":
        """Read topics.toml.

        Raises:
            DeploymentRefused: with one problem for each entry that cannot be read.
        """
        reader = _Reader()
        topics = reader.read(content)
        if reader.problems:
            raise DeploymentRefused(reader.problems)
        return topics

    def set_by(self, on_complete: str | None) -> Mapping[str, ValueType]:
        """Return the variables that a form's command sets."""
        completion = self.completions.get(on_complete or "")
        return completion.outputs if completion else {}

    def known_answers(self, on_complete: str | None) -> frozenset[str] | None:
        """Return the keys that a form's command knows, None if it takes them all; without a command none."""
        if on_complete is None:
            return frozenset()
        return self.completions[on_complete].answers

    def outputs_of(self, on_complete: str | None) -> Mapping[str, ValueType]:
        """Return the process variables that a form's command sets."""
        return self.completions[on_complete].outputs if on_complete else {}

    def handlers(self) -> tuple[str, ...]:
        """Name the topics that need a Python handler."""
        return tuple(name for name, topic in self.services.items() if topic.kind == "handler")


class _Reader:
    """Reads the tables one by one and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[CheckProblem] = []

    def read(self, content: bytes) -> Topics:
        try:
            document = tomllib.loads(content.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            self._found("", "topics_toml", f"无法读取：{error}", f"cannot be read: {error}")
            return Topics()
        for kind in document.keys() - _KEYS.keys():
            self._found(kind, "topics_table", f"不认识的表“{kind}”", f"unknown table “{kind}”")
        return Topics(
            services=MappingProxyType(dict(self._services(document))),
            completions=MappingProxyType(
                {name: self._completion(name, row) for name, row in self._rows(document, "completion")}
            ),
            form_data=frozenset(name for name, _ in self._rows(document, "form_data")),
            starts=MappingProxyType(
                {name: self._types(name, row, "variables") for name, row in self._rows(document, "start")}
            ),
            tables=MappingProxyType(
                {name: self._table(name, row) for name, row in self._rows(document, "table")}
            ),
        )

    def _table(self, name: str, row: Mapping[str, Any]) -> AskedTable:
        key = row.get("key")
        if not isinstance(key, str) or not _NAME.fullmatch(key):
            self._found(name, "topics_name", f"变量名“{key}”不合规", f"bad variable name “{key}”")
            key = ""
        rows = self._types(name, row, "rows")
        for wanted, kind in rows.items():
            if kind not in (ValueType.NUMBER, ValueType.DURATION):
                zh, en = f"“{wanted}”只能是 number 或 duration", f"“{wanted}” is a number or a duration"
                self._found(name, "topics_type", zh, en)
        among = self._lists(name, row, "among")
        where = {one: words[0] for one, words in self._lists(name, row, "filled_where").items() if words}
        return AskedTable(
            key,
            rows,
            self._types(name, row, "columns"),
            codes=self._names(name, row, "codes"),
            codes_of=self._names(name, row, "codes_of"),
            filled=self._names(name, row, "filled"),
            filled_where=MappingProxyType(where),
            among=MappingProxyType(among),
            at_most=MappingProxyType(self._lists(name, row, "at_most")),
            rows_at_most=MappingProxyType(self._lists(name, row, "rows_at_most")),
        )

    def _services(self, document: Mapping[str, Any]) -> Iterator[tuple[str, Topic]]:
        handlers = dict(self._rows(document, "handler"))
        externals = dict(self._rows(document, "external"))
        for name in handlers.keys() & externals.keys():
            self._found(name, "topics_twice", "既是 handler 又是 external", "is both a handler and external")
        for name, row in handlers.items():
            yield name, self._topic(name, "handler", row)
        for name, row in externals.items():
            yield name, self._topic(name, "external", row)

    def _topic(self, name: str, kind: Literal["handler", "external"], row: Mapping[str, Any]) -> Topic:
        inputs = self._names(name, row, "inputs")
        for word in inputs:
            if not _NAME.fullmatch(word):
                self._found(name, "topics_name", f"变量名“{word}”不合规", f"bad variable name “{word}”")
        return Topic(name, kind, inputs, self._types(name, row, "outputs"), self._names(name, row, "errors"))

    def _completion(self, name: str, row: Mapping[str, Any]) -> Completion:
        answers = frozenset(self._names(name, row, "answers")) if "answers" in row else None
        outcomes = frozenset(self._names(name, row, "outcomes")) if "outcomes" in row else None
        return Completion(self._types(name, row, "outputs"), answers, outcomes)

    def _rows(self, document: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        table = document.get(kind, {})
        if not isinstance(table, dict):
            self._found(kind, "topics_table", f"“{kind}”必须是表", f"“{kind}” must be a table")
            return
        for name, row in table.items():
            if not _TOPIC.fullmatch(name) or not isinstance(row, dict):
                self._found(name, "topics_name", f"名称“{name}”不合规", f"bad name or row “{name}”")
                continue
            for key in row.keys() - _KEYS[kind]:
                self._found(name, "topics_key", f"不认识的键“{key}”", f"unknown key “{key}”")
            yield name, row

    def _names(self, topic: str, row: Mapping[str, Any], key: str) -> tuple[str, ...]:
        words = row.get(key, [])
        if isinstance(words, list) and all(isinstance(word, str) and word for word in words):
            return tuple(words)
        self._found(topic, "topics_list", f"“{key}”必须是字符串列表", f"“{key}” must be a list of strings")
        return ()

    def _lists(self, topic: str, row: Mapping[str, Any], key: str) -> dict[str, tuple[str, ...]]:
        lists = row.get(key, {})
        if isinstance(lists, dict):
            return {word: self._names(topic, lists, word) for word in lists}
        self._found(topic, "topics_table", f"“{key}”必须是表", f"“{key}” must be a table")
        return {}

    def _types(self, topic: str, row: Mapping[str, Any], key: str) -> Mapping[str, ValueType]:
        types: dict[str, ValueType] = {}
        table = row.get(key, {})
        for name, value in table.items() if isinstance(table, dict) else [(str(table), None)]:
            if _NAME.fullmatch(name) and isinstance(value, str) and value in _TYPES:
                types[name] = _TYPES[value]
            else:
                zh = f"“{key}”中的“{name} = {value}”不合规，类型只能是 {'、'.join(_TYPES)}"
                en = f"bad “{name} = {value}” in “{key}”; types are {', '.join(_TYPES)}"
                self._found(topic, "topics_type", zh, en)
        return MappingProxyType(types)

    def _found(self, element: str, rule: str, zh: str, en: str) -> None:
        remedy_zh = "对照 topics.toml 的其他条目改正"
        remedy_en = "correct it after the pattern of the other entries of topics.toml"
        self.problems.append(CheckProblem(TOPICS_FILE, element, rule, zh, en, remedy_zh, remedy_en))
