"""Checks that a diagram holds only elements, attributes and extensions that the platform executes."""

from collections.abc import Mapping

from engine.bpmn.check.model import Diagram, Element, Node, Process, line_of
from engine.bpmn.check.reading import UNSUPPORTED_NODES, elements_of
from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.xml import BPMN, CAMUNDA, local_name, properties
from engine.check_problem import Severity

REMARKS = frozenset(
    {"documentation", "extensionElements", "textAnnotation", "association", "group", "dataObject"}
    | {"dataObjectReference", "property", "ioSpecification", "multiInstanceLoopCharacteristics"}
    | {"standardLoopCharacteristics", "incoming", "outgoing", "dataInputAssociation", "dataOutputAssociation"}
    | {"auditing", "monitoring"}
)
EVENT_KINDS = {
    "startEvent": ("message",),
    "endEvent": ("message", "signal", "error", "escalation", "terminate"),
    "intermediateThrowEvent": ("message", "signal", "escalation"),
    "intermediateCatchEvent": ("timer", "message", "signal"),
    "boundaryEvent": ("timer", "message", "signal", "error", "escalation"),
}
_MUST_HAVE_EVENT = frozenset({"intermediateCatchEvent", "boundaryEvent"})

_NODE_ATTRIBUTES = {
    "userTask": {"assignee", "candidateGroups", "dueDate", "followUpDate", "formRef", "formRefBinding"},
    "serviceTask": {"type", "topic", "taskPriority"},
    "sendTask": {"type", "topic", "taskPriority"},
    "businessRuleTask": {"decisionRef", "decisionRefBinding", "resultVariable", "mapDecisionResult"},
    "callActivity": {"calledElementBinding"},
}
_LOOP_ATTRIBUTES = {"collection", "elementVariable"}
_NODE_PROPERTIES = {
    "userTask": {"name_en", "clock", "escalation", "cancel", "not_same_as", "pausable", "rank"},
    "boundaryEvent": {"name_en", "pausable"},
    "intermediateCatchEvent": {"name_en", "pausable", "cancel"},
    "callActivity": {"name_en", "cancel"},
    "serviceTask": {"name_en", "cancel"},
    "receiveTask": {"name_en", "cancel"},
    "subProcess": {"name_en", "cancel"},
}
_PROCESS_ATTRIBUTES = {
    "candidateStarterGroups",
    "versionTag",
    "historyTimeToLive",
    "isStartableInTasklist",
    "taskPriority",
}
_PROCESS_PROPERTIES = {"name_en", "dueDate", "on_cancel", "rank"}
_KNOWN_EXTENSIONS = frozenset({"properties", "property", "in", "out"})
_FORBIDDEN_EXTENSIONS = {
    "executionListener": ("监听器 (executionListener)", "a listener (executionListener)"),
    "taskListener": ("监听器 (taskListener)", "a listener (taskListener)"),
    "connector": ("连接器 (connector)", "a connector"),
    "inputOutput": ("输入输出映射 (inputOutput)", "a mapping (inputOutput)"),
    "field": ("注入字段 (field)", "an injected field (field)"),
    "script": ("脚本 (script)", "a script"),
    "formData": ("内嵌表单 (formData)", "an embedded form (formData)"),
    "errorEventDefinition": ("errorEventDefinition", "errorEventDefinition"),
}
_USE_TOPIC = ("Implementation 选 External 并填写 topic", "choose Implementation: External and give a topic")
_USE_FORM = ("Forms 的 Type 选 Camunda Forms，填写 formRef", "choose Camunda Forms and give a formRef")
_USE_LATEST = ("Binding 选 latest", "choose the binding latest")
_FORBIDDEN_ATTRIBUTES = {
    "class": _USE_TOPIC,
    "expression": _USE_TOPIC,
    "delegateExpression": _USE_TOPIC,
    "resource": _USE_TOPIC,
    "formKey": _USE_FORM,
    "formHandlerClass": _USE_FORM,
    "candidateUsers": ("改用泳道的岗位或 candidateGroups", "use the post of the lane, or candidateGroups"),
    "candidateStarterUsers": ("改用 candidateStarterGroups", "use candidateStarterGroups"),
    "priority": ("改用属性 rank（0 最急）", "use the property rank (0 is most urgent)"),
    "calledElementVersion": _USE_LATEST,
    "decisionRefVersion": _USE_LATEST,
    "formRefVersion": _USE_LATEST,
    "variableMappingClass": ("改用 camunda:in 和 camunda:out", "use camunda:in and camunda:out"),
    "variableMappingDelegateExpression": ("改用 camunda:in 和 camunda:out", "use camunda:in and camunda:out"),
}

