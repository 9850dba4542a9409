"""What the three ways of writing an expression differ in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True)
class Grammar:
    """What one way of writing differs in.

    Attributes:
        comparisons: how it writes a comparison -> the operator of the tree.
        conjunctions, disjunctions, negations: its words for and, or, not.
        arithmetic: how it writes arithmetic -> the operator of the tree.
        reserved: words that cannot be names.
        wrong: what people write by mistake -> what to write instead.
        first: index of the first item of a list.
        question: what `?` is: a choice, the input of a test, or nothing.
    """

    quotes: str
    comparisons: Mapping[str, str]
    conjunctions: frozenset[str]
    disjunctions: frozenset[str]
    negations: frozenset[str]
    arithmetic: Mapping[str, str]
    reserved: frozenset[str]
    wrong: Mapping[str, str]
    first: int
    question: str = ""


_SIGNED: Final = {"!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
SUMS: Final = {"+": "+", "-": "-"}
_PRODUCTS: Final = {"*": "*", "/": "/"}
CONSTANTS: Final = {"true": True, "false": False, "null": None}
_FOREIGN: Final = {"True": "true", "False": "false", "None": "null", "<>": "!=", "**": "x * x"}

JUEL: Final = Grammar(
    quotes="\"'",
    comparisons=_SIGNED | {"==": "==", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="},
    conjunctions=frozenset({"and", "&&"}),
    disjunctions=frozenset({"or", "||"}),
    negations=frozenset({"not", "!"}),
    arithmetic=SUMS | _PRODUCTS | {"%": "%", "mod": "%", "div": "/"},
    reserved=frozenset(
        {"and", "or", "not", "in", "eq", "ne", "lt", "le", "gt", "ge", "div", "mod", "empty", *CONSTANTS}
    ),
    wrong=_FOREIGN | {"=": "==", "is": "==", "if": "… ? … : …", "instanceof": "=="},
    first=0,
    question="choice",
)
FEEL: Final = Grammar(
    quotes='"',
    comparisons=_SIGNED | {"=": "=="},
    conjunctions=frozenset({"and"}),
    disjunctions=frozenset({"or"}),
    negations=frozenset(),
    arithmetic=SUMS | _PRODUCTS,
    reserved=frozenset(
        {"and", "or", "not", "in", "if", "then", "else", "between", "some", "every", "for", *CONSTANTS}
    ),
    wrong=_FOREIGN | {"==": "=", "&&": "and", "||": "or", "!": "not(…)", "not": "not(…)"},
    first=1,
)
CELL: Final = replace(FEEL, question="input")
