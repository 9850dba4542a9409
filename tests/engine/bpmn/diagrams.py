"""Small diagrams for tests, written as the elements that a modeler would draw."""

from collections.abc import Mapping
from html import escape
from itertools import pairwise

from engine.bpmn.expressions import ValueType
from engine.bpmn.program import Program, compile_program
from engine.topics import Topic, Topics

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="http://wuye">'
)


def tag(name: str, /, *inside: str, **attributes: str) -> str:
    """Write an element; `camunda_topic` becomes `camunda:topic`."""
    words = "".join(
        f' {key.replace("camunda_", "camunda:")}="{escape(value)}"' for key, value in attributes.items()
    )
    return f"<bpmn:{name}{words}>{''.join(inside)}</bpmn:{name}>"


def said(**properties: str) -> str:
    """Write camunda:property entries."""
    entries = "".join(
        f'<camunda:property name="{name}" value="{escape(value)}"/>' for name, value in properties.items()
    )
    return tag("extensionElements", f"<camunda:properties>{entries}</camunda:properties>")


def crossing(*, given: Mapping[str, str] | None = None, taken: Mapping[str, str] | None = None) -> str:
    """Write camunda:in and camunda:out, target -> source; a source may be an expression."""
    entries = ""
    for word, copies in (("in", given or {}), ("out", taken or {})):
        for target, source in copies.items():
            key = "sourceExpression" if "${" in source else "source"
            entries += f'<camunda:{word} {key}="{escape(source)}" target="{target}"/>'
    return tag("extensionElements", entries)


def start(element: str = "start", message: str | None = None) -> str:
    return tag("startEvent", event("message", message) if message else "", id=element)


def end(element: str = "end", *definition: str) -> str:
    return tag("endEvent", *definition, id=element)


def user(element: str, *inside: str, **attributes: str) -> str:
    return tag("userTask", *inside, id=element, name=element, **attributes)


def service(element: str, topic: str, *inside: str) -> str:
    return tag("serviceTask", *inside, id=element, camunda_type="external", camunda_topic=topic)


def exclusive(element: str, default: str | None = None) -> str:
    return tag("exclusiveGateway", id=element, **({"default": default} if default else {}))


def parallel(*elements: str) -> str:
    return "".join(tag("parallelGateway", id=element) for element in elements)


def inclusive(element: str, default: str | None = None) -> str:
    return tag("inclusiveGateway", id=element, **({"default": default} if default else {}))


def boundary(element: str, on: str, definition: str, *inside: str, interrupting: bool = True) -> str:
    word = "true" if interrupting else "false"
    return tag("boundaryEvent", *inside, definition, id=element, attachedToRef=on, cancelActivity=word)


def catch(element: str, definition: str) -> str:
    return tag("intermediateCatchEvent", definition, id=element)


def throw(element: str, *definition: str) -> str:
    return tag("intermediateThrowEvent", *definition, id=element)


def event(kind: str, name: str | None = None, *inside: str) -> str:
    """Write an event definition; messages, signals, errors and escalations are called by their names."""
    reference = {f"{kind}Ref": f"{kind}_{name}"} if name else {}
    return tag(f"{kind}EventDefinition", *inside, **reference)


def duration(text: str) -> str:
    return tag("timerEventDefinition", tag("timeDuration", escape(text)))


def date(text: str) -> str:
    return tag("timerEventDefinition", tag("timeDate", escape(text)))


def cycle(text: str) -> str:
    return tag("timerEventDefinition", tag("timeCycle", escape(text)))


def subprocess(element: str, *inside: str) -> str:
    return tag("subProcess", *inside, id=element)


def call(element: str, called: str, *inside: str) -> str:
    return tag("callActivity", *inside, id=element, calledElement=called)


def each(collection: str, item: str = "", *inside: str, sequential: bool = False) -> str:
    """Write the mark of a multi-instance activity."""
    words = {"camunda_collection": collection, "isSequential": "true" if sequential else "false"}
    return tag(
        "multiInstanceLoopCharacteristics",
        *inside,
        **words,
        **({"camunda_elementVariable": item} if item else {}),
    )


def flows(*elements: str) -> str:
    """Connect elements in a row."""
    return "".join(flow(first, second) for first, second in pairwise(elements))


def flow(source: str, target: str, when: str | None = None) -> str:
    condition = tag("conditionExpression", escape(when)) if when else ""
    return tag("sequenceFlow", condition, id=f"{source}_{target}", sourceRef=source, targetRef=target)


def process(*inside: str, key: str = "p", **attributes: str) -> str:
    return tag("process", *inside, id=key, name=key, isExecutable="true", **attributes)


def diagram(*processes: str) -> bytes:
    """Write a file; whatever its events refer to by name is declared in it."""
    body = "".join(processes)
    declared = ""
    for kind, code in (
        ("message", None),
        ("signal", None),
        ("error", "errorCode"),
        ("escalation", "escalationCode"),
    ):
        for part in sorted({word.split('"')[0] for word in body.split(f'{kind}Ref="{kind}_')[1:]}):
            extra = {code: part} if code else {}
            declared += tag(kind, id=f"{kind}_{part}", name=part, **extra)
    return f"{_HEAD}{declared}{body}</bpmn:definitions>".encode()


def topics(
    handlers: Mapping[str, Topic] | None = None, starts: Mapping[str, Mapping[str, ValueType]] | None = None
) -> Topics:
    """Offer topics; `do` and `worker` are always there, take x and set y."""
    plain = {
        "do": Topic("do", "handler", ("x",), {"y": ValueType.ANY}),
        "worker": Topic("worker", "external", ("x",), {"y": ValueType.ANY}),
    }
    return Topics(services=plain | dict(handlers or {}), starts=starts or {})


def program(*processes: str, tables: Mapping[str, bytes] | None = None, key: str = "p") -> Program:
    """Compile a procedure."""
    return compile_program(key, {"p.bpmn": diagram(*processes), **(tables or {})}, topics())
