"""Checks the tables that Python asks by itself: every row and column it needs is there and usable."""

from collections.abc import Mapping
from dataclasses import replace

from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.decisions import Decision, DecisionFailed
from engine.bpmn.expressions import Value, ValueType, tree
from engine.durations import Duration
from engine.topics import TOPICS_FILE, AskedTable

ASKED_TABLE = Rule(
    "asked_table",
    "程序要查的决策表“{table}”不存在或有错误",
    "the table “{table}”, which the program asks, does not exist or has errors",
    "一同部署该 .dmn 文件，不要改决策的 id",
    "deploy its .dmn file too, and keep the id of the decision",
)
ASKED_ROW = Rule(
    "asked_row",
    "决策表“{table}”的“{row}”一行{zh}",
    "the row “{row}” of the table “{table}” {en}",
    '每条规则正好一行；次数写不小于 0 的整数，时长写 duration("PT2H")',
    'one row for each rule; a count is a whole number from 0, a span is written duration("PT2H")',
)
ASKED_COLUMN = Rule(
    "asked_column",
    "决策表“{table}”没有程序要查的“{column}”输出列，或这一列的类型不是 {type}",
    "the table “{table}” has no output “{column}”, which the program asks for, or its type is not {type}",
    "把这一列加回去：输出名称 {column}，类型 {type}",
    "put the column back: output name {column}, type {type}",
)
ASKED_CODE = Rule(
    "asked_code",
    "决策表“{table}”没有适用于“{code}”的一行，遇到它的单子会停住",
    "no row of the table “{table}” is for “{code}”; a case with it would stop",
    '加一行，输入列写 "{code}"',
    'add a row whose input is "{code}"',
)
ASKED_CELL = Rule(
    "asked_cell",
    "决策表“{table}”里“{code}”一行的“{column}”是空的，单子会停在要用它的地方",
    "“{column}” is empty in the row for “{code}” of the table “{table}”; a case would stop where it is used",
    "填上这一格",
    "fill the cell in",
)
ASKED_VALUE = Rule(
    "asked_value",
    "决策表“{table}”里“{code}”一行的“{column}”写的是“{value}”，平台不认得",
    "“{column}” in the row for “{code}” of the table “{table}” says “{value}”, which nothing knows",
    "写其中一个：{known}",
    "write one of {known}",
)
ASKED_ORDER = Rule(
    "asked_order",
    "决策表里“{small}”（{less}）大于“{large}”（{more}），互相矛盾",
    "“{small}” ({less}) is above “{large}” ({more}): they contradict each other",
    "把“{small}”改小，或把“{large}”改大",
    "make “{small}” smaller, or “{large}” greater",
)
_WORDS = {
    ValueType.NUMBER: ("没有给出一个不小于 0 的整数", "gives no whole number from 0"),
    ValueType.DURATION: ("没有给出一个时长", "gives no span of time"),
}


def check_asked(whole: Whole, report: Report) -> None:
    """Ask each table what Python will ask it."""
    for name, asked in whole.topics.tables.items():
        table = whole.decisions.get(name)
        if table is None:
            report.add(ASKED_TABLE, Place(TOPICS_FILE, name), table=name)
            continue
        place = Place(whole.decision_files[name], name)
        for column, kind in asked.columns.items():
            if table.outputs.get(column) is not kind:
                report.add(ASKED_COLUMN, place, table=name, column=column, type=kind.value)
        for code in _codes(whole, asked):
            _check_row(table, asked, code, place, report)
        for row, kind in asked.rows.items():
            words = _wrong(table, {asked.key: row}, kind)
            if words:
                report.add(ASKED_ROW, place, table=name, row=row, zh=words[0], en=words[1])
        _check_order(table, asked, place, report)


