"""Decision tables in memory: immutable, shared by threads, evaluated with plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.bpmn.decisions.problems import DecisionFailed
from engine.bpmn.decisions.results import Result, Row
from engine.bpmn.decisions.spans import unfit_span
from engine.bpmn.expressions import Expression, ExpressionError, UnaryTests, Value, ValueType
from engine.bpmn.expressions.errors import Fault
from engine.bpmn.expressions.functions import FUNCTIONS
from engine.bpmn.expressions.values import describe, fits, load

# As the head of a column shows a type.
_IN_EDITORS = {
    ValueType.CODE: "string",
    ValueType.MOMENT: "dateTime",
    ValueType.DURATION: "dayTimeDuration",
}
_WRITTEN_AS_TEXT = (ValueType.MOMENT, ValueType.DATE, ValueType.DURATION)


class HitPolicy(StrEnum):
    """What it means when several rules match."""

    UNIQUE = "UNIQUE"
    FIRST = "FIRST"
    COLLECT = "COLLECT"


class Aggregation(StrEnum):
    """How a COLLECT table makes one value of the collected ones."""

    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"


@dataclass(frozen=True, slots=True)
class Input:
    """A column of tests.

    Attributes:
        type_ref: the type as the column writes it, in small letters and without a prefix.
        is_whole: whether the values are whole numbers.
    """

    id: str
    label: str
    expression: Expression
    type: ValueType
    type_ref: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers; `type_ref` is the type as it is written, in small letters and without a prefix."""

    id: str
    name: str
    type: ValueType
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row; `number` counts from 1 as the editor shows it."""

    id: str
    number: int
    tests: tuple[UnaryTests, ...]
    answers: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Decision:
    """A decision table, with the decisions of the same file that it needs.

    Attributes:
        required: what has to be decided before, in that order; their outputs are values like others.
        names: the variables that it and the required decisions read.
        outputs: output name -> type.
    """

    id: str
    name: str
    hit_policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[Input, ...]
    columns: tuple[Output, ...]
    rules: tuple[Rule, ...]
    required: tuple["Decision", ...] = ()
    names: frozenset[str] = field(init=False)
    outputs: Mapping[str, ValueType] = field(init=False)

    def __post_init__(self) -> None:
        outputs = {column.name: column.type for column in self.columns}
        if self.aggregation is Aggregation.COUNT:
            outputs = dict.fromkeys(outputs, ValueType.NUMBER)
        given = {name for decision in self.required for name in decision.outputs}
        own = self._own_names()
        needed = own.union(*(decision._own_names() for decision in self.required)) - given
        object.__setattr__(self, "outputs", outputs)
        object.__setattr__(self, "names", needed)

    def evaluate(self, values: Mapping[str, Value]) -> Result:
        """Find the rules that match and compute their outputs.

        Args:
            values: variables by name, besides NOW and ZONE where a cell may use them.
        Raises:
            DecisionFailed: two rules of a UNIQUE table match, or a value does not fit its column.
        """
        results = []
        for decision in self.required:
            result = decision._decided(values)
            results.append(result)
            values = {**values, **decision._given_to_others(result)}
        own = self._decided(values)
        return Result(self.id, own.rows, own.rules, tuple(results))

    def written(self, rule: Rule) -> Row:
        """Return what a rule says when no variable is known; nothing where it cannot be computed so."""
        try:
            return self._answers(rule, {})
        except DecisionFailed:
            return {}

    def _own_names(self) -> frozenset[str]:
        parts: list[Expression | UnaryTests] = [column.expression for column in self.inputs]
        for rule in self.rules:
            parts += [*rule.tests, *rule.answers]
        return frozenset().union(*(part.names for part in parts))

    def _decided(self, values: Mapping[str, Value]) -> Result:
        matching = self._matching(values)
        if self.hit_policy is HitPolicy.UNIQUE and len(matching) > 1:
            numbers = [str(rule.number) for rule in matching]
            raise DecisionFailed(
                self.id,
                f"第 {'、'.join(numbers)} 行同时匹配；请修改条件使其互斥，或把命中策略改为 FIRST",
                f"Rows {', '.join(numbers)} match at once; make them exclusive, or use hit policy FIRST",
                tuple(rule.id for rule in matching),
            )
        rows = tuple(self._answers(rule, values) for rule in matching)
        if self.aggregation is not None:
            rows = self._aggregated(self.aggregation, rows)
        return Result(self.id, rows, tuple(rule.id for rule in matching))

    def _matching(self, values: Mapping[str, Value]) -> list[Rule]:
        given = [self._input(column, values) for column in self.inputs]
        found = []
        for rule in self.rules:
            try:
                matches = all(
                    test.matches(value, values) for test, value in zip(rule.tests, given, strict=True)
                )
            except ExpressionError as error:
                raise self._failed_at(rule, error) from error
            if matches:
                found.append(rule)
                if self.hit_policy is HitPolicy.FIRST:
                    break
        return found

    def _input(self, column: Input, values: Mapping[str, Value]) -> Value:
        try:
            return _fitting(column.expression.evaluate(values), column)
        except ExpressionError as error:
            raise DecisionFailed(
                self.id,
                f"输入“{column.label}”无法取值：{error.zh}",
                f"The input “{column.label}” has no usable value: {error.en}",
            ) from error

    def _answers(self, rule: Rule, values: Mapping[str, Value]) -> Row:
        try:
            return {
                column.name: _fitting(answer.evaluate(values), column)
                for column, answer in zip(self.columns, rule.answers, strict=True)
            }
        except ExpressionError as error:
            raise self._failed_at(rule, error) from error

    def _aggregated(self, aggregation: Aggregation, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        name = self.columns[0].name
        if aggregation is Aggregation.COUNT:
            return ({name: len(rows)},)
        if not rows:
            return ()
        try:
            return ({name: FUNCTIONS[aggregation.lower()].call([row[name] for row in rows])},)
        except Fault as fault:
            raise DecisionFailed(self.id, f"无法汇总：{fault.zh}", f"Cannot aggregate: {fault.en}") from None

    def _given_to_others(self, result: Result) -> Row:
        """Name the outputs for the decisions that need them; a COLLECT table gives lists."""
        if self.hit_policy is HitPolicy.COLLECT and self.aggregation is None:
            return {name: [row[name] for row in result.rows] for name in self.outputs}
        return result.rows[0] if result.rows else dict.fromkeys(self.outputs)

    def _failed_at(self, rule: Rule, error: ExpressionError) -> DecisionFailed:
        return DecisionFailed(
            self.id, f"第 {rule.number} 行：{error.zh}", f"Row {rule.number}: {error.en}", (rule.id,)
        )


def typed(value: Value, value_type: ValueType) -> Value:
    """Pass a value on if it fits the type; a text is read as the moment, date or duration that is wanted.

    Raises:
        ExpressionError: it does not fit.
    """
    if isinstance(value, str) and value_type in _WRITTEN_AS_TEXT:
        return load(value, value_type)
    if not fits(value, value_type):
        zh, en = describe(value)
        raise ExpressionError(
            f"这一列的类型是 {_IN_EDITORS.get(value_type, value_type)}，值却是{zh}",
            f"The type of the column is {_IN_EDITORS.get(value_type, value_type)}, but the value is {en}",
        )
    return value


def _fitting(value: Value, column: Input | Output) -> Value:
    """Pass a computed value on if its column can hold it; months among days fail as where one writes them."""
    found = typed(value, column.type)
    unfit = unfit_span(found, column.type_ref)
    if unfit is not None:
        zh, en = unfit
        raise ExpressionError(f"“{found}”{zh}", f"“{found}” {en}")
    return found