UNSUPPORTED = Rule(
    "unsupported",
    "“{name}”是不支持的元素 {tag}",
    "“{name}” is an element that is not supported: {tag}",
    "{remedy_zh}",
    "{remedy_en}",
)
EVENT_KIND = Rule(
    "event_kind",
    "“{name}”：{kind} 不能用在 {tag} 上",
    "“{name}”: {kind} cannot stand on a {tag}",
    "{remedy_zh}",
    "{remedy_en}",
)
FORBIDDEN = Rule(
    "forbidden",
    "“{name}”用了{what_zh}，它不会被执行",
    "“{name}” uses {what_en}, which would not be executed",
    "{remedy_zh}",
    "{remedy_en}",
)
UNKNOWN_PROPERTY = Rule(
    "unknown_property",
    "“{name}”的属性“{key}”没有含义",
    "the property “{key}” of “{name}” has no meaning",
    "检查拼写；可用的有：{known}",
    "check the spelling; there are: {known}",
)
IGNORED = Rule(
    "ignored",
    "“{name}”的 {key} 会被忽略",
    "{key} of “{name}” is ignored",
    "删去它，以免误解",
    "remove it, so that nobody relies on it",
    Severity.WARNING,
)

RUNS_THROUGH = Rule(
    "runs_through",
    "“{name}”没有指定任务类型，不会有人去做，流程会直接通过",
    "“{name}” is a task of no type: nobody does it, the case runs through it",
    "改成用户任务、服务任务或调用活动",
    "make it a user task, a service task or a call activity",
)
MANUAL = Rule(
    "manual",
    "手工任务“{name}”不进收件箱，流程会直接通过",
    "the manual task “{name}” enters no inbox, the case runs through it",
    "需要有人确认时改成用户任务",
    "make it a user task if somebody has to confirm it",
    Severity.WARNING,
)

_ELEMENT_REMEDIES = {
    "scriptTask": (
        "改用服务任务（Type: External，填写 topic），由平台提供的处理程序完成",
        "use a service task (Type: External, with a topic) that a handler of the platform carries out",
    ),
    "adHocSubProcess": ("画成普通子流程或并行网关", "draw an ordinary subprocess or a parallel gateway"),
    "transaction": (
        "改用普通子流程，用错误边界事件处理失败",
        "use an ordinary subprocess with an error boundary",
    ),
    "complexGateway": ("改用排他、并行或包容网关", "use an exclusive, parallel or inclusive gateway"),
    "dataStoreReference": ("删去数据存储，写成文本注释", "remove the data store; write a text annotation"),
    "eventSubProcess": (
        "改用活动上的边界事件；取消流程用 cancel 属性",
        "use boundary events on the activities; for cancelling, the property cancel",
    ),
}
_EVENT_REMEDIES = {
    "link": ("用一条连线直接连接两处", "join the two places with a sequence flow"),
    "conditional": ("改用消息事件，或在网关上判断", "use a message event, or decide at a gateway"),
    "compensate": ("把撤销的步骤画成普通任务", "draw what undoes the step as ordinary tasks"),
    "cancel": ("改用错误事件", "use an error event"),
    "timer": (
        "由平台按时发起的流程，请用消息开始事件",
        "use a message start; the platform starts it in time",
    ),
    "signal": ("改用消息开始事件", "use a message start event"),
}
_OTHER_REMEDY = ("删去它，或换成支持的元素", "remove it, or use a supported element")
_LISTENER_REMEDY = (
    "需要动作时画一个服务任务；传值用 camunda:in/out 或表单的 variable",
    "draw a service task for what should happen; pass values with camunda:in/out or a form variable",
)


def check_elements(diagram: Diagram, report: Report) -> None:
    """Check every element of a diagram against what is executed."""
    for process in diagram.processes:
        _check_process(process, report)
        for scope in process.scopes():
            for element in elements_of(scope):
                _check_remark(scope.place, element, report)
            for node in scope.nodes:
                _check_node(node, report)


def _check_process(process: Process, report: Report) -> None:
    name = process.name or process.id
    _check_attributes(process.place, name, process.element, _PROCESS_ATTRIBUTES, report)
    _check_properties(process.place, name, process.properties, _PROCESS_PROPERTIES, report)
    _check_extensions(process.place, name, process.element, report)
    for lane in process.lanes:
        said = properties(lane.element)
        _check_properties(lane.place, lane.name or lane.id, said, {"post", "name_en"}, report)


