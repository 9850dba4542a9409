"""Checks the types of expressions: what a step waits for is a time, what a flow asks is yes or no."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from engine.bpmn.check.expressions import ASKS, PRIORITY, RANK, Compiled, Use
from engine.bpmn.check.gateways import DECIDING
from engine.bpmn.check.model import Node, Process
from engine.bpmn.check.names import Names, crossings, local
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.expressions import Expression, TimerExpression, ValueType, tree
from engine.bpmn.expressions.operators import ARITHMETIC, ORDERINGS
from engine.bpmn.expressions.values import type_of
from engine.bpmn.steps import PRIORITIES, RANKS

Types: TypeAlias = Mapping[str, ValueType]

NOT_BOOLEAN = Rule(
    "not_boolean",
    "“{name}”的{what_zh}“{text}”是{kind_zh}，永远不会是 true 或 false",
    "{what_en} of “{name}” (“{text}”) is {kind_en}, never true or false",
    "写出比较，例如 ${{amount > 100}}",
    "write a comparison, such as ${{amount > 100}}",
)
NO_MOMENT = Rule(
    "no_moment",
    "“{name}”的{what_zh}“{text}”是{kind_zh}，不是时长或时间点",
    "{what_en} of “{name}” (“{text}”) is {kind_en}, no duration and no moment",
    "写成时长（PT30M），或用类型为 duration、moment 的变量",
    "write a duration (PT30M), or use a variable of the type duration or moment",
)
NO_RANK = Rule(
    "no_rank",
    "“{name}”的{what_zh}“{text}”不是 0 到 9 的整数",
    "{what_en} of “{name}” (“{text}”) is no whole number from 0 to 9",
    "写 0 到 9 的整数：0 最急，一般为 2",
    "write a whole number from 0 to 9: 0 is most urgent, 2 is normal",
)
NO_PRIORITY = Rule(
    "no_priority",
    "“{name}”的{what_zh}“{text}”不是整数",
    "{what_en} of “{name}” (“{text}”) is no whole number",
    "写 32 位以内的整数：越大越先，不写是 0",
    "write a whole number of at most 32 bits: the greater, the sooner; without one it is 0",
)
UNLIKE = Rule(
    "unlike",
    "“{name}”的{what_zh}“{text}”拿{left_zh}与{right_zh}比较（{operator}）",
    "{what_en} of “{name}” (“{text}”) compares {left_en} with {right_en} ({operator})",
    "两边用同一类型；代码写在引号里并用 == 比较",
    "have the same type on both sides; codes stand in quotes and are compared with ==",
)
NO_NUMBERS = Rule(
    "no_numbers",
    "“{name}”的{what_zh}“{text}”拿{kind_zh}来计算（{operator}）",
    "{what_en} of “{name}” (“{text}”) reckons with {kind_en} ({operator})",
    "只用数字、时长、日期和时间点计算",
    "reckon with numbers, durations, dates and moments only",
)
NO_SUCH_OPTION = Rule(
    "no_such_option",
    "“{name}”的{what_zh}把“{variable}”与“{value}”比较，但表单的选项只有：{options}",
    "{what_en} of “{name}” compares “{variable}” with “{value}”; the options of the form are {options}",
    "改成其中一个选项的值，或在表单中加上这个选项",
    "write the value of one of the options, or add it to the form",
)
# What is a whole number, and which it may be.
_WHOLE = ((RANK, NO_RANK, RANKS), (PRIORITY, NO_PRIORITY, PRIORITIES))
_NO_TIMES = frozenset({ValueType.NUMBER, ValueType.BOOLEAN, ValueType.LIST, ValueType.DATE})
_UNORDERED = frozenset({ValueType.BOOLEAN, ValueType.LIST})
_NEVER_RECKONED = frozenset({ValueType.CODE, ValueType.BOOLEAN, ValueType.LIST})
_WORDS: Mapping[ValueType, tuple[str, str]] = {
    ValueType.CODE: ("代码（文本）", "a code"),
    ValueType.NUMBER: ("数字", "a number"),
    ValueType.BOOLEAN: ("是/否值", "a boolean"),
    ValueType.MOMENT: ("时间点", "a moment"),
    ValueType.DATE: ("日期", "a date"),
    ValueType.DURATION: ("时长", "a duration"),
    ValueType.LIST: ("列表", "a list"),
}
_RESULTS: Mapping[str, ValueType] = {
    **dict.fromkeys(("size", "abs", "sum", "round", "floor", "ceiling"), ValueType.NUMBER),
    **dict.fromkeys(("year", "month", "day", "weekday", "hour", "minute"), ValueType.NUMBER),
    **dict.fromkeys(("days", "hours", "minutes"), ValueType.NUMBER),
    **dict.fromkeys(("contains", "starts_with", "ends_with", "empty", "is_defined"), ValueType.BOOLEAN),
    **dict.fromkeys(("upper", "lower"), ValueType.CODE),
    **dict.fromkeys(("now", "moment"), ValueType.MOMENT),
    **dict.fromkeys(("today", "date"), ValueType.DATE),
    "duration": ValueType.DURATION,
}


def check_types(names: Names, uses: Sequence[Use], report: Report) -> None:
    """Check every expression against the declared types of the variables that it reads."""
    handed_in = _handed_in(names)
    for use in uses:
        process = use.process
        if process.id in names.unsure:
            continue
        hidden = use.also | (local(use.node) if use.node else frozenset())
        types = {key: kind for key, kind in _types(names, process).items() if key not in hidden}
        expression = use.compiled.expression if isinstance(use.compiled, TimerExpression) else use.compiled
        if expression is None:
            continue
        _check_result(use, kind_of(expression.tree, types), report)
        for node in tree.walk(expression.tree):
            if isinstance(node, tree.Binary):
                _check_comparison(use, node, types, report)
                _check_reckoning(use, node, types, report)
                for variable, value in _compared(node):
                    is_handed_in = variable in handed_in.get(process.id, frozenset())
                    options = _options_before(names, use.node, variable)
                    if not options and not is_handed_in:
                        options = _options(names, process, variable)
                    if variable not in hidden:
                        _check_option(use, variable, value, options, report)


def kind_of(node: tree.Node, types: Types) -> ValueType:
    """Tell which type the value of a tree has, null apart; ANY where that is not certain."""
    kind = ValueType.ANY
    match node:
        case tree.Literal(value=value):
            kind = type_of(value)
        case tree.Name(name=name):
            kind = types.get(name, kind)
        case tree.Items():
            kind = ValueType.LIST
        case tree.Unary(operator=operator):
            kind = ValueType.NUMBER if operator == "-" else ValueType.BOOLEAN
        case tree.Choice(yes=yes, no=no):
            kind = _common((yes, no), types)
        case tree.Call(function="coalesce", arguments=arguments):
            kind = _common(arguments, types)
        case tree.Call(function=function):
            kind = _RESULTS.get(function, kind)
        case tree.Binary(operator=operator) if operator not in ARITHMETIC:
            kind = ValueType.BOOLEAN
        case tree.Binary(left=left, right=right):
            is_number = _common((left, right), types) is ValueType.NUMBER
            kind = ValueType.NUMBER if is_number else kind
    return kind


def _common(nodes: Sequence[tree.Node], types: Types) -> ValueType:
    kinds = {kind_of(node, types) for node in nodes}
    return kinds.pop() if len(kinds) == 1 else ValueType.ANY


def _types(names: Names, process: Process) -> Types:
    return {
        variable: next(iter(kinds))
        for variable, kinds in names.produced[process.id].items()
        if len(kinds) == 1
    }


def _check_result(use: Use, kind: ValueType, report: Report) -> None:
    for what, rule, among in _WHOLE:
        if use.what is what:
            if kind not in (ValueType.NUMBER, ValueType.ANY) or _is_outside(use.compiled, among):
                report.add(rule, use.place, **_told(use), text=use.compiled.text)
            return
    is_time = isinstance(use.compiled, TimerExpression)
    if is_time and kind in _NO_TIMES:
        rule = NO_MOMENT
    elif use.what in ASKS and kind not in (ValueType.BOOLEAN, ValueType.ANY):
        rule = NOT_BOOLEAN
    else:
        return
    words = {"kind_zh": _WORDS[kind][0], "kind_en": _WORDS[kind][1], "text": use.compiled.text}
    report.add(rule, use.place, **_told(use), **words)


def _is_outside(compiled: Compiled, among: range) -> bool:
    written = compiled.tree if isinstance(compiled, Expression) else None
    if not isinstance(written, tree.Literal):
        return False
    return not isinstance(written.value, int) or written.value not in among


def _check_comparison(use: Use, node: tree.Binary, types: Types, report: Report) -> None:
    if node.operator not in ORDERINGS and node.operator not in ("==", "!="):
        return
    left, right = kind_of(node.left, types), kind_of(node.right, types)
    if ValueType.ANY in (left, right):
        return
    if left is right and not (node.operator in ORDERINGS and left in _UNORDERED):
        return
    words = {"left_zh": _WORDS[left][0], "left_en": _WORDS[left][1], "text": use.compiled.text}
    words |= {"right_zh": _WORDS[right][0], "right_en": _WORDS[right][1], "operator": node.operator}
    report.add(UNLIKE, use.place, **_told(use), **words)


def _check_reckoning(use: Use, node: tree.Binary, types: Types, report: Report) -> None:
    """Refuse to reckon with what is no number: a text times a number is never repeated."""
    if node.operator not in ARITHMETIC:
        return
    for kind in (kind_of(node.left, types), kind_of(node.right, types)):
        if kind in _NEVER_RECKONED:
            words = {"kind_zh": _WORDS[kind][0], "kind_en": _WORDS[kind][1], "text": use.compiled.text}
            report.add(NO_NUMBERS, use.place, **_told(use), **words, operator=node.operator)
            return


def _compared(node: tree.Binary) -> Iterator[tuple[str, str]]:
    """Yield the variables that are compared with written codes, and these codes."""
    if node.operator not in ("==", "!=", "in", "not in"):
        return
    for one, other in ((node.left, node.right), (node.right, node.left)):
        codes = other.items if isinstance(other, tree.Items) else (other,)
        for code in codes:
            if isinstance(one, tree.Name) and isinstance(code, tree.Literal) and isinstance(code.value, str):
                yield one.name, code.value


def _check_option(use: Use, variable: str, value: str, options: frozenset[str], report: Report) -> None:
    if options and value not in options:
        listed = "、".join(sorted(options))
        report.add(NO_SUCH_OPTION, use.place, variable=variable, value=value, options=listed, **_told(use))


def _options_before(names: Names, gateway: Node | None, variable: str) -> frozenset[str]:
    """Collect the options of the forms right before a gateway; none where anything else may set it."""
    if gateway is None or gateway.kind not in DECIDING or not gateway.incoming:
        return frozenset()
    found = [_options_at(names, flow.source, variable) for flow in gateway.incoming]
    return frozenset().union(*found) if all(found) else frozenset()


def _options(names: Names, process: Process, variable: str) -> frozenset[str]:
    """Collect the options of the forms that set a variable; none where anything else sets it."""
    found = [
        _options_at(names, node, variable) for node in process.nodes() if variable in names.outputs[node]
    ]
    return frozenset().union(*found) if all(found) else frozenset()


def _options_at(names: Names, node: Node, variable: str) -> frozenset[str]:
    """Return what a step's form lets somebody choose for a variable; none where it is not surely that."""
    if node.kind != "userTask" or variable not in names.outputs[node]:
        return frozenset()
    form = names.whole.forms.get(node.camunda("formRef"))
    field = form.fields.get(variable) if form else None
    is_set_again = form is not None and variable in names.whole.topics.set_by(form.on_complete)
    if field is None or field.options_key or is_set_again or node.loop is not None:
        return frozenset()
    return frozenset(option.value for option in field.options)


def _handed_in(names: Names) -> Mapping[str, frozenset[str]]:
    """Collect what calls hand to each process."""
    found: dict[str, frozenset[str]] = {}
    for process in names.whole.processes.values():
        for node in process.nodes():
            if node.kind == "callActivity":
                called = node.element.get("calledElement", "")
                targets = {entry.get("target", "").strip() for entry in crossings(node, "in")}
                found[called] = found.get(called, frozenset()) | targets
    return found


def _told(use: Use) -> dict[str, str]:
    name = use.node.label if use.node else use.process.name or use.process.id
    return {"name": name, "what_zh": use.what[0], "what_en": use.what[1]}
