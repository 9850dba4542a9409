"""Checks what diagrams refer to: decision tables, escalation ladders, forms and topics."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from engine.bpmn.check.model import line_of
from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.decisions import Decision, DecisionFailed, DecisionsRefused, Result, read_decisions
from engine.bpmn.expressions import tree
from engine.bpmn.loader import read_xml
from engine.check_problem import DeploymentRefused, Severity
from engine.durations import Duration
from engine.escalation import ASSIGNEE, LADDER_DECISION, AroundDue, LadderBroken, Rung, parse_ladder
from engine.forms import Form, read_form
from engine.topics import TOPICS_FILE, Completion, Topics

TABLE = Rule(
    "table",
    "{zh}",
    "{en}",
    "在 Camunda Modeler 或决策表编辑器中改正并保存",
    "correct it with Camunda Modeler or the table editor",
)
DUPLICATE_KEY = Rule(
    "duplicate_key",
    "{what_zh} id“{id}”已在文件“{other}”中使用",
    "the {what_en} id “{id}” is used in the file “{other}” already",
    "给其中一个换一个 id",
    "give one of them another id",
)
FORM_TOPIC = Rule(
    "form_topic",
    "表单“{form}”的 {key}“{topic}”没有在 topics.toml 中声明",
    "{key} “{topic}” of the form “{form}” is not declared in topics.toml",
    "改用已声明的名称，或删去 {key}",
    "use a name that is declared, or remove {key}",
)
FORM_ANSWERS = Rule(
    "form_answers",
    "表单“{form}”没有字段“{fields}”，而“{topic}”会用到它们",
    "the form “{form}” lacks the fields “{fields}” that “{topic}” knows",
    "确认不再需要，或加回这些字段",
    "make sure that they are not needed, or add them again",
    Severity.WARNING,
)
FORM_OUTCOMES = Rule(
    "form_outcomes",
    "表单“{form}”的“{values}”是“{topic}”不认识的办理结果",
    "the form “{form}” offers the outcome “{values}”, which “{topic}” does not know",
    "改回它认识的结果（{known}）；只给网关判断的选项请另设一个字段，并勾选为流程变量",
    "use an outcome that it knows ({known}); for a choice that only a gateway reads add another field, "
    "marked as a process variable",
)
_OUTCOME = "outcome"  # the answer that says how a step ended
LADDER = Rule(
    "ladder",
    "升级阶梯“{ladder}”：{zh}",
    "escalation ladder “{ladder}”: {en}",
    "列 level 写 1 到 9，after 写 80% 或 PT20M，notify 和 widen 写岗位代码",
    "level is 1 to 9, after 80% or PT20M, notify and widen are posts",
)


LADDER_ORDER = Rule(
    "ladder_order",
    "升级阶梯“{ladder}”第 {level} 级（{at}）比第 {lower} 级（{before}）还早",
    "level {level} of the escalation ladder “{ladder}” ({at}) comes before level {lower} ({before})",
    "级别越高时间越晚：改 after，或对调 level",
    "the higher the level, the later: change after, or swap the levels",
)
NO_PYTHON = Rule(
    "no_python",
    "{kind}“{name}”没有对应的程序",
    "there is no Python behind the {kind} “{name}”",
    "检查拼写；新主题要先由开发人员编写程序",
    "check the spelling; a new topic first needs a developer",
)


def add_table(whole: Whole, resource: str, content: bytes, report: Report) -> None:
    """Read the decisions of a file and note what is wrong with them.

    Raises:
        FileRefused: XML that is not read at all.
    """
    root = read_xml(content)
    lines = {element.get("id", ""): line_of(element) for element in root.iter()}
    try:
        decisions = read_decisions(content)
    except DecisionsRefused as refused:
        for problem in refused.problems:
            place = Place(resource, problem.element_id, lines.get(problem.element_id, 0))
            report.add(TABLE, place, zh=problem.zh, en=problem.en)
        return
    for decision in decisions:
        place = Place(resource, decision.id, lines.get(decision.id, 0))
        if decision.id in whole.decisions:
            other = whole.decision_files[decision.id]
            report.add(DUPLICATE_KEY, place, what_zh="决策", what_en="decision", id=decision.id, other=other)
            continue
        whole.decisions[decision.id] = decision
        whole.decision_files[decision.id] = resource
        if decision.id == LADDER_DECISION:
            whole.ladders = _check_ladders(whole, place, decision, report)


def _check_ladders(whole: Whole, place: Place, decision: Decision, report: Report) -> frozenset[str]:
    ladders = _ladder_names(decision)
    posts = whole.surroundings.groups | {ASSIGNEE}
    for ladder in sorted(ladders):
        try:
            result = decision.evaluate({"ladder": ladder})
            rungs = parse_ladder(result.rows)
        except (LadderBroken, DecisionFailed) as error:
            report.add(LADDER, place, ladder=ladder, zh=error.zh, en=error.en)
            continue
        for post in sorted({post for rung in rungs for post in _posts(rung)} - posts):
            words = {"zh": f"岗位“{post}”不存在", "en": f"there is no post “{post}”"}
            report.add(LADDER, place, ladder=ladder, **words)
        _check_order(ladder, rungs, result, place, report)
    return ladders


def _check_order(ladder: str, rungs: tuple[Rung, ...], result: Result, place: Place, report: Report) -> None:
    """Check that no level comes before a lower one, as far as their times are of one kind."""
    rows = {
        int(float(str(row["level"]))): (rule, row["after"])
        for rule, row in zip(result.rules, result.rows, strict=True)
    }
    for lower, rung in pairwise(rungs):
        if _is_before(rung.after, lower.after):
            rule, at = rows[rung.level]
            words = {"level": rung.level, "at": at, "lower": lower.level, "before": rows[lower.level][1]}
            report.add(LADDER_ORDER, replace(place, element_id=rule), ladder=ladder, **words)


def _is_before(one: object, other: object) -> bool:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one < other
    if isinstance(one, AroundDue) and isinstance(other, AroundDue):
        return one.offset < other.offset
    if isinstance(one, Duration) and isinstance(other, Duration):
        return not one.months and not other.months and one.exact < other.exact
    return False


def _ladder_names(decision: Decision) -> frozenset[str]:
    """Collect the texts that the column `ladder` compares with."""
    columns = [index for index, column in enumerate(decision.inputs) if column.expression.text == "ladder"]
    nodes = (
        node
        for rule in decision.rules
        for index in columns
        for test in rule.tests[index].tests
        for node in tree.walk(test)
    )
    return frozenset(
        node.value for node in nodes if isinstance(node, tree.Literal) and isinstance(node.value, str)
    )


def _posts(rung: Rung) -> tuple[str, ...]:
    return (*rung.notify, rung.widen) if rung.widen else rung.notify


def add_topics(whole: Whole, content: bytes, report: Report) -> None:
    """Read topics.toml and compare it with the Python behind it."""
    whole.has_topics = True
    try:
        whole.topics = Topics.parse(content)
    except DeploymentRefused as refused:
        report.listed.extend(refused.problems)
        return
    library = whole.surroundings.library
    if library is None:
        return
    pairs = (
        ("handler", whole.topics.handlers(), library.handlers),
        ("completion", whole.topics.completions, library.completions),
        ("form_data", whole.topics.form_data, library.form_data),
    )
    for kind, declared, offered in pairs:
        for name in sorted(set(declared) - offered.keys()):
            report.add(NO_PYTHON, Place(TOPICS_FILE, name), kind=kind, name=name)


def add_form(whole: Whole, resource: str, content: bytes, report: Report) -> None:
    """Read a form and note what is wrong with it."""
    form, problems = read_form(resource, content)
    report.listed.extend(problems)
    if form is None:
        return
    if form.id in whole.forms:
        words = {"what_zh": "表单", "what_en": "form", "id": form.id, "other": whole.form_files[form.id]}
        report.add(DUPLICATE_KEY, Place(resource, form.id), **words)
        return
    whole.forms[form.id] = form
    whole.form_files[form.id] = resource
    _check_topics(whole, Place(resource, form.id), form, report)


def _check_topics(whole: Whole, place: Place, form: Form, report: Report) -> None:
    topics = whole.topics
    if form.on_open and form.on_open not in topics.form_data:
        report.add(FORM_TOPIC, place, form=form.id, key="on_open", topic=form.on_open)
    if not form.on_complete:
        return
    if form.on_complete not in topics.completions:
        report.add(FORM_TOPIC, place, form=form.id, key="on_complete", topic=form.on_complete)
        return
    missing = (topics.known_answers(form.on_complete) or frozenset()) - form.fields.keys()
    if missing:
        fields = "、".join(sorted(missing))
        report.add(FORM_ANSWERS, place, form=form.id, fields=fields, topic=form.on_complete)
    _check_outcomes(topics.completions[form.on_complete], place, form, report)


def _check_outcomes(known: Completion, place: Place, form: Form, report: Report) -> None:
    """Look that a form offers no outcome that the command behind it would not know what to do with."""
    offered = form.fields.get(_OUTCOME)
    if known.outcomes is None or offered is None:
        return
    strange = sorted({option.value for option in offered.options} - known.outcomes)
    if strange:
        words = {"values": "、".join(strange), "known": "、".join(sorted(known.outcomes))}
        report.add(FORM_OUTCOMES, place, form=form.id, topic=form.on_complete, **words)
