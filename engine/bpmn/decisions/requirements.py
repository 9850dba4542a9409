"""Joins the decisions of a file: which of them needs which."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from engine.bpmn.decisions.report import Report
from engine.bpmn.decisions.table import Decision
from engine.bpmn.xml import Element, local_name


def connected(root: Element, tables: Mapping[Element, Decision], report: Report) -> tuple[Decision, ...]:
    """Give each decision the ones that it needs, directly or not, in the order of evaluation."""
    nodes: dict[str, Element] = {}
    for node in tables:
        if node.get("id", "") in nodes:
            report.add(node, "决策的 id 重复", "The id of the decision is used twice")
        nodes[node.get("id", "")] = node
    inputs = {node.get("id", ""): node for node in root if local_name(node) == "inputData"}
    others = frozenset(node.get("id", "") for node in root)  # among them tables that are wrong themselves
    needed: dict[str, list[str]] = {}
    for key, node in nodes.items():
        needed[key] = list(_required(node, nodes, others, report))
    try:
        order = list(TopologicalSorter(needed).static_order())
    except CycleError:
        report.add(root, "决策互相依赖，形成循环", "The decisions require each other in a circle")
        return ()
    by_id = {decision.id: decision for decision in tables.values()}
    found: dict[str, Decision] = {}
    for key in order:
        before = set(needed[key]).union(*(_ids(found[direct]) for direct in needed[key]))
        decision = replace(by_id[key], required=tuple(by_id[other] for other in order if other in before))
        _check_outputs(nodes[key], decision, report)
        _check_names(nodes[key], decision, inputs, report)
        found[key] = decision
    return tuple(found[decision.id] for decision in tables.values())


def _required(
    node: Element, nodes: Mapping[str, Element], others: frozenset[str], report: Report
) -> Iterator[str]:
    for requirement in node:
        if local_name(requirement) == "knowledgeRequirement":
            report.add(requirement, "不支持业务知识模型", "Business knowledge models are not supported")
        if local_name(requirement) != "informationRequirement":
            continue
        for target in requirement:
            href = (target.get("href") or "").removeprefix("#")
            if href in nodes:
                yield href
            elif href not in others:
                report.add(
                    requirement,
                    f"所依赖的“{href}”不在这个文件里",
                    f"The required “{href}” is not in this file",
                )


def _ids(decision: Decision) -> frozenset[str]:
    return frozenset(required.id for required in decision.required)


def _check_outputs(node: Element, decision: Decision, report: Report) -> None:
    """Refuse two required decisions that give the same name: the later one would win silently."""
    given = [name for required in decision.required for name in required.outputs]
    for name in sorted({name for name in given if given.count(name) > 1}):
        report.add(
            node,
            f"所依赖的决策都输出“{name}”；请改成不同的名称",
            f"Two required decisions give “{name}”; rename one output",
        )


def _check_names(node: Element, decision: Decision, inputs: Mapping[str, Element], report: Report) -> None:
    """Refuse names in cells that no column reads: nearly always a text without its quotes."""
    known = {name for column in decision.inputs for name in column.expression.names}
    known |= {name for required in decision.required for name in required.outputs}
    known |= {entry.get("name", "") for entry in inputs.values()}
    for rule in decision.rules:
        names = frozenset[str]().union(
            *(cell.names for cell in rule.tests), *(cell.names for cell in rule.answers)
        )
        for name in sorted(names - known):
            report.add(
                node,
                f"第 {rule.number} 行的“{name}”不是输入；文本请加双引号，变量请加成一个输入列",
                f"“{name}” in row {rule.number} is no input; quote a text, give a variable a column",
            )