def _check_remark(around: Place, element: Element, report: Report) -> None:
    tag = local_name(element)
    if tag in REMARKS or not str(element.tag).startswith(BPMN):
        return
    remedy = _ELEMENT_REMEDIES.get(tag, _OTHER_REMEDY)
    place = Place(around.resource, element.get("id", around.element_id), line_of(element))
    _add(report, UNSUPPORTED, place, remedy, name=element.get("name") or element.get("id", ""), tag=tag)


def _check_node(node: Node, report: Report) -> None:
    tag = node.kind
    if tag == "subProcess" and node.element.get("triggeredByEvent") == "true":
        tag = "eventSubProcess"
    if tag in UNSUPPORTED_NODES or tag == "eventSubProcess":
        remedy = _ELEMENT_REMEDIES.get(tag, _OTHER_REMEDY)
        _add(report, UNSUPPORTED, node.place, remedy, name=node.label, tag=tag)
        return
    if node.element.get("isForCompensation") == "true":
        remedy = _EVENT_REMEDIES["compensate"]
        _add(report, UNSUPPORTED, node.place, remedy, name=node.label, tag="isForCompensation")
    if tag in ("task", "manualTask"):
        report.add(RUNS_THROUGH if tag == "task" else MANUAL, node.place, name=node.label)
    _check_event(node, report)
    _check_attributes(node.place, node.label, node.element, _NODE_ATTRIBUTES.get(tag, set()), report)
    for loop in node.element.iterfind(f"{BPMN}multiInstanceLoopCharacteristics"):
        _check_attributes(node.place, node.label, loop, _LOOP_ATTRIBUTES, report)
        _check_extensions(node.place, node.label, loop, report)
    known = _NODE_PROPERTIES.get(tag, {"name_en"})
    _check_properties(node.place, node.label, node.properties, known, report)
    _check_extensions(node.place, node.label, node.element, report)
    for definition in node.definitions:
        _check_attributes(node.place, node.label, definition, {"type", "topic"}, report)


def _check_event(node: Node, report: Report) -> None:
    found = [local_name(part).removesuffix("EventDefinition") for part in node.definitions]
    kind = "+".join(found) if found else "none"
    is_wrong = len(found) > 1 or any(event not in EVENT_KINDS.get(node.kind, ()) for event in found)
    is_inner_start = node.kind == "startEvent" and node.scope.holder is not None
    if is_wrong or (is_inner_start and found) or (not found and node.kind in _MUST_HAVE_EVENT):
        remedy = _EVENT_REMEDIES.get(found[0] if found else "", _OTHER_REMEDY)
        _add(report, EVENT_KIND, node.place, remedy, name=node.label, kind=kind, tag=node.kind)


def _check_attributes(place: Place, name: str, element: Element, known: set[str], report: Report) -> None:
    for attribute in element.attrib:
        key = str(attribute)
        if not key.startswith(CAMUNDA):
            continue
        word = key.removeprefix(CAMUNDA)
        if word in known:
            continue
        if word in _FORBIDDEN_ATTRIBUTES:
            words = dict.fromkeys(("what_zh", "what_en"), f"camunda:{word}")
            _add(report, FORBIDDEN, place, _FORBIDDEN_ATTRIBUTES[word], name=name, **words)
        else:
            report.add(IGNORED, place, name=name, key=f"camunda:{word}")


def _check_properties(
    place: Place, name: str, said: Mapping[str, str], known: set[str], report: Report
) -> None:
    for key in said:
        if key not in known:
            report.add(UNKNOWN_PROPERTY, place, name=name, key=key, known="、".join(sorted(known)))


def _check_extensions(place: Place, name: str, element: Element, report: Report) -> None:
    holder = element.find(f"{BPMN}extensionElements")
    for extension in holder if holder is not None else ():
        if not str(extension.tag).startswith(CAMUNDA):
            continue
        word = local_name(extension)
        if word in _FORBIDDEN_EXTENSIONS:
            zh, en = _FORBIDDEN_EXTENSIONS[word]
            _add(report, FORBIDDEN, place, _LISTENER_REMEDY, name=name, what_zh=zh, what_en=en)
        elif word not in _KNOWN_EXTENSIONS:
            report.add(IGNORED, place, name=name, key=f"camunda:{word}")


def _add(report: Report, rule: Rule, place: Place, remedy: tuple[str, str], **params: object) -> None:
    report.add(rule, place, remedy_zh=remedy[0], remedy_en=remedy[1], **params)
