"""Reads a BPMN file into the graph of the checks, and refuses what has no place in it at all."""

import re
from collections.abc import Iterator
from dataclasses import replace

from engine.bpmn.check.model import (
    FLOW_NODES,
    Diagram,
    Element,
    Flow,
    Lane,
    Node,
    Process,
    Scope,
    line_of,
)
from engine.bpmn.check.rules import FileRefused, Place, Report, Rule
from engine.bpmn.xml import BPMN, local_name, properties

MOST_NODES = 300
MOST_FLOWS = 900
DEEPEST_SCOPE = 8
HOLDERS = frozenset({"subProcess", "transaction", "adHocSubProcess"})
UNSUPPORTED_NODES = frozenset(
    {"scriptTask", "transaction", "adHocSubProcess", "complexGateway", "callChoreography", "choreographyTask"}
    | {"subChoreography", "implicitThrowEvent", "event"}
)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_FOREIGN = {
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8 (Zeebe)",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
    "http://operaton.org/schema/1.0/bpmn": "Operaton",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffWorkflow",
}

NOT_BPMN = Rule(
    "not_bpmn",
    "根元素是“{tag}”，不是 BPMN 2.0 的 definitions",
    "the root element is “{tag}”, not the definitions of BPMN 2.0",
    "在 Camunda Modeler 中新建“BPMN diagram (Camunda 7)”",
    "create a “BPMN diagram (Camunda 7)” with Camunda Modeler",
)
DIALECT = Rule(
    "dialect",
    "文件用的是 {dialect} 的扩展属性，本平台不会执行它们",
    "the file uses extensions of {dialect}, which this platform would not execute",
    "在 Camunda Modeler 中按 Camunda 7 重新设置人员、表单、主题等属性",
    "set people, forms and topics again with Camunda Modeler, as Camunda 7 properties",
)
NO_PROCESS = Rule(
    "no_process",
    "文件里没有流程",
    "there is no process in the file",
    "画一个至少有开始、任务和结束的流程",
    "draw a process with at least a start, a task and an end",
)
ONE_PROCESS = Rule(
    "one_process",
    "一个文件里有 {count} 个画了内容的流程（池）",
    "the file holds {count} processes (pools) with content",
    "每个文件只画一个流程：其他参与方画成不展开的空池，或放进另一个文件用调用活动或消息连接",
    "keep one process per file: draw other parties as empty pools, or move them to a file of their own",
)
NOT_EXECUTABLE = Rule(
    "not_executable",
    "流程“{name}”没有勾选“可执行”",
    "the process “{name}” is not marked as executable",
    '在流程属性中勾选 Executable（isExecutable="true"）',
    "tick Executable in the properties of the process",
)
ELEMENT_ID = Rule(
    "element_id",
    "元素 {tag} 没有可用的 id（“{id}”）",
    "an element {tag} has no usable id (“{id}”)",
    "给它一个英文 id，字母开头，只用字母、数字、下划线",
    "give it an id of letters, digits and underscores",
)
DUPLICATE_ID = Rule(
    "duplicate_id",
    "id“{id}”在文件中出现了两次",
    "the id “{id}” occurs twice in the file",
    "给其中一个换一个 id",
    "give one of the two another id",
)
TOO_MANY_NODES = Rule(
    "too_many_nodes",
    "图中有 {count} 个{what_zh}，超过 {most}",
    "the diagram has {count} {what_en}, more than {most}",
    "把一部分移到另一张图，用调用活动连接",
    "move a part to another diagram and call it",
)
NESTING = Rule(
    "nesting",
    "子流程嵌套超过 {most} 层",
    "subprocesses are nested deeper than {most} levels",
    "把内层移到另一张图，用调用活动连接",
    "move the inner ones to another diagram and call it",
)
FLOW_ENDS = Rule(
    "flow_ends",
    "连线“{id}”的起点或终点（{source} → {target}）不在同一张图的同一层",
    "the flow “{id}” does not join two nodes of the same level ({source} → {target})",
    "删掉这条连线，重新从元素拉到元素；不能穿过子流程或池的边界",
    "delete it and draw it anew; a flow cannot cross the border of a subprocess or pool",
)

