"""The syntax tree that all three grammars build."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from engine.bpmn.expressions.values import Value

INPUT = "?"
"""The name under which a unary test sees the value that it tests."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the text."""

    position: int
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """A key of an object or an index of a list.

    Attributes:
        first: the index of a list's first item: 0, in FEEL 1.
    """

    position: int
    base: "Node"
    key: "Node"
    first: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    position: int
    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison, `and`, `or`, `in`."""

    position: int
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """`test ? yes : no` or `if test then yes else no`."""

    position: int
    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """One of the fixed functions."""

    position: int
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list written in the text."""

    position: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`[1..5]`, `(1..5]`, `]1..5[`; stands only right of `in` and in unary tests."""

    position: int
    low: "Node"
    high: "Node"
    low_open: bool
    high_open: bool


Node: TypeAlias = Literal | Name | Item | Unary | Binary | Choice | Call | Items | Range


def children(node: Node) -> tuple[Node, ...]:
    """List the nodes directly below."""
    match node:
        case Literal() | Name():
            return ()
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=first, right=second) | Item(base=first, key=second) | Range(low=first, high=second):
            return (first, second)
        case Choice(test=test, yes=yes, no=no):
            return (test, yes, no)
        case Call(arguments=below) | Items(items=below):
            return below


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def names(node: Node) -> frozenset[str]:
    """Collect the variables that a tree reads."""
    return frozenset(found.name for found in walk(node) if isinstance(found, Name) and found.name != INPUT)
