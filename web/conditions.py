"""Writes a form's condition for the browser: nested lists, the operator first (see assets/js/forms.js)."""

from collections.abc import Callable

from engine.bpmn.expressions.tree import Binary, Items, Literal, Name, Node, Unary
from engine.ports import Json

_OPERATORS = {"==": "==", "=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class ServerOnly(Exception):
    """The condition uses what the browser does not know; the server alone decides it."""


def for_browser(node: Node, name_of: Callable[[str], str]) -> list[Json]:
    """Write a condition down.

    Args:
        name_of: turns the key of a field into the name that the page gives it.
    Raises:
        ServerOnly: functions, arithmetic, ranges.
    """
    match node:
        case Literal(value=None | bool() | int() | float() | str() as value):
            return ["value", value]
        case Name(name=name):
            return ["name", name_of(name)]
        case Unary(operator="not", operand=operand):
            return ["not", for_browser(operand, name_of)]
        case Binary(operator="and" | "or" as operator, left=left, right=right):
            return [operator, for_browser(left, name_of), for_browser(right, name_of)]
        case Binary(operator="in", left=left, right=Items(items=items)):
            return ["in", for_browser(left, name_of), *(for_browser(item, name_of) for item in items)]
        case Binary(operator=operator, left=left, right=right) if operator in _OPERATORS:
            return [_OPERATORS[operator], for_browser(left, name_of), for_browser(right, name_of)]
    raise ServerOnly(type(node).__name__)
