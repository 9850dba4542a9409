"""Input cells of decision tables: S-FEEL unary tests as dmn-js writes them."""

from dataclasses import dataclass, field
from typing import Final

from engine.bpmn.expressions import tree
from engine.bpmn.expressions.errors import ExpressionError
from engine.bpmn.expressions.evaluate import Run, compiled
from engine.bpmn.expressions.functions import FUNCTIONS
from engine.bpmn.expressions.grammar import CELL
from engine.bpmn.expressions.operators import ORDERINGS, Values
from engine.bpmn.expressions.parser import Parser
from engine.bpmn.expressions.tokens import Kind
from engine.bpmn.expressions.tree import INPUT, Node
from engine.bpmn.expressions.values import Value, describe

_BOOLEAN_OPERATORS: Final = frozenset({"==", "!=", "in", "and", "or", "not", *ORDERINGS})


@dataclass(frozen=True, eq=False)
class UnaryTests:
    """A cell, turned into one condition on `?`, the value under test.

    Attributes:
        text: as written.
        tests: one condition each, of which one has to hold; none for a cell that takes anything.
        negated: whether instead none may hold.
        names: the variables it reads.
    """

    text: str
    tests: tuple[Node, ...]
    negated: bool
    names: frozenset[str] = field(init=False)
    _run: Run = field(init=False, repr=False)
    _sees_values: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        whole = self._condition()
        is_impure = any(
            isinstance(node, tree.Call) and not FUNCTIONS[node.function].pure for node in tree.walk(whole)
        )
        object.__setattr__(self, "names", tree.names(whole))
        object.__setattr__(self, "_run", compiled(whole))
        object.__setattr__(self, "_sees_values", bool(self.names) or is_impure)

    @property
    def is_any(self) -> bool:
        """Tell whether it takes every value, null included."""
        return not self.tests

    def matches(self, value: Value, values: Values) -> bool:
        """Test a value; where the outcome is null, as when null is compared by order, it does not match.

        Raises:
            ExpressionError: the value cannot be compared with the cell.
        """
        if not self.tests:
            return True
        outcome = self._run({**values, INPUT: value} if self._sees_values else {INPUT: value})
        if outcome is None or isinstance(outcome, bool):
            return outcome is True
        zh, en = describe(outcome)
        raise ExpressionError(
            f"单元格的结果必须是 true 或 false，却是{zh}", f"The cell must be true or false, not {en}", 0
        )

    def _condition(self) -> Node:
        if not self.tests:
            return tree.Literal(0, True)
        whole = self.tests[0]
        for test in self.tests[1:]:
            whole = tree.Binary(test.position, "or", whole, test)
        return tree.Unary(0, "not", whole) if self.negated else whole


def parse_unary(text: str) -> UnaryTests:
    """Read a cell: `-`, `"a","b"`, `not("a")`, `> 5`, `[1..5]`, `]1..5[`, `? > 3`, `null`."""
    parser = Parser(CELL, text)
    if text.strip() in ("", "-"):
        return UnaryTests(text, (), negated=False)
    negated = parser.at("not") and parser.peek().text == "(" and parser.peek().kind is Kind.SIGN
    if negated:
        parser.advance(2)
    tests = [_test(parser)]
    while parser.accept(","):
        tests.append(_test(parser))
    if negated:
        parser.expect(")")
    parser.finish()
    return UnaryTests(text, tuple(tests), negated)


def _test(parser: Parser) -> Node:
    start = parser.token.position
    subject = tree.Name(start, INPUT)
    if sign := parser.accept(*CELL.comparisons):
        return tree.Binary(start, CELL.comparisons[sign.text], subject, parser.additive())
    node = parser.expression()
    if isinstance(node, (tree.Range, tree.Items)):
        return tree.Binary(start, "in", subject, node)
    if any(isinstance(part, tree.Name) and part.name == INPUT for part in tree.walk(node)):
        return node
    if isinstance(node, (tree.Unary, tree.Binary)) and node.operator in _BOOLEAN_OPERATORS:
        raise ExpressionError(
            "单元格里的条件没有提到被测值；请用 ? 表示被测值，例如 ? > 3",
            "The condition does not mention the value under test; write it as ?, such as ? > 3",
            start,
        )
    return tree.Binary(start, "==", subject, node)
