"""Checks call activities: what they call exists, nothing calls itself, and what crosses is complete."""

from collections.abc import Iterator, Mapping, Sequence

from engine.bpmn.check.expressions import Use
from engine.bpmn.check.model import Node, Process
from engine.bpmn.check.names import Names, crossings, local, reads, targets
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.expressions import ExpressionError, parse_value
from engine.check_problem import Severity

MOST_CALLS_DEEP = 10
"""Called processes inside each other; real ones have two or three."""
LONGEST_PATH = 400
"""Of the calls that lead to a step, as rows of tasks and history keep it."""

Chains = dict[str, tuple[tuple[Node, ...], tuple[Node, ...]]]

CALLED = Rule(
    "called",
    "“{name}”没有写明调用哪个流程，或流程“{called}”不存在",
    "“{name}” names no fixed process to call, or there is no process “{called}”",
    "Called element 填写已部署或一同部署的流程 id",
    "give the id of a process that is deployed, or deployed together with this one",
)
CALLED_START = Rule(
    "called_start",
    "“{name}”调用的流程“{called}”没有普通开始事件",
    "the process “{called}” that “{name}” calls has no plain start event",
    "给被调用的流程画一个不带消息的开始事件",
    "give the called process a start event without a message",
)
CALL_CIRCLE = Rule(
    "call_circle",
    "调用成了一个圈：{path}",
    "the calls form a circle: {path}",
    "去掉其中一个调用，改用网关返回",
    "remove one of the calls; go back through a gateway instead",
)
CALLS_DEEP = Rule(
    "calls_deep",
    "从“{name}”起调用嵌套 {deep} 层，超过 {most} 层：{path}",
    "calls are nested {deep} deep from “{name}” on, more than {most}: {path}",
    "少分几层：把最里面的流程并入调用它的流程",
    "use fewer levels: draw the innermost process into the one that calls it",
)
CALLS_LONG = Rule(
    "calls_long",
    "从“{name}”起一层层调用的 id 连起来有 {length} 个字符，超过 {most}：{path}",
    "the ids of the calls from “{name}” on have {length} characters together, more than {most}: {path}",
    "把调用活动的 id 改短",
    "give the call activities shorter ids",
)
CROSSING = Rule(
    "crossing",
    "“{name}”的 camunda:{direction} 没有同时写明来源和目标",
    "a camunda:{direction} of “{name}” does not name both source and target",
    '逐个写出 source（或 sourceExpression）和 target；不能用 variables="all"',
    'name source (or sourceExpression) and target of each variable; variables="all" is not allowed',
)
MISSING_IN = Rule(
    "missing_in",
    "“{name}”没有传入“{called}”需要的变量“{variable}”",
    "“{name}” does not hand in the variable “{variable}” that “{called}” needs",
    "加一条 camunda:in，target 为“{variable}”",
    "add a camunda:in with the target “{variable}”",
)
UNUSED_IN = Rule(
    "unused_in",
    "“{name}”传入的变量“{variable}”在“{called}”中没有用到",
    "the variable “{variable}” that “{name}” hands in is not read in “{called}”",
    "删去这一条，或检查拼写",
    "remove it, or check the spelling",
    Severity.WARNING,
)
MISSING_OUT = Rule(
    "missing_out",
    "“{name}”要取回的变量“{variable}”，流程“{called}”并不产生",
    "“{name}” takes back the variable “{variable}”, which “{called}” does not produce",
    "检查 camunda:out 的 source 拼写",
    "check the spelling of the source of camunda:out",
)


def check_calls(names: Names, uses: Sequence[Use], report: Report) -> None:
    """Check every call of every process."""
    whole = names.whole
    read = {key: _read(names, process, uses) for key, process in whole.processes.items()}
    for process in whole.processes.values():
        for call in _calls(process):
            called = whole.processes.get(call.element.get("calledElement", ""))
            if called is None:
                words = {"name": call.label, "called": call.element.get("calledElement", "")}
                report.add(CALLED, call.place, **words)
                continue
            if not any(start.event == "" and not start.definitions for start in called.root.starts()):
                report.add(CALLED_START, call.place, name=call.label, called=called.id)
            if _check_written(call, report):
                _check_in(call, called, names, read[called.id], report)
                _check_out(call, called, names, report)
    for path in circles(whole):
        first = next(
            call for call in _calls(whole.processes[path[0]]) if call.element.get("calledElement") == path[1]
        )
        report.add(CALL_CIRCLE, first.place, path=" → ".join(path))


