"""Checks the tables that Python asks by itself: every row and column it needs is there and usable."""

from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.decisions import Decision, DecisionFailed
from engine.bpmn.expressions import Value, ValueType
from engine.durations import Duration
from engine.topics import TOPICS_FILE

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
        for row, kind in asked.rows.items():
            words = _wrong(table, {asked.key: row}, kind)
            if words:
                report.add(ASKED_ROW, place, table=name, row=row, zh=words[0], en=words[1])


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
