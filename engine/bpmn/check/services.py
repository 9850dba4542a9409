"""Checks automatic steps: the topic of a service task and the table of a business rule task exist and fit."""

from engine.bpmn.check.model import Node, Process
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.decisions import HitPolicy

NO_TOPIC = Rule(
    "no_topic",
    "服务任务“{name}”没有填写主题",
    "the service task “{name}” has no topic",
    "Implementation 选 External，并填写 topic",
    "choose Implementation: External and fill in the topic",
)
UNKNOWN_TOPIC = Rule(
    "unknown_topic",
    "“{name}”的主题“{topic}”没有在 topics.toml 中声明",
    "the topic “{topic}” of “{name}” is not declared in topics.toml",
    "检查拼写；平台提供的主题见 topics.toml",
    "check the spelling; topics.toml lists what there is",
)
NO_DECISION = Rule(
    "no_decision",
    "“{name}”没有写明决策表，或决策表“{decision}”不存在或有错误",
    "“{name}” names no table, or the table “{decision}” does not exist or has errors",
    "Implementation 选 DMN，decisionRef 填决策的 id，或一同部署该 .dmn 文件",
    "choose Implementation: DMN, give the id of the decision, or deploy the .dmn file with the diagram",
)
MAPPING = Rule(
    "mapping",
    "“{name}”的 mapDecisionResult“{mapping}”不能用于决策表“{decision}”：{zh}",
    "mapDecisionResult “{mapping}” of “{name}” does not fit the table “{decision}”: {en}",
    "{remedy_zh}",
    "{remedy_en}",
)
_MAPPINGS = ("singleEntry", "singleResult", "collectEntries", "resultList")


def check_services(whole: Whole, process: Process, report: Report) -> None:
    """Check the automatic steps of a process."""
    for node in process.nodes():
        if node.kind in ("serviceTask", "sendTask"):
            _check_topic(whole, node, report)
        elif node.kind == "businessRuleTask":
            _check_decision(whole, node, report)


def _check_topic(whole: Whole, node: Node, report: Report) -> None:
    topic = node.camunda("topic")
    if not topic or node.camunda("type") != "external":
        if node.kind == "serviceTask" or topic:
            report.add(NO_TOPIC, node.place, name=node.label)
    elif topic not in whole.topics.services:
        report.add(UNKNOWN_TOPIC, node.place, name=node.label, topic=topic)


def _check_decision(whole: Whole, node: Node, report: Report) -> None:
    name = node.camunda("decisionRef")
    decision = whole.decisions.get(name)
    if decision is None:
        report.add(NO_DECISION, node.place, name=node.label, decision=name)
        return
    mapping = node.camunda("mapDecisionResult") or "singleResult"
    result = node.camunda("resultVariable")
    collects = decision.hit_policy is HitPolicy.COLLECT and decision.aggregation is None
    words: tuple[str, str, str, str] | None = None
    if mapping not in _MAPPINGS:
        known = "、".join(_MAPPINGS)
        words = ("没有这种方式", "there is no such mapping", f"改用 {known}", f"use one of {known}")
    elif mapping in ("singleEntry", "collectEntries") and len(decision.outputs) != 1:
        words = (
            f"表有 {len(decision.outputs)} 个输出",
            f"it has {len(decision.outputs)} outputs",
            "改用 singleResult，或只留一个输出",
            "use singleResult, or keep one output",
        )
    elif collects and mapping in ("singleEntry", "singleResult"):
        words = (
            "COLLECT 会给出多行",
            "COLLECT gives several rows",
            "改用 collectEntries 或 resultList，并填写 resultVariable",
            "use collectEntries or resultList with a resultVariable",
        )
    elif not result and mapping != "singleResult":
        words = (
            "没有填写 resultVariable",
            "there is no resultVariable",
            "填写 resultVariable；不填时每个输出各成一个变量（singleResult）",
            "fill it in; without one every output becomes a variable (singleResult)",
        )
    if words:
        zh, en, remedy_zh, remedy_en = words
        params = {"zh": zh, "en": en, "remedy_zh": remedy_zh, "remedy_en": remedy_en}
        report.add(MAPPING, node.place, name=node.label, mapping=mapping, decision=name, **params)
