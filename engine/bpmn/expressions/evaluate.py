"""The one evaluator: turns a syntax tree into a closure once, so that evaluating is only calling."""

from collections.abc import Callable
from functools import singledispatch
from typing import Final

from engine.bpmn.expressions import operators
from engine.bpmn.expressions.errors import ExpressionError, Fault
from engine.bpmn.expressions.functions import FUNCTIONS, Function
from engine.bpmn.expressions.operators import Values
from engine.bpmn.expressions.tree import Binary, Call, Choice, Item, Items, Literal, Name, Node, Range, Unary
from engine.bpmn.expressions.values import Value, checked, describe

Run = Callable[[Values], Value]


@singledispatch
def compiled(node: Node) -> Run:
    """Compile a tree; the closure raises nothing but ExpressionError."""
    raise TypeError(node)


@compiled.register(Literal)
def _literal(node: Literal) -> Run:
    value = node.value
    return lambda _: value


@compiled.register(Items)
def _list(node: Items) -> Run:
    items = tuple(compiled(item) for item in node.items)
    return lambda values: [item(values) for item in items]


@compiled.register(Range)
def _range(node: Range) -> Run:
    raise ExpressionError("区间只能写在 in 的右边", "A range stands right of `in` only", node.position)


@compiled.register(Name)
def _name(node: Name) -> Run:
    name, position = node.name, node.position

    def run(values: Values) -> Value:
        try:
            return checked(values.get(name))
        except Fault as fault:
            raise fault.at(position) from None

    return run


@compiled.register(Item)
def _item(node: Item) -> Run:
    base, key, first, position = compiled(node.base), compiled(node.key), node.first, node.position

    def run(values: Values) -> Value:
        try:
            return checked(_picked(base(values), key(values), first))
        except Fault as fault:
            raise fault.at(position) from None

    return run


def _picked(whole: Value, key: Value, first: int) -> Value:
    if whole is None or key is None:
        return None
    if isinstance(whole, dict) and isinstance(key, str):
        return whole.get(key)
    if isinstance(whole, (list, tuple)) and type(key) is int:
        index = key - first if key >= 0 else key + len(whole)
        return whole[index] if 0 <= index < len(whole) else None
    zh, en = describe(whole)
    raise Fault(
        f"{zh}没有这样的成员；只有对象可以用 .名称，列表可以用 [序号]",
        f"{en} has no such member; objects have .name, lists have [index]".capitalize(),
    )


@compiled.register(Unary)
def _unary(node: Unary) -> Run:
    operand, position = compiled(node.operand), node.position
    apply = operators.negated if node.operator == "-" else _not

    def run(values: Values) -> Value:
        value = operand(values)
        try:
            return apply(value)
        except Fault as fault:
            raise fault.at(position) from None

    return run


def _not(value: Value) -> Value:
    known = operators.truth(value)
    return None if known is None else not known


@compiled.register(Binary)
def _binary(node: Binary) -> Run:
    if node.operator in operators.ARITHMETIC:
        return _arithmetic(node)
    if node.operator in operators.ORDERINGS:
        return _ordering(node)
    if node.operator in ("and", "or"):
        return _logical(node, decisive=node.operator == "or")
    if node.operator in ("==", "!="):
        return _equality(node, wanted=node.operator == "==")
    return _membership(node)


def _logical(node: Binary, *, decisive: bool) -> Run:
    """Compile `and`, decided by one false, or `or`, decided by one true; undecided with a null gives null."""
    left, right = compiled(node.left), compiled(node.right)
    left_position, right_position = node.left.position, node.right.position

    def run(values: Values) -> Value:
        first = left(values)
        if first is decisive:
            return decisive
        second = right(values)
        position = left_position
        try:
            first = operators.truth(first)
            position = right_position
            second = operators.truth(second)
        except Fault as fault:
            raise fault.at(position) from None
        return decisive if second is decisive else None if first is None else second

    return run


def _equality(node: Binary, *, wanted: bool) -> Run:
    left, right, position = compiled(node.left), compiled(node.right), node.position
    equal = operators.equal

    def run(values: Values) -> Value:
        one, other = left(values), right(values)
        try:
            return equal(one, other) is wanted
        except Fault as fault:
            raise fault.at(position) from None

    return run


def _ordering(node: Binary) -> Run:
    left, right, position = compiled(node.left), compiled(node.right), node.position
    holds = operators.ORDERINGS[node.operator]

    def run(values: Values) -> Value:
        one, other = left(values), right(values)
        try:
            sign = operators.order(one, other)
        except Fault as fault:
            raise fault.at(position) from None
        return None if sign is None else holds(sign)

    return run


def _membership(node: Binary) -> Run:
    left, inside, position = compiled(node.left), _inside(node.right), node.position
    is_negated = node.operator == "not in"

    def run(values: Values) -> Value:
        value = left(values)
        try:
            found = inside(value, values)
        except Fault as fault:
            raise fault.at(position) from None
        return not found if is_negated and found is not None else found

    return run


def _inside(node: Node) -> Callable[[Value, Values], bool | None]:
    if not isinstance(node, Range):
        items = compiled(node)
        return lambda value, values: operators.is_in(value, items(values))
    low, high, low_open, high_open = compiled(node.low), compiled(node.high), node.low_open, node.high_open
    return lambda value, values: operators.in_range(value, low(values), high(values), low_open, high_open)


def _arithmetic(node: Binary) -> Run:
    left, right, position = compiled(node.left), compiled(node.right), node.position
    apply = operators.ARITHMETIC[node.operator]

    def run(values: Values) -> Value:
        one, other = left(values), right(values)
        if one is None or other is None:
            return None
        try:
            return apply(one, other, values)
        except Fault as fault:
            raise fault.at(position) from None

    return run


@compiled.register(Choice)
def _choice(node: Choice) -> Run:
    test, yes, no = compiled(node.test), compiled(node.yes), compiled(node.no)
    position = node.test.position

    def run(values: Values) -> Value:
        chosen = test(values)
        if chosen is not True and chosen is not False:
            zh, en = describe(chosen)
            raise ExpressionError(
                f"选择的条件必须是 true 或 false，而不是{zh}",
                f"The test of a choice must be true or false, not {en}",
                position,
            )
        return yes(values) if chosen else no(values)

    return run


@compiled.register(Call)
def _call(node: Call) -> Run:
    function: Final = FUNCTIONS[node.function]
    arguments, position = tuple(compiled(argument) for argument in node.arguments), node.position

    def run(values: Values) -> Value:
        given = [argument(values) for argument in arguments]
        if not function.takes_null and None in given:
            return None
        try:
            return applied(function, given, values)
        except Fault as fault:
            raise fault.at(position) from None

    return run


def applied(function: Function, given: list[Value], values: Values) -> Value:
    """Call a function; only impure ones see what surrounds them."""
    return function.call(*given) if function.pure else function.call(values, *given)
