"""Checks what people see of a diagram: its picture, and its words in both languages."""

from engine.bpmn.check.model import Diagram, Node, Process
from engine.bpmn.check.rules import Place, Report, Rule
from engine.check_problem import Severity

NOT_DRAWN = Rule(
    "not_drawn",
    "“{name}”没有图形，画图工具里看不见",
    "“{name}” has no shape and is invisible in the modeler",
    "在 Camunda Modeler 中重新画出它",
    "draw it again with Camunda Modeler",
    Severity.WARNING,
)
NO_PICTURE = Rule(
    "no_picture",
    "“{name}”只有流程，没有图形：能照常办理，但看不到流程图，也看不到办到哪一步",
    "“{name}” has no picture: its cases run, but nobody sees the diagram, nor on it where a case stands",
    "在 Camunda Modeler 中画出来再部署；用程序生成的文件须带 BPMNDiagram 部分",
    "draw it with Camunda Modeler and deploy it again; a generated file needs its part BPMNDiagram",
    Severity.WARNING,
)
NO_ENGLISH = Rule(
    "no_english",
    "没有英文名称：{names}（共 {count} 个）。看英文页面的人会看到中文",
    "no English name: {names} ({count} in all); readers of English see the Chinese one",
    "在 Extension properties 中给它们各加一个 name_en",
    "add name_en to the extension properties of each",
    Severity.WARNING,
)
_MOST_NAMED = 6


def check_labels(diagram: Diagram, report: Report) -> None:
    """Warn of what is not drawn, and of what people read but cannot read in English."""
    for process in diagram.processes:
        _check_picture(process, diagram.drawn, report)
        _check_english(process, report)


def _check_picture(process: Process, drawn: frozenset[str], report: Report) -> None:
    missing = [node for node in process.nodes() if node.id not in drawn]
    if missing and not any(node.id in drawn for node in process.nodes()):
        report.add(NO_PICTURE, process.place, name=process.name or process.id)
        return
    for node in missing:
        report.add(NOT_DRAWN, node.place, name=node.label)


def _check_english(process: Process, report: Report) -> None:
    """Look at the procedure and its human steps, which stand in inboxes and letters."""
    read: list[Process | Node] = [process, *(node for node in process.nodes() if node.kind == "userTask")]
    missing: list[tuple[Place, str]] = [
        (one.place, one.name)
        for one in read
        if not one.name.isascii() and not one.properties.get("name_en", "").strip()
    ]
    if missing:
        names = "、".join(f"“{name}”" for _, name in missing[:_MOST_NAMED])
        report.add(NO_ENGLISH, missing[0][0], names=names, count=len(missing))
