"""Reads a DMN file into decision tables and reports everything that is wrong with it at once."""

from functools import lru_cache
from typing import Final

from engine.bpmn.decisions.problems import DecisionProblem, DecisionsRefused
from engine.bpmn.decisions.report import Report
from engine.bpmn.decisions.requirements import connected
from engine.bpmn.decisions.rows import read_table
from engine.bpmn.decisions.table import Decision
from engine.bpmn.errors import ModelInvalid
from engine.bpmn.xml import Element, local_name, read_xml

LARGEST_FILE: Final = 1_000_000
MOST_DECISIONS: Final = 20
MOST_CELL_TEXT: Final = 60_000
"""Characters in all cells of a file: at worst 1.5 s of compiling; real files have 4,000."""
NAMESPACES: Final = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
    }
)
"""DMN 1.1, 1.2 and 1.3."""

_IGNORED: Final = frozenset(
    {
        "inputData",
        "knowledgeSource",
        "textAnnotation",
        "association",
        "DMNDI",
        "extensionElements",
        "description",
    }
)


@lru_cache(maxsize=128)  # a new version of a procedure changes one file of many
def read_decisions(data: bytes) -> tuple[Decision, ...]:
    """Read every decision of a file.

    Args:
        data: a DMN 1.3 file as the editor saves it; 1.1 and 1.2 are read as well.
    Raises:
        DecisionsRefused: with all the problems of the file.
    """
    root = _root(data)
    report = Report()
    nodes = [node for node in root if local_name(node) == "decision"]
    for node in root:
        if local_name(node) not in {"decision", "", *_IGNORED}:
            report.add(
                node,
                f"不支持 {local_name(node)}；请只使用决策表",
                f"{local_name(node)} is not supported; use decision tables only",
            )
    if not nodes:
        report.add(root, "文件里没有决策", "The file has no decision")
    if len(nodes) > MOST_DECISIONS:
        report.add(
            root,
            f"一个文件最多 {MOST_DECISIONS} 个决策，这里有 {len(nodes)} 个；请分成几个文件",
            f"At most {MOST_DECISIONS} decisions fit in a file, here are {len(nodes)}; split it",
        )
        raise DecisionsRefused(report.problems)
    written = sum(len(node.text or "") for node in root.iter() if local_name(node) == "text")
    if written > MOST_CELL_TEXT:
        raise _refused(
            f"表格里共有 {written} 个字符，超过 {MOST_CELL_TEXT}；请分成几个文件",
            f"The cells have {written} characters, more than {MOST_CELL_TEXT}; split the file",
        )
    tables = {node: table for node in nodes if (table := read_table(node, report)) is not None}
    decisions = connected(root, tables, report)
    if report.problems:
        raise DecisionsRefused(report.problems)
    return decisions


def _root(data: bytes) -> Element:
    if len(data) > LARGEST_FILE:
        raise _refused("文件超过 1 MB；请分成几个文件", "The file is larger than 1 MB; split it")
    try:
        root = read_xml(data)
    except ModelInvalid as error:
        raise _refused(error.zh, error.en) from error
    if not isinstance(root.tag, str) or root.tag.rpartition("}")[0].lstrip("{") not in NAMESPACES:
        raise _refused(
            "不是 DMN 1.3 文件；请在编辑器中另存为 DMN 1.3",
            "Not a DMN 1.3 file; save it as DMN 1.3 in the editor",
        )
    return root


def _refused(zh: str, en: str) -> DecisionsRefused:
    return DecisionsRefused([DecisionProblem("", zh, en)])
