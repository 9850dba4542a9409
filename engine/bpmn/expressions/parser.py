"""Reads tokens into a tree; the grammars share everything but a few words and signs."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from engine.bpmn.expressions import operators, tree
from engine.bpmn.expressions.errors import ExpressionError, Fault
from engine.bpmn.expressions.evaluate import applied
from engine.bpmn.expressions.functions import ALIASES, FUNCTIONS
from engine.bpmn.expressions.grammar import CONSTANTS, SUMS, Grammar
from engine.bpmn.expressions.tokens import LONGEST_TEXT, Kind, Token, tokens
from engine.bpmn.expressions.tree import Node

MOST_NODES: Final = 100
DEEPEST_NESTING: Final = 20

AnyNode = TypeVar("AnyNode", bound=Node)


class Parser:
    """One pass over the tokens of one expression; keeps the bounds on nodes and nesting."""

    def __init__(self, grammar: Grammar, text: str, start: int = 0, end: int | None = None) -> None:
        if len(text) > LONGEST_TEXT:
            raise ExpressionError(
                f"表达式超过 {LONGEST_TEXT} 个字符；请把判断移到决策表中",
                f"The expression is longer than {LONGEST_TEXT} characters; move it to a decision table",
                LONGEST_TEXT,
            )
        self.grammar = grammar
        self._tokens = tokens(text, start, len(text) if end is None else end, grammar.quotes)
        self._next = 0
        self._nodes = 0
        self._nesting = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._next]

    def peek(self, ahead: int = 1) -> Token:
        """Look past the next token."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def advance(self, count: int = 1) -> Token:
        """Take tokens; returns the first of them."""
        taken = self.token
        self._next = min(self._next + count, len(self._tokens) - 1)
        return taken

    def at(self, *written: str) -> bool:
        """Tell whether the next token is one of these words or signs."""
        return self.token.kind in (Kind.NAME, Kind.SIGN) and self.token.text in written

    def accept(self, *written: str) -> Token | None:
        """Take the next token if it is one of these words or signs."""
        return self.advance() if self.at(*written) else None

    def expect(self, *written: str) -> Token:
        """Take one of these words or signs, or refuse."""
        if not self.at(*written):
            wanted = " ".join(written)
            raise ExpressionError(
                f"这里应为 {wanted}，却是{self._found()[0]}",
                f"{wanted} is expected here, not {self._found()[1]}",
                self.token.position,
            )
        return self.advance()

    def finish(self) -> None:
        """Make sure that nothing is left over."""
        if self.token.kind is not Kind.END:
            raise self.unexpected()

    def whole(self) -> Node:
        """Read an expression that fills the text."""
        node = self.expression()
        self.finish()
        return node

    def unexpected(self) -> ExpressionError:
        """Say that the next token has no place here, and what was probably meant."""
        written = self.token.text
        if self.token.kind is Kind.END:
            zh, en = "表达式不完整", "The expression is incomplete"
        elif self.token.kind is not Kind.LITERAL and written in self.grammar.wrong:
            meant = self.grammar.wrong[written]
            zh, en = f"请把 {written} 改写成 {meant}", f"Write {meant} instead of {written}"
        else:
            zh, en = f"这里不能是{self._found()[0]}", f"Unexpected {self._found()[1]}"
        return ExpressionError(zh, en, self.token.position)

    def add(self, node: AnyNode) -> AnyNode:
        """Count a node of the tree."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise ExpressionError(
                f"表达式超过 {MOST_NODES} 个部分；请把判断移到决策表中",
                f"The expression has more than {MOST_NODES} parts; move it to a decision table",
                node.position,
            )
        return node

    def expression(self) -> Node:
        """Read a whole expression: a choice or less."""
        return self._nested(self._choice)

    def additive(self) -> Node:
        """Read sums: what stands beside a comparison."""
        return self._chain(self._multiplicative, SUMS)

    def _nested(self, read: Callable[[], Node]) -> Node:
        self._nesting += 1
        if self._nesting > DEEPEST_NESTING:
            raise ExpressionError(
                f"括号嵌套超过 {DEEPEST_NESTING} 层",
                f"Nested deeper than {DEEPEST_NESTING} levels",
                self.token.position,
            )
        node = read()
        self._nesting -= 1
        return node

    def _choice(self) -> Node:
        if "if" in self.grammar.reserved and (start := self.accept("if")):
            test = self.expression()
            self.expect("then")
            yes = self.expression()
            self.expect("else")
            return self.add(tree.Choice(start.position, test, yes, self.expression()))
        test = self._disjunction()
        if self.grammar.question != "choice" or not self.at("?"):
            return test
        mark = self.advance()
        yes = self.expression()
        self.expect(":")
        return self.add(tree.Choice(mark.position, test, yes, self.expression()))

    def _disjunction(self) -> Node:
        return self._chain(self._conjunction, dict.fromkeys(self.grammar.disjunctions, "or"))

    def _conjunction(self) -> Node:
        return self._chain(self._comparison, dict.fromkeys(self.grammar.conjunctions, "and"))

    def _chain(self, read: Callable[[], Node], written: Mapping[str, str]) -> Node:
        left = read()
        while sign := self.accept(*written):
            left = self.add(tree.Binary(sign.position, written[sign.text], left, read()))
        return left

    def _comparison(self) -> Node:
        start = self.token
        left = self.additive()
        if not self._at_comparison():
            return left
        if start.text in self.grammar.negations and start.kind is not Kind.LITERAL:
            raise ExpressionError(
                "not 与比较连写时请加括号，例如 not (a == b)",
                "Put parentheses around the comparison that is negated: not (a == b)",
                start.position,
            )
        node = self.add(self._compared(left))
        if self._at_comparison():
            raise ExpressionError(
                "比较不能连写；请用 and 连接，例如 1 < x and x < 5",
                "Comparisons cannot be chained; write 1 < x and x < 5",
                self.token.position,
            )
        return node

    def _at_comparison(self) -> bool:
        negated = self.at("not") and self.peek().text == "in" and bool(self.grammar.negations)
        return negated or self.at("in", *self.grammar.comparisons) or self._at_between()

    def _at_between(self) -> bool:
        return self.at("between") and "between" in self.grammar.reserved

    def _compared(self, left: Node) -> Node:
        sign = self.advance()
        if sign.text == "between":
            low = self.additive()
            self.expect("and")
            high = self.additive()
            _check_ends(low, high, sign.position)
            ends = self.add(tree.Range(sign.position, low, high, low_open=False, high_open=False))
            return tree.Binary(sign.position, "in", left, ends)
        if sign.text == "not":
            self.advance()
            return tree.Binary(sign.position, "not in", left, self._container())
        if sign.text == "in":
            return tree.Binary(sign.position, "in", left, self._container())
        return tree.Binary(sign.position, self.grammar.comparisons[sign.text], left, self.additive())

    def _container(self) -> Node:
        """Read what stands right of `in`: a range, a list, `("a", "b")`, something that is a list."""
        start = self.accept("(")
        if start is None:
            return self.additive()
        first = self.expression()
        if self.at(".."):
            return self._range(start, first)
        if not self.at(",") and not isinstance(first, tree.Literal):
            self.expect(")")
            return first
        return self.add(tree.Items(start.position, (first, *self._rest(")"))))

    def _multiplicative(self) -> Node:
        products = {sign: name for sign, name in self.grammar.arithmetic.items() if name not in SUMS}
        return self._chain(self._prefixed, products)

    def _prefixed(self) -> Node:
        sign = self.accept("-", *self.grammar.negations)
        if sign is None:
            if self.at("empty") and "empty" in self.grammar.reserved and self.peek().text != "(":
                word = self.advance()
                return self.add(tree.Call(word.position, "empty", (self._nested(self._prefixed),)))
            return self._postfixed()
        operand = self._nested(self._prefixed)
        if sign.text != "-":
            return self.add(tree.Unary(sign.position, "not", operand))
        if isinstance(operand, tree.Literal) and operators.is_number(operand.value):
            return tree.Literal(sign.position, -operand.value)
        return self.add(tree.Unary(sign.position, "-", operand))

    def _postfixed(self) -> Node:
        node = self._primary()
        while True:
            if self.at("["):
                if not self._begins_operand(self.peek()):
                    return node
                start = self.advance()
                key = self.expression()
                self.expect("]")
                node = self.add(tree.Item(start.position, node, key, self.grammar.first))
            elif self.at("."):
                start = self.advance()
                node = self.add(tree.Item(start.position, node, self._key(), self.grammar.first))
            else:
                return node

    def _key(self) -> Node:
        if self.token.kind is not Kind.NAME:
            raise self.unexpected()
        key = self.advance()
        if self.at("("):
            raise ExpressionError(
                "不能调用对象的方法；可用的函数写作 size(x)、contains(x, y) 等",
                "Methods cannot be called; functions are written size(x), contains(x, y)",
                key.position,
            )
        return self.add(tree.Literal(key.position, key.text))

    def _begins_operand(self, token: Token) -> bool:
        if token.kind is Kind.NAME:
            return token.text not in self.grammar.reserved or token.text in (
                "not",
                "empty",
                "if",
                *CONSTANTS,
            )
        return token.kind is Kind.LITERAL or token.text in ("-", "(", "[", *self.grammar.negations)

    def _primary(self) -> Node:
        if self.token.kind is Kind.LITERAL:
            token = self.advance()
            return self.add(tree.Literal(token.position, token.value))
        if self.token.kind is Kind.NAME:
            return self._named()
        if start := self.accept("(", "[", "]"):
            return self._bracketed(start)
        if self.grammar.question == "input" and self.at("?"):
            return self.add(tree.Name(self.advance().position, tree.INPUT))
        raise self.unexpected()

    def _bracketed(self, start: Token) -> Node:
        """Read a range, a list, or an expression in parentheses."""
        if start.text == "[" and self.accept("]"):
            return self.add(tree.Items(start.position, ()))
        first = self.expression()
        if start.text == "]" or self.at(".."):
            return self._range(start, first)
        if start.text == "[":
            return self.add(tree.Items(start.position, (first, *self._rest("]"))))
        self.expect(")")
        return first

    def _range(self, start: Token, low: Node) -> Node:
        self.expect("..")
        high = self._nested(self.additive)
        closing = self.expect("]", ")", "[")
        _check_ends(low, high, start.position)
        return self.add(tree.Range(start.position, low, high, start.text != "[", closing.text != "]"))

    def _rest(self, closing: str) -> list[Node]:
        """Read the items after the first one, and what closes them."""
        items = []
        while self.accept(","):
            items.append(self.expression())
        self.expect(closing)
        return items

    def _named(self) -> Node:
        word = self.token
        if word.text in CONSTANTS:
            self.advance()
            return self.add(tree.Literal(word.position, CONSTANTS[word.text]))
        if not self.grammar.negations and word.text == "not" and self.peek().text == "(":
            self.advance(2)
            operand = self.expression()
            self.expect(")")
            return self.add(tree.Unary(word.position, "not", operand))
        if call := self._call():
            return call
        if word.text in self.grammar.reserved or word.text in self.grammar.wrong:
            raise self.unexpected()
        self.advance()
        return self.add(tree.Name(word.position, word.text))

    def _call(self) -> Node | None:
        """Read a call; FEEL's names of functions have up to three words."""
        words: list[str] = []
        while self.peek(len(words)).kind is Kind.NAME and len(words) < 3:
            words.append(self.peek(len(words)).text)
        if self.peek(len(words)).text != "(" or self.peek(len(words)).kind is not Kind.SIGN:
            return None
        name = " ".join(words)
        name = ALIASES.get(name, name)
        if name not in FUNCTIONS:
            if len(words) > 1:
                return None
            raise ExpressionError(
                f"没有名为 {name} 的函数；可用的函数有 {'、'.join(FUNCTIONS)}",
                f"There is no function {name}; there are {', '.join(FUNCTIONS)}",
                self.token.position,
            )
        start = self.advance(len(words) + 1)
        arguments = () if self.accept(")") else (self.expression(), *self._rest(")"))
        return self.add(_checked_call(tree.Call(start.position, name, arguments)))

    def _found(self) -> tuple[str, str]:
        if self.token.kind is Kind.END:
            return "结尾", "the end"
        return f"“{self.token.text[:30]}”", f"“{self.token.text[:30]}”"


