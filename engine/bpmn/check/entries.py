"""Checks that what the platform starts today can still be started after a change."""

from engine.bpmn.check.events import code_of
from engine.bpmn.check.model import Process
from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole

LOST_PROCESS = Rule(
    "lost_process",
    "流程“{name}”的 id“{key}”在文件里没有了；平台按 id 发起流程，新单子仍会用旧版本",
    "no file has a process with the id “{key}” (“{name}”) any more; the platform starts it by its id, and new"
    " cases would keep to the old version",
    "把流程的 id 改回“{key}”；想换个叫法，只改名称 (Name)",
    "give the process its id “{key}” back; to call it something else, change its name only",
)
LOST_START = Rule(
    "lost_start",
    "流程“{name}”没有开始事件等消息“{message}”了；平台用这条消息发起它，新单子会办不了",
    "no start event of “{name}” waits for the message “{message}” any more; the platform starts the process"
    " with it, and new cases could not begin",
    "把开始事件的消息名称 (Message name) 改回“{message}”，或加回这个开始事件",
    "give the message of the start event its name “{message}” back, or draw that start event again",
)


def check_entries(before: Whole, after: Whole, report: Report) -> None:
    """Compare what starts with a message now with what would."""
    for key, process in before.processes.items():
        started_by = _messages(before, process)
        if not started_by:
            continue  # by hand, or called: a call that leads nowhere is found by itself
        name = process.name or key
        there = after.processes.get(key)
        if there is None:
            report.add(LOST_PROCESS, Place(process.resource, key), name=name, key=key)
            continue
        for message in sorted(started_by - _messages(after, there)):
            report.add(LOST_START, there.place, name=name, message=message)


def _messages(whole: Whole, process: Process) -> frozenset[str]:
    diagram = whole.diagrams[process.resource]
    starts = (start for start in process.root.starts() if start.event == "message")
    return frozenset(code_of(diagram, "message", start.definitions[0]) for start in starts)
