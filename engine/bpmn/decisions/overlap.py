"""Finds rules that can match at once, from their cells alone.

Each column becomes an axis cut at every value that a cell mentions; a cell is the set of pieces that it
takes, as the bits of an integer. Two rules overlap where their cells share a piece in every column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from engine.bpmn.decisions.table import Input, Rule
from engine.bpmn.expressions import UnaryTests, Value, ValueType
from engine.bpmn.expressions.operators import ORDERINGS
from engine.bpmn.expressions.tree import INPUT, Binary, Items, Literal, Name, Node, Range
from engine.bpmn.expressions.values import type_of
from engine.durations import Duration

_NULL: Final = 1
"""The piece that is null; the others follow it."""


@dataclass(frozen=True, slots=True)
class _Span:
    """What one test takes: everything between two ends; an end of null is open-ended."""

    low: Value
    high: Value
    low_open: bool = False
    high_open: bool = False

    @property
    def ends(self) -> tuple[Value, ...]:
        """The ends that there are."""
        return tuple(end for end in (self.low, self.high) if end is not None)


def overlapping(inputs: Sequence[Input], rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Yield pairs of rules that some values would match both.

    Rules with a cell that depends on a variable are left out: only evaluating them can tell.
    """
    columns = [_Column(column, [rule.tests[index] for rule in rules]) for index, column in enumerate(inputs)]
    known = [all(column.masks[row] is not None for column in columns) for row in range(len(rules))]
    before = 0
    for row, rule in enumerate(rules):
        if not known[row]:
            continue
        found = before
        before |= 1 << row
        for column in columns:
            if not found:
                break
            found &= column.sharing(row)
        while found:
            lowest = found & -found
            yield rules[lowest.bit_length() - 1], rule
            found ^= lowest


class _Column:
    """One column of cells as sets of pieces; None where a cell depends on a variable."""

    def __init__(self, column: Input, cells: Sequence[UnaryTests]) -> None:
        spans = [_spans(cell) for cell in cells]
        axis = _Axis(column, [span for cell in spans for span in cell or ()])
        self.masks = [
            None if taken is None else axis.mask(cell, taken)
            for cell, taken in zip(cells, spans, strict=True)
        ]
        self._rules: dict[int, int] = {}
        for row, mask in enumerate(self.masks):
            if mask is not None:
                self._rules[mask] = self._rules.get(mask, 0) | 1 << row
        self._sharing: dict[int, int] = {}

    def sharing(self, row: int) -> int:
        """Find the rules whose cell shares a piece with the cell of this row, as bits."""
        mask = self.masks[row] or 0
        if mask not in self._sharing:
            found = 0
            for other, rules in self._rules.items():
                if other & mask:
                    found |= rules
            self._sharing[mask] = found
        return self._sharing[mask]


class _Axis:
    """The pieces of a column: for each type its ends and the gaps around them, and null."""

    def __init__(self, column: Input, spans: Sequence[_Span]) -> None:
        ends: dict[ValueType, set[Value]] = {} if column.type is ValueType.ANY else {column.type: set()}
        for end in (end for span in spans for end in span.ends):
            if column.type in (ValueType.ANY, type_of(end)):
                ends.setdefault(type_of(end), set()).add(end)
        self._ends = {value_type: sorted(found, key=_sort_key) for value_type, found in ends.items()}
        self._offsets: dict[ValueType, int] = {}
        self._all = 0
        offset = 1
        for value_type, found in self._ends.items():
            self._offsets[value_type] = offset
            for piece in range(2 * len(found) + 1):
                if _has_values(value_type, found, piece, is_whole=column.is_whole):
                    self._all |= 1 << (offset + piece)
            offset += 2 * len(found) + 1
        if column.type is ValueType.ANY:
            self._all |= 1 << offset  # whatever no cell mentions the like of

    def mask(self, cell: UnaryTests, spans: Sequence[_Span]) -> int:
        """Say which pieces a cell takes."""
        pieces = 0
        for span in spans:
            pieces |= self._pieces(span)
        if cell.is_any:
            pieces = self._all
        elif cell.negated:
            pieces = ~pieces
        return (pieces & self._all) | (_NULL if cell.matches(None, {}) else 0)

    def _pieces(self, span: _Span) -> int:
        value_type = type_of(span.ends[0])
        if value_type not in self._offsets:
            return 0
        ends = self._ends[value_type]
        first, last = 0, 2 * len(ends)
        if span.low is not None:
            first = 2 * ends.index(span.low) + 1 + span.low_open
        if span.high is not None:
            last = 2 * ends.index(span.high) + 1 - span.high_open
        if first > last:
            return 0
        return ((1 << (last + 1)) - (1 << first)) << self._offsets[value_type]


def _sort_key(value: Any) -> Any:
    return value.exact if isinstance(value, Duration) else value


def _has_values(value_type: ValueType, ends: Sequence[Any], piece: int, *, is_whole: bool) -> bool:
    """Tell whether any value lies in a piece: an end itself (odd) or the gap before the next one (even)."""
    index, is_end = divmod(piece, 2)
    if value_type is ValueType.BOOLEAN:
        return bool(is_end) or not ends
    if not is_whole:
        return True
    if is_end:
        return bool(ends[index] == floor(ends[index]))
    return index in (0, len(ends)) or floor(ends[index - 1]) + 1 < ends[index]


def _spans(cell: UnaryTests) -> list[_Span] | None:
    """Read what a cell takes besides null; None where that depends on more than the cell."""
    found: list[_Span] = []
    for test in cell.tests:
        if not (isinstance(test, Binary) and isinstance(test.left, Name) and test.left.name == INPUT):
            return None
        spans = _spans_of(test.operator, test.right)
        if spans is None:
            return None
        found += spans
    return found


def _spans_of(operator: str, right: Node) -> list[_Span] | None:
    values = [part.value for part in _parts(right) if isinstance(part, Literal)]
    if len(values) < len(_parts(right)) or not all(_is_ordered(value) for value in values):
        return None
    if operator == "in" and isinstance(right, Range):
        return [_Span(values[0], values[1], right.low_open, right.high_open)]
    if operator in ("==", "in"):
        return [_Span(value, value) for value in values if value is not None]
    if operator in ORDERINGS and values[0] is not None:
        is_open = "=" not in operator
        return [
            _Span(values[0], None, is_open) if ">" in operator else _Span(None, values[0], False, is_open)
        ]
    return None


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Range):
        return (node.low, node.high)
    return node.items if isinstance(node, Items) else (node,)


def _is_ordered(value: Value) -> bool:
    """Tell whether a value has a place on an axis; calendar months have none among days."""
    return not (isinstance(value, Duration) and value.months)