def _check_order(table: Decision, asked: AskedTable, place: Place, report: Report) -> None:
    """Check that no number of a row, or of two rows, is above one that it must not pass."""
    for rule in table.rules:
        given = table.written(rule)
        for small, others in asked.at_most.items():
            for large in others:
                _compare(given, small, large, replace(place, element_id=rule.id), report)
    rows = _one_answers(table, asked)
    for small, others in asked.rows_at_most.items():
        for large in others:
            rule_id = rows[large][0] if large in rows else place.element_id
            given = {name: answer for name, (_, answer) in rows.items()}
            _compare(given, small, large, replace(place, element_id=rule_id), report)


def _one_answers(table: Decision, asked: AskedTable) -> dict[str, tuple[str, Value]]:
    """Return for each row that Python needs which rule it is, and its one answer."""
    found: dict[str, tuple[str, Value]] = {}
    for row in asked.rows if asked.rows_at_most else ():
        try:
            result = table.evaluate({asked.key: row})
        except DecisionFailed:
            continue  # told by itself
        answers = [value for given in result.rows for value in given.values() if value is not None]
        if len(answers) == 1:
            found[row] = result.rules[0], answers[0]
    return found


def _compare(given: Mapping[str, Value], small: str, large: str, place: Place, report: Report) -> None:
    less, more = given.get(small), given.get(large)
    if isinstance(less, Duration) and isinstance(more, Duration):
        is_above = not less.months and not more.months and less.exact > more.exact
    else:
        numbers = [one for one in (less, more) if isinstance(one, int | float) and not isinstance(one, bool)]
        is_above = len(numbers) == 2 and numbers[0] > numbers[1]
    if is_above:
        report.add(ASKED_ORDER, place, small=small, less=less, large=large, more=more)


def _codes(whole: Whole, asked: AskedTable) -> tuple[str, ...]:
    """Return the codes that each need a row."""
    if not asked.codes_of:
        return asked.codes
    name, output = asked.codes_of
    listed = whole.decisions.get(name)
    if listed is None or output not in listed.outputs:
        return asked.codes
    place = list(listed.outputs).index(output)
    written = (rule.answers[place].tree for rule in listed.rules)
    found = (str(cell.value) for cell in written if isinstance(cell, tree.Literal))
    return tuple(dict.fromkeys([*asked.codes, *found]))


def _check_row(table: Decision, asked: AskedTable, code: str, place: Place, report: Report) -> None:
    """Check that a code has a row, and that what is needed of it stands there."""
    told = {"table": place.element_id, "code": code}
    try:
        result = table.evaluate({asked.key: code})
    except DecisionFailed:
        return  # told by itself where a row cannot be computed
    if not result.rows:
        report.add(ASKED_CODE, place, **told)
        return
    place = replace(place, element_id=result.rules[0] if result.rules else place.element_id)
    for row in result.rows:
        also = (column for column, where in asked.filled_where.items() if row.get(where) is True)
        needed = [*asked.filled, *also]
        for column in needed:
            if column in row and row[column] is None:
                report.add(ASKED_CELL, place, column=column, **told)
        for column, known in asked.among.items():
            if column in row and row[column] not in known:
                value = "—" if row[column] is None else str(row[column])
                report.add(ASKED_VALUE, place, column=column, value=value, known="、".join(known), **told)


def _wrong(table: Decision, values: dict[str, Value], kind: ValueType) -> tuple[str, str] | None:
    """Say what is wrong with the answer of a row."""
    try:
        rows = table.evaluate(values).rows
    except DecisionFailed as failed:
        return f"：{failed.zh}", f"cannot be computed: {failed.en}"
    answers = [value for row in rows for value in row.values() if value is not None]
    return None if len(answers) == 1 and _fits(answers[0], kind) else _WORDS[kind]


def _fits(value: Value, kind: ValueType) -> bool:
    if kind is ValueType.DURATION:
        return isinstance(value, Duration) and not value.months and not value.is_negative
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value >= 0
        and float(value).is_integer()
    )
