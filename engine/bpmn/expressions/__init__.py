"""The expressions of diagrams, decision tables and forms: three ways of writing, one tree, one evaluator."""

from engine.bpmn.expressions.errors import ExpressionError
from engine.bpmn.expressions.expression import Expression, parse_condition, parse_feel, parse_value
from engine.bpmn.expressions.timer import Time, TimerExpression, parse_timer
from engine.bpmn.expressions.unary import UnaryTests, parse_unary
from engine.bpmn.expressions.values import NOW, ZONE, Json, Value, ValueType, dump, load, load_all

__all__ = [
    "NOW",
    "ZONE",
    "Expression",
    "ExpressionError",
    "Json",
    "Time",
    "TimerExpression",
    "UnaryTests",
    "Value",
    "ValueType",
    "dump",
    "load",
    "load_all",
    "parse_condition",
    "parse_feel",
    "parse_timer",
    "parse_unary",
    "parse_value",
]