def _checked_call(call: tree.Call) -> Node:
    """Check the number of arguments; compute at once what depends on nothing else."""
    function = FUNCTIONS[call.function]
    given = len(call.arguments)
    if not function.least <= given <= function.most:
        raise ExpressionError(
            f"函数 {call.function} 需要 {function.least} 到 {function.most} 个参数，却有 {given} 个",
            f"The function {call.function} takes {function.least} to {function.most} arguments, not {given}",
            call.position,
        )
    fixed = [argument.value for argument in call.arguments if isinstance(argument, tree.Literal)]
    is_conversion = function.pure or (
        call.function == "date" and isinstance(fixed[0] if fixed else None, str)
    )
    if len(fixed) < given or not is_conversion or (None in fixed and not function.takes_null):
        return call
    try:
        return tree.Literal(call.position, applied(function, fixed, {}))
    except Fault as fault:
        raise fault.at(call.position) from None


def _check_ends(low: Node, high: Node, position: int) -> None:
    """Refuse a range that is written the wrong way round."""
    if not (isinstance(low, tree.Literal) and isinstance(high, tree.Literal)):
        return
    try:
        sign = operators.order(low.value, high.value)
    except Fault as fault:
        raise fault.at(position) from None
    if sign is None or sign > 0:
        raise ExpressionError(
            "区间的下限必须不大于上限", "The lower end of a range must not exceed the upper end", position
        )
