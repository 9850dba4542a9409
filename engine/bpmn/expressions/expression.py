"""Compiled expressions: what the attributes of a diagram and the conditions of a form are read into."""

import re
from dataclasses import dataclass, field
from typing import Final

from engine.bpmn.expressions import tree
from engine.bpmn.expressions.errors import ExpressionError, Fault
from engine.bpmn.expressions.evaluate import Run, compiled
from engine.bpmn.expressions.grammar import CONSTANTS, FEEL, JUEL
from engine.bpmn.expressions.operators import ARITHMETIC, Values
from engine.bpmn.expressions.parser import Parser
from engine.bpmn.expressions.tokens import LONGEST_TEXT
from engine.bpmn.expressions.tree import Node
from engine.bpmn.expressions.values import Value, bounded, describe, parse_date, stored
from engine.durations import Duration, DurationError, looks_like_duration, parse_moment

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression ready to be evaluated, by any number of threads.

    Null: an unset name is null; `==` and `!=` treat null as a value of its own; an order comparison,
    arithmetic, a key or a function with null gives null; `and`, `or`, `not` follow three-valued logic.

    Attributes:
        text: as written.
        tree: the syntax tree.
        names: the variables it reads.
    """

    text: str
    tree: Node
    names: frozenset[str] = field(init=False)
    _run: Run = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tree.names(self.tree))
        object.__setattr__(self, "_run", compiled(self.tree))

    @property
    def is_literal(self) -> bool:
        """Tell whether it is a fixed value, the same under any variables."""
        return isinstance(self.tree, tree.Literal)

    def evaluate(self, values: Values) -> Value:
        """Compute the value; null is a value.

        Args:
            values: variables by name, besides NOW and ZONE where the expression may use them.
        Raises:
            ExpressionError: it has no usable value.
        """
        value = self._run(values)
        if type(value) is Duration:
            try:
                return stored(value)
            except Fault as fault:
                raise fault.at(self.tree.position) from None
        return value

    def required(self, values: Values) -> Value:
        """Compute the value where null will not do."""
        value = self.evaluate(values)
        if value is None:
            raise self._refused("表达式没有值 (null)", "The expression has no value (null)", values)
        return value

    def condition(self, values: Values) -> bool:
        """Compute a condition: exactly true or false.

        Raises:
            ExpressionError: it has another value, null among them.
        """
        value = self._run(values)
        if value is True or value is False:
            return value
        zh, en = describe(value)
        raise self._refused(
            f"条件的结果必须是 true 或 false，却是{zh}",
            f"A condition must be true or false, not {en}",
            values,
        )

    def _refused(self, zh: str, en: str, values: Values) -> ExpressionError:
        unset = "、".join(sorted(name for name in self.names if values.get(name) is None))
        if unset:
            zh += f"；尚未赋值：{unset}（可用 coalesce(…, 默认值) 给出默认值）"
            en += f"; not set: {unset} (coalesce(…, default) gives a default)"
        return ExpressionError(zh, en, self.tree.position)


def parse_condition(text: str) -> Expression:
    """Read a condition of a flow: `${urgency == "P0" and not verified}`."""
    start, end = _inside_braces(text)
    expression = _juel(text, start, end)
    if _is_never_boolean(expression.tree):
        raise ExpressionError(
            "条件的结果永远不会是 true 或 false；请写出比较，例如 ${x == 1}",
            "This is never true or false; write a comparison, such as ${x == 1}",
            expression.tree.position,
        )
    return expression


def parse_value(text: str) -> Expression:
    """Read an attribute that is a literal or `${…}`.

    A literal is a duration, a moment, a date, a number, true, false, null, a quoted text, or any other
    bare text, which stands for itself.
    """
    _check_length(text)
    if "${" in text or text.strip().startswith(("#{", "=")):
        return _juel(text, *_inside_braces(text))
    if not text.strip():
        raise ExpressionError("内容为空；请填写一个值或 ${…}", "Empty; write a value or ${…}", 0)
    try:
        return Expression(text, tree.Literal(0, read_literal(text.strip())))
    except (DurationError, Fault) as error:
        raise ExpressionError(error.zh, error.en, 0) from None


def parse_feel(text: str) -> Expression:
    """Read a condition of a form or an input of a decision table, with or without the leading `=`."""
    start = text.index("=") + 1 if text.lstrip().startswith("=") else 0
    return Expression(text, Parser(FEEL, text, start).whole())


def read_literal(text: str) -> Value:
    """Read a bare literal.

    Raises:
        DurationError, Fault, ExpressionError: it looks like a duration, a moment or a text, but is none.
    """
    if text[0] in JUEL.quotes:
        literal = Parser(JUEL, text).whole()
        if isinstance(literal, tree.Literal):
            return literal.value
        raise ExpressionError("请把表达式写成 ${…}", "Write an expression as ${…}", 0)
    if looks_like_duration(text):
        return Duration.parse(text)
    if _DATED.match(text):
        return parse_moment(text) if len(text) > len("2026-11-23") else parse_date(text)
    if _NUMBER.fullmatch(text):
        return bounded(float(text) if "." in text else int(text))
    return CONSTANTS.get(text, text)


def _check_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(
            f"内容超过 {LONGEST_TEXT} 个字符", f"Longer than {LONGEST_TEXT} characters", LONGEST_TEXT
        )


def _juel(text: str, start: int, end: int) -> Expression:
    return Expression(text, Parser(JUEL, text, start, end).whole())


def _inside_braces(text: str) -> tuple[int, int]:
    """Find what stands between `${` and `}`."""
    _check_length(text)
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    if not (text.startswith("${", start) and text.endswith("}", start, end)):
        raise ExpressionError(
            '表达式须整个写在 ${ 和 } 之间，前后不能有其他文字，例如 ${urgency == "P0"}',
            'The whole expression stands between ${ and }, with no text around, such as ${urgency == "P0"}',
            start,
        )
    return start + 2, end - 1


def _is_never_boolean(node: Node) -> bool:
    match node:
        case tree.Literal(value=value):
            return not isinstance(value, bool)
        case tree.Binary(operator=operator):
            return operator in ARITHMETIC
        case tree.Unary(operator=operator):
            return operator == "-"
        case _:
            return isinstance(node, tree.Items)