FLOW_NOWHERE = Rule(
    "flow_ends",
    "连线“{id}”的{end_zh}“{node}”不存在",
    "the flow “{id}” has no node “{node}” as its {end_en}",
    "删掉这条连线，重新从元素拉到元素；用文本编辑的，把 {attribute} 改成元素的 id",
    "delete it and draw it anew; in a text editor, write the id of a node into {attribute}",
)
TWO_LANES = Rule(
    "two_lanes",
    "“{name}”同时列在泳道“{first}”和“{second}”中，不知由谁办理",
    "“{name}” is listed in two lanes, “{first}” and “{second}”: who does it is not clear",
    "在图上把它拖到办理岗位的泳道里再保存，或从另一条泳道删去它的 flowNodeRef",
    "drag it into the lane of who does it and save, or remove its flowNodeRef from the other lane",
)


# Found where a flow is missing, and gone once it is there again.
_FOLLOWS_FROM_A_LOST_FLOW = frozenset({"unreachable", "dead_end", "no_end", "default_flow", "one_way"})


class DiagramReader:
    """Reads one file."""

    def __init__(self, resource: str, root: Element, report: Report) -> None:
        self.resource = resource
        self.root = root
        self.report = report
        self.ids: frozenset[str] = frozenset()

    def read(self) -> Diagram:
        """Build the graph.

        Raises:
            FileRefused: not BPMN, another dialect, or out of bounds.
        """
        if self.root.tag != f"{BPMN}definitions":
            raise FileRefused(NOT_BPMN, tag=self.root.tag)
        self._refuse_dialects()
        self._refuse_bulk()
        self._check_ids()
        diagram = Diagram(self.resource, self.root)
        self._read_names(diagram)
        filled = [found for found in self.root.iterfind(f"{BPMN}process") if _has_nodes(found)]
        if not filled:
            raise FileRefused(NO_PROCESS, self.root.get("id", ""))
        if len(filled) > 1:
            place = Place(self.resource, filled[1].get("id", ""), line_of(filled[1]))
            self.report.add(ONE_PROCESS, place, count=len(filled))
        diagram.processes = [self._process(element) for element in filled]
        planes = self.root.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape")
        edges = self.root.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNEdge")
        diagram.drawn = frozenset(
            str(shape.get("bpmnElement", "")).rpartition(":")[2]
            for found in (planes, edges)
            for shape in found
        )
        return diagram

    def _refuse_dialects(self) -> None:
        for element in self.root.iter():
            for tag in (element.tag, *element.attrib):
                dialect = _FOREIGN.get(str(tag).rpartition("}")[0].lstrip("{"))
                if dialect:
                    raise FileRefused(DIALECT, _nearest_id(element), dialect=dialect)

    def _refuse_bulk(self) -> None:
        nodes = flows = 0
        for element in self.root.iter(f"{BPMN}*"):
            name = local_name(element)
            nodes += name in FLOW_NODES or name in UNSUPPORTED_NODES
            flows += name == "sequenceFlow"
        if nodes > MOST_NODES:
            raise FileRefused(TOO_MANY_NODES, count=nodes, most=MOST_NODES, what_zh="节点", what_en="nodes")
        if flows > MOST_FLOWS:
            raise FileRefused(TOO_MANY_NODES, count=flows, most=MOST_FLOWS, what_zh="连线", what_en="flows")

    def _check_ids(self) -> None:
        """Every reference finds the first element of an id, whatever it is."""
        seen: set[str] = set()
        for element in self.root.iter(f"{BPMN}*"):
            identity = element.get("id")
            if identity in seen:
                self.report.add(DUPLICATE_ID, Place(self.resource, identity, line_of(element)), id=identity)
            elif identity is not None:
                seen.add(identity)
        self.ids = frozenset(seen)

    def _read_names(self, diagram: Diagram) -> None:
        """Collect what event definitions refer to; a name that only differs by blanks is the same."""
        kinds = (
            ("message", "name", diagram.messages),
            ("error", "errorCode", diagram.errors),
            ("escalation", "escalationCode", diagram.escalations),
            ("signal", "name", diagram.signals),
        )
        for tag, attribute, names in kinds:
            for element in self.root.iter(f"{BPMN}{tag}"):
                names[self._id(element)] = (element.get(attribute) or "").strip()

    def _process(self, element: Element) -> Process:
        process = Process(self.resource, element, self._id(element), element.get("name", ""))
        if not process.is_executable:
            self.report.add(NOT_EXECUTABLE, process.place, name=process.name or process.id)
        self._fill(process.root)
        self._read_lanes(process)
        return process

    def _fill(self, scope: Scope) -> None:
        if scope.depth > DEEPEST_SCOPE:
            raise FileRefused(NESTING, scope.holder.id if scope.holder else "", most=DEEPEST_SCOPE)
        for child in scope.element:
            kind = local_name(child)
            if kind in FLOW_NODES or kind in UNSUPPORTED_NODES:
                node = Node(child, scope, self._id(child), kind, (child.get("name") or "").strip())
                scope.nodes.append(node)
                if kind in HOLDERS:
                    node.inner = Scope(scope.process, child, node, scope.depth + 1)
                    self._fill(node.inner)
        by_id = {node.id: node for node in reversed(scope.nodes)}
        for child in scope.element.iterfind(f"{BPMN}sequenceFlow"):
            self._flow(scope, child, by_id)
        for node in scope.nodes:
            if node.kind == "boundaryEvent":
                node.attached = by_id.get(node.element.get("attachedToRef", ""))
                if node.attached:
                    node.attached.boundaries.append(node)

    def _flow(self, scope: Scope, element: Element, by_id: dict[str, Node]) -> None:
        identity = self._id(element)
        source, target = element.get("sourceRef", ""), element.get("targetRef", "")
        if source not in by_id or target not in by_id:
            self._refuse_ends(Place(self.resource, identity, line_of(element)), source, target)
            return
        written = element.find(f"{BPMN}conditionExpression")
        condition = None if written is None else (written.text or "").strip()
        flow = Flow(identity, by_id[source], by_id[target], condition, element)
        scope.flows.append(flow)
        flow.source.outgoing.append(flow)
        flow.target.incoming.append(flow)

    def _refuse_ends(self, place: Place, source: str, target: str) -> None:
        """Say what is wrong with a flow; without it a path is broken, which need not be said as well."""
        self.report.mute(place.resource, _FOLLOWS_FROM_A_LOST_FLOW)
        ends = (("sourceRef", source, "起点", "source"), ("targetRef", target, "终点", "target"))
        missing = [end for end in ends if end[1] not in self.ids]
        if not missing:
            self.report.add(FLOW_ENDS, place, id=place.element_id, source=source, target=target)
        for attribute, node, end_zh, end_en in missing:
            words = {"attribute": attribute, "node": node or "?", "end_zh": end_zh, "end_en": end_en}
            self.report.add(FLOW_NOWHERE, place, id=place.element_id, **words)

    def _read_lanes(self, process: Process) -> None:
        nodes = {node.id: node for node in process.nodes()}
        for element in process.element.iterfind(f"{BPMN}laneSet/{BPMN}lane"):
            self._lane(process, element, "", nodes)
        for scope in process.scopes():
            for node in scope.nodes:
                if node.lane is None and scope.holder is not None:
                    node.lane = scope.holder.lane

    def _lane(self, process: Process, element: Element, above: str, nodes: dict[str, Node]) -> None:
        post = properties(element).get("post", "").strip() or above
        lane = Lane(self._id(element), element.get("name", ""), post, element, self.resource)
        process.lanes.append(lane)
        for reference in element.iterfind(f"{BPMN}flowNodeRef"):
            node = nodes.get((reference.text or "").strip())
            if node:
                self._refuse_second_lane(node, lane)
                node.lane = lane
        for child in element.iterfind(f"{BPMN}childLaneSet/{BPMN}lane"):
            self._lane(process, child, post, nodes)

    def _refuse_second_lane(self, node: Node, lane: Lane) -> None:
        """A lane around another one may list what the inner one lists."""
        other = node.lane
        if other is None or other.element in (lane.element, *lane.element.iterancestors()):
            return
        words = {"first": other.name or other.id, "second": lane.name or lane.id}
        self.report.add(TWO_LANES, node.place, name=node.label, **words)

    def _id(self, element: Element) -> str:
        identity = element.get("id", "")
        place = Place(self.resource, identity, line_of(element))
        if not _KEY.fullmatch(identity):
            if not identity:
                place = replace(place, element_id=_nearest_id(element))
            self.report.add(ELEMENT_ID, place, tag=local_name(element), id=identity)
            return identity or f"{local_name(element)}@{line_of(element)}"
        return identity


def _nearest_id(element: Element) -> str:
    """Return the id of an element, or of the nearest one around it that has one."""
    around = (element, *element.iterancestors())
    return next((str(one.get("id")) for one in around if one.get("id")), "")


def _has_nodes(process: Element) -> bool:
    return any(local_name(child) in FLOW_NODES | UNSUPPORTED_NODES for child in process)


def elements_of(scope: Scope) -> Iterator[Element]:
    """Yield the BPMN elements directly inside a scope that are no nodes, flows or lanes."""
    nodes = {node.element for node in scope.nodes}
    for child in scope.element:
        if child not in nodes and local_name(child) not in ("sequenceFlow", "laneSet"):
            yield child
