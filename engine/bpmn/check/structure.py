"""Checks the shape of a diagram: starts and ends, reachability and loops that never wait."""

from collections.abc import Iterable

from engine.bpmn.check.model import ACTIVITIES, Diagram, Node, Scope
from engine.bpmn.check.reading import UNSUPPORTED_NODES
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.check.waits import Waiting

NO_START = Rule(
    "no_start",
    "“{name}”没有开始事件",
    "“{name}” has no start event",
    "画一个开始事件并连到第一步",
    "draw a start event and connect it to the first step",
)
INNER_STARTS = Rule(
    "inner_starts",
    "子流程“{name}”有 {count} 个开始事件",
    "the subprocess “{name}” has {count} start events",
    "子流程只留一个普通开始事件，分支用网关",
    "keep one plain start event, and branch with a gateway",
)
NO_END = Rule(
    "no_end",
    "“{name}”没有结束事件，案件永远不会办结",
    "“{name}” has no end event; its cases would never finish",
    "在每条路径的末端画一个结束事件",
    "draw an end event at the end of every path",
)
DEAD_END = Rule(
    "dead_end",
    "“{name}”之后没有连线，流程会停在这里",
    "nothing follows “{name}”; the case would stop here",
    "连到下一步，或连到一个结束事件",
    "connect it to the next step or to an end event",
)
UNREACHABLE = Rule(
    "unreachable",
    "“{name}”没有任何路径可以到达",
    "no path leads to “{name}”",
    "用连线接上，或删去",
    "connect it, or remove it",
)
SELF_EDGE = Rule(
    "self_edge",
    "“{name}”有一条连线指回自己",
    "a flow leads from “{name}” back to itself",
    "经过一个网关返回，让人来决定是否重做",
    "go back through a gateway, so that somebody decides about doing it again",
)
WRONG_WAY = Rule(
    "wrong_way",
    "“{name}”是{what_zh}，不能有{side_zh}连线",
    "“{name}” is {what_en} and cannot have {side_en} flows",
    "删去这条连线",
    "remove that flow",
)
TWICE_CONNECTED = Rule(
    "twice_connected",
    "从“{name}”到“{target}”有两条连线",
    "two flows lead from “{name}” to “{target}”",
    "删去一条；两个条件用 or 写成一个",
    "remove one; join the two conditions with or",
)
CYCLE = Rule(
    "cycle_without_wait",
    "循环“{names}”中没有任何等待，会一直转下去",
    "the loop “{names}” never waits and would turn for ever",
    "在循环里放一个用户任务、消息，或至少 1 分钟的定时器",
    "put a user task, a message or a timer of at least a minute into the loop",
)
NOT_ATTACHED = Rule(
    "not_attached",
    "边界事件“{name}”没有附着在任务、子流程或调用活动上",
    "the boundary event “{name}” is not attached to a task, subprocess or call activity",
    "把它拖到所属活动的边框上",
    "drag it onto the border of its activity",
)

# An activity that is refused bears events all the same.
_BEARERS = ACTIVITIES | UNSUPPORTED_NODES - {"complexGateway", "implicitThrowEvent", "event"}


def check_structure(diagram: Diagram, waiting: Waiting, report: Report) -> None:
    """Check the shape of every scope."""
    for process in diagram.processes:
        for scope in process.scopes():
            _check_ends(scope, report)
            _check_flows(scope, report)
            _check_boundaries(scope, report)
            _check_reachable(scope, report)
            for loop in waiting.endless_loops(scope):
                names = " → ".join(node.label for node in loop[:6])
                report.add(CYCLE, loop[0].place, names=names)


def _check_ends(scope: Scope, report: Report) -> None:
    name = scope.holder.label if scope.holder else scope.process.name or scope.process.id
    starts = scope.starts()
    if not starts:
        report.add(NO_START, scope.place, name=name)
    if scope.holder and len(starts) > 1:
        report.add(INNER_STARTS, scope.place, name=name, count=len(starts))
    if not any(node.kind == "endEvent" for node in scope.nodes):
        report.add(NO_END, scope.place, name=name)


def _check_flows(scope: Scope, report: Report) -> None:
    pairs: set[tuple[Node, Node]] = set()
    for flow in scope.flows:
        pair = (flow.source, flow.target)
        if flow.source is flow.target:
            report.add(SELF_EDGE, flow.source.place, name=flow.source.label)
        elif pair in pairs:
            report.add(TWICE_CONNECTED, flow.place, name=flow.source.label, target=flow.target.label)
        pairs.add(pair)
    for node in scope.nodes:
        if node.incoming and node.kind in ("startEvent", "boundaryEvent"):
            what = (
                ("开始事件", "a start event")
                if node.kind == "startEvent"
                else ("边界事件", "a boundary event")
            )
            _wrong_way(node, what, ("进入的", "incoming"), report)
        if node.outgoing and node.kind == "endEvent":
            _wrong_way(node, ("结束事件", "an end event"), ("出去的", "outgoing"), report)
        if not node.outgoing and node.kind != "endEvent" and not node.stands_apart:
            report.add(DEAD_END, node.place, name=node.label)


def _wrong_way(node: Node, what: tuple[str, str], side: tuple[str, str], report: Report) -> None:
    report.add(
        WRONG_WAY,
        node.place,
        name=node.label,
        what_zh=what[0],
        what_en=what[1],
        side_zh=side[0],
        side_en=side[1],
    )


def _check_boundaries(scope: Scope, report: Report) -> None:
    for node in scope.nodes:
        if node.kind == "boundaryEvent" and (node.attached is None or node.attached.kind not in _BEARERS):
            report.add(NOT_ATTACHED, node.place, name=node.label)


def _check_reachable(scope: Scope, report: Report) -> None:
    starts = scope.starts()
    if not starts:
        return
    reached = reachable(starts)
    lost = [node for node in scope.nodes if node not in reached and not _is_elsewhere(node)]
    behind = {flow.target for node in lost for flow in node.outgoing}
    behind.update(boundary for node in lost for boundary in node.boundaries)
    first = {node for node in lost if node not in behind}
    told = reachable(first)  # what follows a lost step is lost with it, and comes back with it
    for node in lost:
        if node in first or node not in told:
            report.add(UNREACHABLE, node.place, name=node.label)


def _is_elsewhere(node: Node) -> bool:
    """Tell whether no path need lead to a node, or another finding is about what it hangs on."""
    return node.stands_apart or (node.kind == "boundaryEvent" and node.attached is None)


def reachable(starts: Iterable[Node]) -> set[Node]:
    """Return every node of the scope that a token from these can come to."""
    reached: set[Node] = set()
    todo = list(starts)
    while todo:
        node = todo.pop()
        if node not in reached:
            reached.add(node)
            todo.extend(flow.target for flow in node.outgoing)
            todo.extend(node.boundaries)
    return reached
