"""Checks what runs in parallel: splits have joins, tokens stay few, no two branches write one variable."""

from collections.abc import Iterator, Mapping

from engine.bpmn.check.model import Flow, Node, Process, Scope
from engine.bpmn.check.net import Net, TooComplex, most_tokens
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.check.structure import reachable

MOST_TOKENS = 64
MOST_BLOCKS = 4

RUNS_TWICE = Rule(
    "runs_twice",
    "几条同时进行的分支在“{name}”汇合而没有并行网关，之后的步骤会执行多次",
    "parallel branches meet at “{name}” without a parallel gateway; what follows would run several times",
    "在汇合处画一个并行网关（或包容网关）",
    "draw a parallel (or inclusive) gateway where they meet",
)
MULTIPLIES = Rule(
    "multiplies",
    "分支从并行块中回到“{name}”之前，每转一圈就多出同时进行的步骤",
    "a branch leads from inside a parallel block back before “{name}”; every turn adds parallel steps",
    "先用并行网关汇合，再返回",
    "join the branches with a parallel gateway before going back",
)
JOIN_STUCK = Rule(
    "join_stuck",
    "汇合网关“{name}”可能永远等不齐各条分支",
    "the joining gateway “{name}” may wait for ever for one of its branches",
    "让分开的每条分支都到达这个网关；只走一条路的分支用排他网关汇合",
    "let every branch of the split reach this gateway; join alternative ways with an exclusive gateway",
)
REJOINS = Rule(
    "rejoins",
    "非中断边界事件“{name}”的分支回到主流程的“{target}”，之后的步骤会执行多次",
    "the branch of the non-interrupting event “{name}” returns to “{target}”, which would run twice",
    "让这条分支走到自己的结束事件，或把边界事件改成中断型",
    "let the branch end at an end event of its own, or make the event interrupting",
)
TOO_MANY_TOKENS = Rule(
    "too_many_tokens",
    "“{name}”最多会有 {count} 个步骤同时进行，超过 {most}",
    "up to {count} steps of “{name}” could run at the same time, more than {most}",
    "减少并行分支，或改用多实例活动",
    "use fewer parallel branches, or a multi-instance activity",
)
TOO_MANY_BLOCKS = Rule(
    "too_many_blocks",
    "“{name}”里先后有 {count} 个并行块，超过 {most}",
    "“{name}” has {count} parallel blocks one after the other, more than {most}",
    "把后面的并行块移到被调用的流程里",
    "move the later blocks to a called process",
)
TOO_COMPLEX = Rule(
    "too_complex",
    "“{name}”的分支组合太多，无法检查",
    "“{name}” has too many combinations of branches to be checked",
    "减少包容网关和并行块，或拆成几个被调用的流程",
    "use fewer inclusive gateways and parallel blocks, or split it into called processes",
)
TWO_WRITERS = Rule(
    "two_writers",
    "“{name}”和“{other}”可能同时进行，却都写变量“{variable}”",
    "“{name}” and “{other}” may run at the same time, and both write the variable “{variable}”",
    "给其中一个换变量名，或让它们先后进行",
    "give one of them another variable, or let one follow the other",
)

Writes = Mapping[Node, frozenset[str]]


def check_tokens(process: Process, writes: Writes, called: Mapping[str, int], report: Report) -> int:
    """Check every scope of a process.

    Args:
        writes: node -> variables that it may set in the scope of the process.
        called: called process -> most tokens in it.
    Returns:
        The most tokens that the process can hold at the same time.
    """
    weights: dict[Node, int] = {}
    for scope in reversed(list(process.scopes())):  # inner ones first
        net = Net(scope, with_side_branches=True)
        net.spread(scope.starts())
        if _check_scope(scope, report):
            _check_writers(scope, net, writes, report)
        count = most_tokens(net, [(node, _weight(node, weights, called)) for node in scope.nodes])
        name = scope.holder.label if scope.holder else process.name or process.id
        if count > MOST_TOKENS:
            report.add(TOO_MANY_TOKENS, scope.place, name=name, count=count, most=MOST_TOKENS)
        blocks = longest_chain(scope)
        if blocks > MOST_BLOCKS:
            report.add(TOO_MANY_BLOCKS, scope.place, name=name, count=blocks, most=MOST_BLOCKS)
        if scope.holder:
            weights[scope.holder] = min(count, MOST_TOKENS + 1)
    return min(count, MOST_TOKENS + 1)


def _weight(node: Node, weights: Mapping[Node, int], called: Mapping[str, int]) -> int:
    if node.kind == "callActivity":
        return called.get(node.element.get("calledElement", ""), 1)
    return weights.get(node, 1)


