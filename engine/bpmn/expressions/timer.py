"""Timers as people write them: `PT30M`, `"PT30M"`, `${…}`, `R3/PT1H`, a moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from engine.bpmn.expressions.errors import ExpressionError
from engine.bpmn.expressions.expression import Expression, parse_value
from engine.bpmn.expressions.operators import Values
from engine.bpmn.expressions.tokens import LONGEST_TEXT
from engine.bpmn.expressions.values import describe
from engine.durations import Cycle, Duration, DurationError, parse_moment

Time: TypeAlias = Duration | datetime | Cycle


@dataclass(frozen=True, eq=False)
class TimerExpression:
    """When a timer fires.

    Attributes:
        literal: the time, where it is written out; None for `${…}`.
        expression: what gives the time; None for a literal.
    """

    text: str
    literal: Time | None
    expression: Expression | None

    @property
    def names(self) -> frozenset[str]:
        """The variables it reads."""
        return self.expression.names if self.expression else frozenset()

    def evaluate(self, values: Values) -> Time:
        """Compute the duration, the moment or the cycle.

        Raises:
            ExpressionError: the result is none of these; null included.
        """
        if self.expression is None:
            assert self.literal is not None
            return self.literal
        value = self.expression.required(values)
        if isinstance(value, (Duration, datetime)):
            return value
        if isinstance(value, str):
            return _read(value, self.expression.tree.position)
        zh, en = describe(value)
        raise ExpressionError(
            f"定时器需要时长、时间点或循环，却是{zh}",
            f"A timer needs a duration, a moment or a cycle, not {en}",
            self.expression.tree.position,
        )


def parse_timer(text: str) -> TimerExpression:
    """Read a timer; a literal is checked at once."""
    if "${" not in text:
        return TimerExpression(text, _read(text, 0), None)
    expression = parse_value(text)
    if expression.is_literal:
        return TimerExpression(text, TimerExpression(text, None, expression).evaluate({}), None)
    return TimerExpression(text, None, expression)


def _read(text: str, position: int) -> Time:
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(
            f"内容超过 {LONGEST_TEXT} 个字符", f"Longer than {LONGEST_TEXT} characters", position
        )
    written = text.strip()
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        written = written[1:-1].strip()
    try:
        if written[:1] in ("R", "r"):
            return Cycle.parse(written)
        return parse_moment(written) if written[:4].isdigit() else Duration.parse(written)
    except DurationError as error:
        raise ExpressionError(error.zh, error.en, position) from None