def check_depth(process: Process, chains: Chains, report: Report) -> None:
    """Check how deep a process calls, and how long the path of its innermost step is; add it to the chains.

    Told at the first process that is too much: whoever calls that one is as well.

    Args:
        chains: process -> the calls on the way to its innermost one, and those on the way with the longest
            path; of every process that this one calls.
    """
    deepest: tuple[Node, ...] = ()
    longest: tuple[Node, ...] = ()
    for call in _calls(process):
        inner_deepest, inner_longest = chains.get(call.element.get("calledElement", ""), ((), ()))
        deepest = max(deepest, (call, *inner_deepest), key=len)
        longest = max(longest, (call, *inner_longest), key=_length)
    chains[process.id] = deepest, longest
    if len(deepest) == MOST_CALLS_DEEP + 1:
        words = {"deep": len(deepest), "most": MOST_CALLS_DEEP, "path": _path(deepest)}
        report.add(CALLS_DEEP, deepest[0].place, name=deepest[0].label, **words)
    if _length(longest) > LONGEST_PATH >= _length(longest[1:]):
        words = {"length": _length(longest), "most": LONGEST_PATH, "path": _path(longest)}
        report.add(CALLS_LONG, longest[0].place, name=longest[0].label, **words)


def _path(calls: Sequence[Node]) -> str:
    return "/".join(call.id for call in calls)


def _length(calls: Sequence[Node]) -> int:
    return len(_path(calls))


def _calls(process: Process) -> Iterator[Node]:
    return (node for node in process.nodes() if node.kind == "callActivity")


def _read(names: Names, process: Process, uses: Sequence[Use]) -> frozenset[str]:
    """Return the variables that a process reads."""
    found: set[str] = set()
    for use in uses:
        if use.process is process:
            found |= use.compiled.names - use.also - (local(use.node) if use.node else frozenset())
    for node, _, read in reads(names.whole, process):
        found |= read - local(node)
    return frozenset(found)


def _check_written(call: Node, report: Report) -> bool:
    is_complete = True
    for direction in ("in", "out"):
        for entry in crossings(call, direction):
            sources = [key for key in ("source", "sourceExpression") if entry.get(key, "").strip()]
            if len(sources) != 1 or not entry.get("target", "").strip():
                report.add(CROSSING, call.place, name=call.label, direction=direction)
                is_complete = False
    return is_complete


def _check_in(call: Node, called: Process, names: Names, read: frozenset[str], report: Report) -> None:
    given = targets(call, "in")
    # What no caller hands in is told where it is read.
    needed = (read & names.known(called.id)) - names.own[called.id]
    for variable in sorted(needed - given):
        report.add(MISSING_IN, call.place, name=call.label, called=called.id, variable=variable)
    taken_back = {entry.get("source", "").strip() for entry in crossings(call, "out")}
    for variable in sorted(given - read - taken_back):
        report.add(UNUSED_IN, call.place, name=call.label, called=called.id, variable=variable)


def _check_out(call: Node, called: Process, names: Names, report: Report) -> None:
    known = names.known(called.id)
    if called.id in names.unsure:
        return
    for entry in crossings(call, "out"):
        read = {entry.get("source", "").strip()} - {""}
        expression = entry.get("sourceExpression", "")
        if expression:
            try:
                read |= parse_value(expression).names
            except ExpressionError:
                report.add(CROSSING, call.place, name=call.label, direction="out")
        for variable in sorted(read - known):
            report.add(MISSING_OUT, call.place, name=call.label, called=called.id, variable=variable)


def circles(whole: Whole) -> Iterator[list[str]]:
    """Yield each circle of calls once, from its first process back to it."""
    graph: Mapping[str, list[str]] = {
        key: sorted({call.element.get("calledElement", "") for call in _calls(process)})
        for key, process in whole.processes.items()
    }
    done: set[str] = set()
    for start in graph:
        path: list[str] = [start]
        while path:
            ahead = [key for key in graph[path[-1]] if key in graph and key not in done]
            if not ahead:
                done.add(path.pop())
            elif ahead[0] in path:
                yield [*path[path.index(ahead[0]) :], ahead[0]]
                done.add(path.pop())
            else:
                path.append(ahead[0])
