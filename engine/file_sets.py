"""Finds what a set of files defines, and which of them one procedure needs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.bpmn.xml import BPMN, CAMUNDA, Element, read_xml
from engine.topics import RESOURCE as TOPICS

_DMN_TAG = "}decision"
_ALWAYS = (TOPICS, "escalation.dmn", "pause.dmn")


@dataclass(frozen=True, slots=True)
class Content:
    """A process, decision or form inside a file, and what it refers to.

    Attributes:
        kind: process, decision or form.
        calls: keys of processes, decisions and forms that it names.
        is_procedure: whether a case may start with this process.
    """

    kind: str
    key: str
    name: str
    resource: str
    calls: frozenset[tuple[str, str]] = frozenset()
    is_procedure: bool = False


def contents_of(files: Mapping[str, bytes]) -> list[Content]:
    """List what checked files define."""
    found: list[Content] = []
    for name, content in sorted(files.items()):
        if name.endswith(".bpmn"):
            found += _processes(name, read_xml(content))
        elif name.endswith(".dmn"):
            found += _decisions(name, read_xml(content))
        elif name.endswith(".form"):
            document = json.loads(content)
            label = document.get("properties", {}).get("name", "")
            found.append(Content("form", document["id"], label, name))
    return found


def _processes(name: str, root: Element) -> Iterable[Content]:
    for process in root.iter(f"{BPMN}process"):
        if process.get("isExecutable") == "false":
            continue
        calls = {("process", node.get("calledElement", "")) for node in process.iter(f"{BPMN}callActivity")}
        calls |= {
            ("decision", node.get(f"{CAMUNDA}decisionRef", ""))
            for node in process.iter(f"{BPMN}businessRuleTask")
        }
        calls |= {("form", node.get(f"{CAMUNDA}formRef", "")) for node in process.iter(f"{BPMN}userTask")}
        has_message_start = any(
            start.find(f"{BPMN}messageEventDefinition") is not None
            for start in process.iterchildren(f"{BPMN}startEvent")
        )
        yield Content(
            "process",
            process.get("id", ""),
            process.get("name") or process.get("id") or "",
            name,
            frozenset(calls),
            is_procedure=has_message_start or process.get(f"{CAMUNDA}candidateStarterGroups") is not None,
        )


def _decisions(name: str, root: Element) -> Iterable[Content]:
    for node in root.iter():
        if isinstance(node.tag, str) and node.tag.endswith(_DMN_TAG):
            yield Content("decision", node.get("id", ""), node.get("name") or node.get("id") or "", name)


def files_of_procedure(process: Content, found: list[Content]) -> set[str]:
    """Name the files of a procedure: its own, those of all it calls, and those every procedure has."""
    by_key = {(one.kind, one.key): one for one in found}
    names = {one.resource for one in found if one.resource in _ALWAYS} | {TOPICS}
    ahead, seen = [process], set[tuple[str, str]]()
    while ahead:
        one = ahead.pop()
        names.add(one.resource)
        for call in one.calls - seen:
            seen.add(call)
            if call in by_key:
                ahead.append(by_key[call])
    return names
