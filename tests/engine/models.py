"""Writes small BPMN models for tests, in the dialect that process owners use, without a drawing."""

from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions" targetNamespace="urn:wuye:test">'
)

_FORMAL = "bpmn:tFormalExpression"


@dataclass
class Model:
    """One process under construction; every method adds an element and returns the model."""

    key: str
    starters: str = "cs"
    properties: dict[str, str] = field(default_factory=dict)
    _parts: list[str] = field(default_factory=list)
    _roots: list[str] = field(default_factory=list)
    _flows: int = 0

    def start(self, element: str = "start", message: str | None = None) -> "Model":
        """Add a start event, plain or by message."""
        return self._event("startEvent", element, self._message(message) if message else "")

    def end(self, element: str = "end", inner: str = "") -> "Model":
        """Add an end event."""
        return self._event("endEvent", element, inner)

    def user(self, element: str, *, group: str = "cs", due: str = "PT30M", **said: str) -> "Model":
        """Add a user task.

        Args:
            said: `form` (else an empty one), `assignee`, `follow_up`; anything else is a camunda:property.
        """
        said.setdefault("form", "plain")
        attributes = [f'camunda:candidateGroups="{group}"', f'camunda:dueDate="{due}"']
        for name, attribute in (("form", "formRef"), ("assignee", "assignee"), ("follow_up", "followUpDate")):
            if name in said:
                attributes.append(f"camunda:{attribute}={quoteattr(said.pop(name))}")
        inner = _properties(said)
        return self._add(
            f'<bpmn:userTask id="{element}" name="{element}" {" ".join(attributes)}>{inner}</bpmn:userTask>'
        )

    def service(self, element: str, topic: str) -> "Model":
        """Add an automatic step."""
        return self._add(
            f'<bpmn:serviceTask id="{element}" name="{element}" '
            f'camunda:type="external" camunda:topic="{topic}"/>'
        )

    def call(self, element: str, called: str, *mappings: str, **said: str) -> "Model":
        """Add a call activity; each mapping is a whole `<camunda:in .../>` or `<camunda:out .../>`."""
        extensions = "".join(mappings) + _property_list(said)
        inner = f"<bpmn:extensionElements>{extensions}</bpmn:extensionElements>" if extensions else ""
        return self._add(
            f'<bpmn:callActivity id="{element}" name="{element}" calledElement="{called}">'
            f"{inner}</bpmn:callActivity>"
        )

    def exclusive(self, element: str, default: str | None = None) -> "Model":
        """Add an exclusive gateway; `default` is the element its default flow leads to."""
        default_flow = f' default="{element}_{default}"' if default else ""
        return self._add(f'<bpmn:exclusiveGateway id="{element}" name="{element}"{default_flow}/>')

    def parallel(self, element: str) -> "Model":
        """Add a parallel gateway."""
        return self._add(f'<bpmn:parallelGateway id="{element}"/>')

    def receive(self, element: str, message: str) -> "Model":
        """Add an intermediate message catch event."""
        return self._event("intermediateCatchEvent", element, self._message(message))

    def throw(self, element: str, message: str) -> "Model":
        """Add an intermediate message throw event."""
        return self._event("intermediateThrowEvent", element, self._message(message))

    def timer(
        self, element: str, on: str, duration: str, *, interrupting: bool = True, **said: str
    ) -> "Model":
        """Add a boundary timer."""
        kind = "timeCycle" if duration.startswith("R") else "timeDuration"
        return self._add(
            f'<bpmn:boundaryEvent id="{element}" name="{element}" attachedToRef="{on}" '
            f'cancelActivity="{str(interrupting).lower()}">{_properties(said)}'
            f'<bpmn:timerEventDefinition id="{element}_timer">'
            f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{escape(duration)}</bpmn:{kind}>'
            "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        )

    def error(self, element: str, on: str, code: str) -> "Model":
        """Add a boundary error event."""
        self._roots.append(f'<bpmn:error id="error_{code}" name="{code}" errorCode="{code}"/>')
        return self._add(
            f'<bpmn:boundaryEvent id="{element}" name="{element}" attachedToRef="{on}">'
            f'<bpmn:errorEventDefinition id="{element}_error" errorRef="error_{code}"/></bpmn:boundaryEvent>'
        )

    def flow(self, *elements: str, when: str | None = None) -> "Model":
        """Connect elements in a row; `when` is the condition of the single flow given."""
        for source, target in pairwise(elements):
            condition = (
                f'<bpmn:conditionExpression xsi:type="{_FORMAL}">{escape(when)}</bpmn:conditionExpression>'
                if when
                else ""
            )
            self._parts.append(
                f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
                f"{condition}</bpmn:sequenceFlow>"
            )
        return self

    def xml(self) -> bytes:
        """Write the file."""
        starters = f' camunda:candidateStarterGroups="{self.starters}"' if self.starters else ""
        body = _properties(self.properties) + "".join(self._parts)
        return (
            f"{_HEAD}{''.join(self._roots)}"
            f'<bpmn:process id="{self.key}" name="{self.key}" isExecutable="true"'
            f"{starters}>{body}</bpmn:process></bpmn:definitions>"
        ).encode()

    def _message(self, name: str) -> str:
        root = f'<bpmn:message id="message_{name}" name="{name}"/>'
        if root not in self._roots:
            self._roots.append(root)
        return f'<bpmn:messageEventDefinition messageRef="message_{name}"/>'

    def _event(self, tag: str, element: str, inner: str) -> "Model":
        return self._add(f'<bpmn:{tag} id="{element}" name="{element}">{inner}</bpmn:{tag}>')

    def _add(self, part: str) -> "Model":
        self._parts.append(part)
        return self


def _property_list(said: dict[str, str]) -> str:
    if not said:
        return ""
    listed = "".join(
        f'<camunda:property name="{name}" value={quoteattr(value)}/>' for name, value in said.items()
    )
    return f"<camunda:properties>{listed}</camunda:properties>"


def _properties(said: dict[str, str]) -> str:
    listed = _property_list(said)
    return f"<bpmn:extensionElements>{listed}</bpmn:extensionElements>" if listed else ""