def _check_scope(scope: Scope, report: Report) -> bool:
    """Check splits and joins; the branch of a non-interrupting event is a flow of its own."""
    main = scope.starts()
    is_sound = True
    for start in main:
        is_sound &= _check_from(scope, start, report)
    for boundary in scope.nodes:
        if boundary.kind != "boundaryEvent" or boundary.is_interrupting or not boundary.attached:
            continue
        is_sound &= _check_from(scope, boundary, report)
        branch, rest = reachable([boundary]), _reachable_without(main, boundary)
        met = [node for node in scope.nodes if node in branch & rest and node.kind != "endEvent"]
        if met:
            report.add(REJOINS, boundary.place, name=boundary.label, target=met[0].label)
            is_sound = False
    return is_sound


def _reachable_without(starts: list[Node], left_out: Node) -> set[Node]:
    reached: set[Node] = {left_out}
    todo = [node for node in starts if node is not left_out]
    while todo:
        node = todo.pop()
        if node not in reached:
            reached.add(node)
            todo.extend([*(flow.target for flow in node.outgoing), *node.boundaries])
    return reached - {left_out}


def _check_from(scope: Scope, start: Node, report: Report) -> bool:
    net = Net(scope, with_side_branches=False)
    net.spread([start])
    places = [net.at(number) for number in net.repeated]
    meetings = [place for place in places if isinstance(place, Node)]
    for node in meetings:
        report.add(RUNS_TWICE, node.place, name=node.label)
    for flow in places:
        if isinstance(flow, Flow) and not meetings:  # else it may only be what follows from the meeting
            report.add(MULTIPLIES, flow.source.place, name=flow.source.label)
    return not net.repeated and not _is_stuck(scope, start, net, report)


def _is_stuck(scope: Scope, start: Node, net: Net, report: Report) -> bool:
    enders = frozenset(
        node for node in scope.nodes if node.kind == "endEvent" and node.event in ("terminate", "error")
    )
    try:
        stuck = net.stuck(start, enders)
    except TooComplex:
        report.add(TOO_COMPLEX, scope.place, name=scope.holder.label if scope.holder else scope.process.id)
        return True
    if stuck is None:
        return False
    joins = [flow.target for number in stuck if isinstance(flow := net.at(number), Flow)]
    if joins:  # else a dead end, which is told elsewhere
        report.add(JOIN_STUCK, joins[0].place, name=joins[0].label)
    return True


def longest_chain(scope: Scope) -> int:
    """Count the parallel joins on the longest way through a scope, each loop taken once."""
    longest: dict[Node, int] = {}
    for start in scope.starts():
        for node in _backwards(start):
            ahead = [longest.get(flow.target, 0) for flow in node.outgoing]
            ahead += [longest.get(boundary, 0) for boundary in node.boundaries]
            is_join = node.kind == "parallelGateway" and len(node.incoming) > 1
            longest[node] = max(ahead, default=0) + is_join
    return max(longest.values(), default=0)


def _backwards(start: Node) -> Iterator[Node]:
    """Yield the nodes behind a start, each after all that follow it unless they lead back to it."""
    seen = {start}
    stack = [(start, iter([*(flow.target for flow in start.outgoing), *start.boundaries]))]
    while stack:
        node, following = stack[-1]
        target = next((after for after in following if after not in seen), None)
        if target is None:
            stack.pop()
            yield node
        else:
            seen.add(target)
            stack.append((target, iter([*(flow.target for flow in target.outgoing), *target.boundaries])))


def _check_writers(scope: Scope, net: Net, writes: Writes, report: Report) -> None:
    writers = [node for node in scope.nodes if _written(node, writes) and net.can_be_at(node)]
    for index, one in enumerate(writers):
        for other in writers[index + 1 :]:
            both = _written(one, writes) & _written(other, writes)
            if not both or not net.are_together(one, other) or (_finishes(one) and _finishes(other)):
                continue
            for variable in sorted(both):
                report.add(TWO_WRITERS, other.place, name=one.label, other=other.label, variable=variable)


def _written(node: Node, writes: Writes) -> frozenset[str]:
    own = writes.get(node, frozenset())
    if node.inner is None:
        return own
    return own.union(*(_written(inner, writes) for inner in node.inner.nodes))


def _finishes(node: Node) -> bool:
    """Tell whether the scope ends right after a node, so that nobody else can write any more."""
    return bool(node.outgoing) and all(
        flow.target.kind == "endEvent" and flow.target.event == "terminate" for flow in node.outgoing
    )
