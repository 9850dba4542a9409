"""Reads one decision table: its columns, its rows, and whether they fit each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from engine.bpmn.decisions.overlap import overlapping
from engine.bpmn.decisions.report import Report, text_of
from engine.bpmn.decisions.spans import check_span, results
from engine.bpmn.decisions.table import Aggregation, Decision, HitPolicy, Input, Output, Rule, typed
from engine.bpmn.expressions import (
    Expression,
    ExpressionError,
    UnaryTests,
    Value,
    ValueType,
    parse_feel,
    parse_unary,
)
from engine.bpmn.expressions.tree import INPUT, Binary, Items, Literal, Name, Range, children
from engine.bpmn.expressions.values import describe, fits
from engine.bpmn.xml import Element, local_name

MOST_RULES: Final = 2000
MOST_COLUMNS: Final = 50
MOST_OVERLAPS: Final = 20
TYPES: Final = {
    "": ValueType.ANY,
    "any": ValueType.ANY,
    "string": ValueType.CODE,
    "boolean": ValueType.BOOLEAN,
    "number": ValueType.NUMBER,
    "integer": ValueType.NUMBER,
    "long": ValueType.NUMBER,
    "double": ValueType.NUMBER,
    "date": ValueType.DATE,
    "datetime": ValueType.MOMENT,
    "date and time": ValueType.MOMENT,
    "daytimeduration": ValueType.DURATION,
    "yearmonthduration": ValueType.DURATION,
    "days and time duration": ValueType.DURATION,
    "years and months duration": ValueType.DURATION,
}
_WHOLE: Final = ("integer", "long")
_FEEL: Final = ("", "feel")


@dataclass(frozen=True)
class _Column:
    """A column, the element that says so, and the values that it may hold."""

    node: Element
    column: Input | Output
    allowed: UnaryTests | None


def read_table(node: Element, report: Report) -> Decision | None:
    """Read a decision; None when it has a problem, which is reported."""
    before = len(report.problems)
    table = next((child for child in node if local_name(child) == "decisionTable"), None)
    if not (node.get("id") or "").strip():
        report.add(node, "决策没有 id", "The decision has no id")
    if table is None:
        kinds = ", ".join(local_name(child) for child in node if local_name(child).endswith("Expression"))
        report.add(
            node,
            f"决策不是决策表{f'（而是 {kinds}）' if kinds else ''}；请改成决策表",
            f"The decision is no table{f' but a {kinds}' if kinds else ''}; make it a decision table",
        )
        return None
    policy, aggregation = _policy(table, report)
    inputs = [_input(child, report) for child in _named(table, "input")]
    outputs = [_output(child, report) for child in _named(table, "output")]
    rows = _named(table, "rule")
    _check_size(table, report, len(inputs) + len(outputs), len(rows))
    _check_outputs(table, [column.column for column in outputs], aggregation, report)
    if len(report.problems) > before:
        return None
    rules = [_rule(row, number, (inputs, outputs), report) for number, row in enumerate(rows, 1)]
    if len(report.problems) > before:
        return None
    decision = Decision(
        id=node.get("id", ""),
        name=node.get("name", "") or node.get("id", ""),
        hit_policy=policy,
        aggregation=aggregation,
        inputs=tuple(column.column for column in inputs if isinstance(column.column, Input)),
        columns=tuple(column.column for column in outputs if isinstance(column.column, Output)),
        rules=tuple(rules),
    )
    if policy is HitPolicy.UNIQUE:
        _check_overlaps(decision, rows, report)
    return decision


def _policy(table: Element, report: Report) -> tuple[HitPolicy, Aggregation | None]:
    written = table.get("hitPolicy") or "UNIQUE"
    aggregation = table.get("aggregation")
    if written not in list(HitPolicy):
        report.add(
            table,
            f"不支持命中策略 {written}；请用 UNIQUE、FIRST 或 COLLECT",
            f"The hit policy {written} is not supported; use UNIQUE, FIRST or COLLECT",
        )
        return HitPolicy.UNIQUE, None
    if aggregation and (written != "COLLECT" or aggregation not in list(Aggregation)):
        report.add(
            table,
            f"命中策略 {written} 不能带汇总 {aggregation}；只有 COLLECT 可以带 SUM、MIN、MAX、COUNT",
            f"The hit policy {written} takes no {aggregation}; only COLLECT takes SUM, MIN, MAX, COUNT",
        )
        return HitPolicy(written), None
    return HitPolicy(written), Aggregation(aggregation) if aggregation else None


def _input(node: Element, report: Report) -> _Column:
    asked = next(iter(_named(node, "inputExpression")), node)
    text = text_of(asked) if asked is not node else ""
    label = node.get("label") or text.strip()
    expression: Expression | None = None
    if not text.strip():
        report.add(node, f"输入列“{label}”没有表达式", f"The input column “{label}” has no expression")
    elif any(name.endswith("inputVariable") for name in map(str, node.attrib)):
        report.add(
            node,
            "不支持 inputVariable；单元格里请用 ?",
            "inputVariable is not supported; write ? in the cells",
        )
    else:
        _check_language(asked, report)
        expression = report.attempt(asked, lambda: parse_feel(text))
    value_type, is_whole = _type(asked, report)
    column = Input(
        node.get("id", ""), label, expression or parse_feel("null"), value_type, _type_ref(asked), is_whole
    )
    return _Column(node, column, _allowed(node, "inputValues", report))


def _output(node: Element, report: Report) -> _Column:
    name = (node.get("name") or "").strip()
    if not _is_name(name):
        report.add(
            node,
            f"输出列的名称“{name}”不能作变量名；请用字母、数字和下划线",
            f"The output name “{name}” is no variable name; use letters, digits and underscores",
        )
    value_type, _ = _type(node, report)
    output = Output(node.get("id", ""), name, value_type, _type_ref(node))
    return _Column(node, output, _allowed(node, "outputValues", report))


def _is_name(text: str) -> bool:
    """Tell whether other expressions can refer to an output of this name."""
    try:
        return isinstance(parse_feel(text).tree, Name)
    except ExpressionError:
        return False


def _rule(row: Element, number: int, columns: tuple[list[_Column], list[_Column]], report: Report) -> Rule:
    inputs, outputs = columns
    tests, answers = _named(row, "inputEntry"), _named(row, "outputEntry")
    if (len(tests), len(answers)) != (len(inputs), len(outputs)):
        report.add(
            row,
            f"第 {number} 行的单元格数与列数不符",
            f"Row {number} has not as many cells as there are columns",
        )
        return Rule("", number, (), ())
    return Rule(
        id=row.get("id") or f"row_{number}",
        number=number,
        tests=tuple(_test(cell, column, report) for cell, column in zip(tests, inputs, strict=True)),
        answers=tuple(_answer(cell, column, report) for cell, column in zip(answers, outputs, strict=True)),
    )


def _test(cell: Element, column: _Column, report: Report) -> UnaryTests:
    _check_language(cell, report)
    tests = report.attempt(cell, lambda: parse_unary(text_of(cell)))
    if tests is None:
        return parse_unary("-")
    for value, is_exact in _written(tests):
        if not fits(value, column.column.type):
            _report_misfit(cell, value, column, report)
            break
        if not check_span(cell, value, column.column.type_ref, report):
            break
        if is_exact and value is not None and not _is_allowed(value, column):
            _report_unlisted(cell, value, column, report)
    return tests


def _answer(cell: Element, column: _Column, report: Report) -> Expression:
    _check_language(cell, report)
    text = text_of(cell).strip() or "null"
    answer = report.attempt(cell, lambda: parse_feel(text))
    if answer is None or not isinstance(answer.tree, Literal):
        for one in results(answer.tree) if answer else ():
            if not check_span(cell, one, column.column.type_ref, report):
                break
        return answer or parse_feel("null")
    written = answer.tree.value
    value = report.attempt(cell, lambda: typed(written, column.column.type))
    if not check_span(cell, value, column.column.type_ref, report):
        return answer
    if value is not None and not _is_allowed(value, column):
        _report_unlisted(cell, value, column, report)
    return Expression(text, Literal(0, value))


def _written(tests: UnaryTests) -> Iterator[tuple[Value, bool]]:
    """Yield the literals that a cell compares its input with, and whether for equality."""
    for test in tests.tests:
        if isinstance(test, Binary) and isinstance(test.left, Name) and test.left.name == INPUT:
            parts = children(test.right) if isinstance(test.right, (Range, Items)) else (test.right,)
            is_exact = test.operator == "==" or isinstance(test.right, Items)
            yield from ((part.value, is_exact) for part in parts if isinstance(part, Literal))


def _is_allowed(value: Value, column: _Column) -> bool:
    return column.allowed is None or column.allowed.matches(value, {})


def _allowed(node: Element, tag: str, report: Report) -> UnaryTests | None:
    found = next(iter(_named(node, tag)), None)
    if found is None or not text_of(found).strip():
        return None
    allowed = report.attempt(found, lambda: parse_unary(text_of(found)))
    if allowed is not None and allowed.names:
        report.add(
            found,
            "允许值只能是固定值；文本请加双引号",
            "Allowed values are fixed; texts stand in double quotes",
        )
        return None
    return allowed


def _type_ref(node: Element) -> str:
    return (node.get("typeRef") or "").removeprefix("feel:").lower()


def _type(node: Element, report: Report) -> tuple[ValueType, bool]:
    written = (node.get("typeRef") or "").removeprefix("feel:")
    if _type_ref(node) not in TYPES:
        report.add(
            node,
            f"不认识类型 {written}；请用 string、number、boolean、date、dateTime 或 dayTimeDuration",
            f"The type {written} is unknown; use string, number, boolean, date, dateTime or dayTimeDuration",
        )
    return TYPES.get(_type_ref(node), ValueType.ANY), _type_ref(node) in _WHOLE


def _check_language(node: Element, report: Report) -> None:
    language = (node.get("expressionLanguage") or "").rstrip("/").rpartition("/")[2].lower()
    if language not in _FEEL:
        report.add(
            node, f"不支持表达式语言 {language}；请用 FEEL", f"The language {language} is not read; use FEEL"
        )


def _check_size(table: Element, report: Report, columns: int, rules: int) -> None:
    if columns > MOST_COLUMNS:
        report.add(
            table,
            f"列数 {columns} 超过 {MOST_COLUMNS}",
            f"There are {columns} columns, more than {MOST_COLUMNS}",
        )
    if rules > MOST_RULES:
        report.add(
            table, f"行数 {rules} 超过 {MOST_RULES}", f"There are {rules} rows, more than {MOST_RULES}"
        )
    if not rules:
        report.add(table, "决策表没有规则", "The table has no rules")


def _check_outputs(
    table: Element, columns: Sequence[Input | Output], aggregation: Aggregation | None, report: Report
) -> None:
    outputs = [column for column in columns if isinstance(column, Output)]
    names = [column.name for column in outputs]
    if not outputs:
        report.add(table, "决策表没有输出列", "The table has no output")
    if len(set(names)) < len(names):
        report.add(table, "输出列的名称重复", "Two outputs have the same name")
    is_summable = len(outputs) == 1 and (
        aggregation is not Aggregation.SUM or outputs[0].type in (ValueType.NUMBER, ValueType.ANY)
    )
    if aggregation is not None and not is_summable:
        report.add(
            table,
            f"汇总 {aggregation} 只能用于一个输出列，SUM 要求数字",
            f"{aggregation} aggregates a single output, SUM one of numbers",
        )


def _check_overlaps(decision: Decision, rows: Sequence[Element], report: Report) -> None:
    for first, second in islice(overlapping(decision.inputs, decision.rules), MOST_OVERLAPS):
        report.add(
            rows[second.number - 1],
            f"第 {first.number} 行与第 {second.number} 行可能同时匹配（{first.id}、{second.id}）；"
            "请修改条件使其互斥，或把命中策略改为 FIRST",
            f"Rows {first.number} and {second.number} can match at once ({first.id}, {second.id}); "
            "make them exclusive, or use hit policy FIRST",
        )


def _report_misfit(cell: Element, value: Value, column: _Column, report: Report) -> None:
    zh, en = describe(value)
    report.add(
        cell,
        f"“{text_of(cell)[:60]}”是{zh}，这一列的类型却是 {column.column.type}，永远不会匹配",
        f"“{text_of(cell)[:60]}” is {en} in a column of {column.column.type}; it would never match",
    )


def _report_unlisted(cell: Element, value: Value, column: _Column, report: Report) -> None:
    allowed = column.allowed.text if column.allowed else ""
    report.add(
        cell,
        f"“{value}”不在这一列的允许值（{allowed[:200]}）之内",
        f"“{value}” is not among the allowed values of the column ({allowed[:200]})",
    )


def _named(node: Element, name: str) -> list[Element]:
    return [child for child in node if local_name(child) == name]
