"""Checks gateways and the conditions of flows: every decision must have a way on."""

from engine.bpmn.check.model import Flow, Node, Process
from engine.bpmn.check.reading import UNSUPPORTED_NODES
from engine.bpmn.check.rules import Report, Rule
from engine.check_problem import Severity

DECIDING = frozenset({"exclusiveGateway", "inclusiveGateway"})

NO_CONDITION = Rule(
    "no_condition",
    "网关“{name}”到“{target}”的连线没有条件，也不是默认流向",
    "the flow from the gateway “{name}” to “{target}” has no condition and is not the default",
    '写上条件，例如 ${{outcome == "accept"}}，或设为默认流向',
    'write a condition, such as ${{outcome == "accept"}}, or make it the default flow',
)
NO_DEFAULT = Rule(
    "no_default",
    "网关“{name}”没有默认流向；条件都不成立时案件会停住并报警",
    "the gateway “{name}” has no default flow; a case would stop with an incident where no condition holds",
    "把最稳妥的一条设为默认流向",
    "make the safest flow the default",
    Severity.WARNING,
)
DEFAULT_FLOW = Rule(
    "default_flow",
    "“{name}”的默认流向“{flow}”不是它自己出去的连线",
    "the default flow “{flow}” of “{name}” is not one of its own outgoing flows",
    "重新选择默认流向",
    "choose the default flow again",
)
DEFAULT_CONDITION = Rule(
    "default_condition",
    "“{name}”的默认流向上写了条件，条件不会被使用",
    "the default flow of “{name}” has a condition, which is never used",
    "删去这个条件，或换一条默认流向",
    "remove the condition, or choose another default flow",
)
LOST_CONDITION = Rule(
    "lost_condition",
    "“{name}”不是判断网关，连线上的条件或默认流向不会被使用",
    "“{name}” is no deciding gateway: the condition or default on its flow is never used",
    "在它后面画一个排他网关，把条件写在网关出去的连线上",
    "draw an exclusive gateway behind it and write the condition on the flows that leave the gateway",
)
ONE_WAY = Rule(
    "one_way",
    "网关“{name}”只有一条出路，上面却写了条件；条件不成立时案件会停住",
    "only one way leads on from “{name}”, and it has a condition; a case would stop where it does not hold",
    "画出另一条路并设为默认流向，或删去条件",
    "draw the other way and make it the default, or remove the condition",
)
SEVERAL_FLOWS = Rule(
    "several_flows",
    "从“{name}”出去有 {count} 条连线，会同时走所有的路",
    "{count} flows leave “{name}”, and all of them would be taken at once",
    "画一个网关：选一条路用排他网关，同时进行用并行网关",
    "draw a gateway: exclusive to choose one way, parallel to take all",
)
EVENT_TARGET = Rule(
    "event_target",
    "事件网关“{name}”后面的“{target}”不是单独等待的定时、消息、信号事件或接收任务",
    "“{target}” behind the event gateway “{name}” is no timer, message or signal event of its own",
    "事件网关后面直接画中间捕获事件，每个只接这一条连线",
    "let the gateway lead straight to catching events that no other flow enters",
)
ONE_WAY_EVENT = Rule(
    "one_way_event",
    "事件网关“{name}”只有一条出路",
    "only one way leads on from the event gateway “{name}”",
    "至少画两个等待的事件，或直接画一个中间事件",
    "draw at least two events, or a plain intermediate event instead",
)


def check_gateways(process: Process, report: Report) -> None:
    """Check every gateway and every condition of a process."""
    for node in process.nodes():
        if node.kind in DECIDING:
            _check_decision(node, report)
        elif node.kind not in UNSUPPORTED_NODES:
            _check_lost(node, report)
        if node.kind == "eventBasedGateway":
            _check_event_gateway(node, report)


def _check_decision(node: Node, report: Report) -> None:
    default = node.default
    if default and default not in {flow.id for flow in node.outgoing}:
        report.add(DEFAULT_FLOW, node.place, name=node.label, flow=default)
    if len(node.outgoing) < 2:
        for flow in node.outgoing:
            if flow.condition is not None:
                report.add(ONE_WAY, flow.place, name=node.label)
        return
    for flow in node.outgoing:
        if flow.id == default:
            if flow.condition is not None:
                report.add(DEFAULT_CONDITION, flow.place, name=node.label)
        elif not flow.condition:
            report.add(NO_CONDITION, flow.place, name=node.label, target=flow.target.label)
    if not default and all(flow.condition for flow in node.outgoing):
        report.add(NO_DEFAULT, node.place, name=node.label)


def _check_lost(node: Node, report: Report) -> None:
    if node.default:
        report.add(LOST_CONDITION, node.place, name=node.label)
    for flow in node.outgoing:
        if flow.condition is not None:
            report.add(LOST_CONDITION, flow.place, name=node.label)
    if len(node.outgoing) > 1 and node.kind not in ("parallelGateway", "eventBasedGateway"):
        report.add(SEVERAL_FLOWS, node.place, name=node.label, count=len(node.outgoing))


def _check_event_gateway(node: Node, report: Report) -> None:
    if len(node.outgoing) == 1:
        report.add(ONE_WAY_EVENT, node.place, name=node.label)
    for flow in node.outgoing:
        if not _is_waiting_event(flow):
            report.add(EVENT_TARGET, flow.place, name=node.label, target=flow.target.label)


def _is_waiting_event(flow: Flow) -> bool:
    target = flow.target
    is_event = target.kind == "intermediateCatchEvent" and target.event in ("timer", "message", "signal")
    return (is_event or target.kind == "receiveTask") and len(target.incoming) == 1
