"""Mutants of the good procedure: each breaks one rule, at one element, and no other rule sees it."""

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from tests.engine.check.good import drawn, examined, source

Change = Callable[[etree._Element], None]

_PREFIXES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "camunda": "http://camunda.org/schema/1.0/bpmn",
}


@dataclass(frozen=True)
class Mutant:
    """A change of one diagram.

    Attributes:
        rule: name of the only rule that finds it.
        element: id of the element that is told.
    """

    rule: str
    element: str
    changes: tuple[Change, ...]
    file: str

    def __str__(self) -> str:
        return f"{self.rule}-{self.element}"

    def content(self) -> bytes:
        """Make the changed file."""
        root = etree.fromstring(source(self.file).encode())
        for change in self.changes:
            change(root)
        return drawn(etree.tostring(root, encoding="unicode")).encode()

    def findings(self) -> list[tuple[str, str, str]]:
        """Return (file, rule, element) of what the checks find; warnings only where no error is."""
        examination = examined({self.file: self.content()})
        found = examination.errors or examination.problems
        return [(problem.resource, problem.rule, problem.element_id) for problem in found]


def mutant(rule: str, element: str, *changes: Change, file: str = "repair.bpmn") -> Mutant:
    """Describe a mutant."""
    return Mutant(rule, element, changes, file)


def drop(*identities: str) -> Change:
    """Take elements away."""

    def change(root: etree._Element) -> None:
        for identity in identities:
            found = _at(root, identity)
            parent = found.getparent()
            assert parent is not None
            parent.remove(found)

    return change


def put(identity: str, attribute: str, value: str | None) -> Change:
    """Set an attribute, or take it away."""

    def change(root: etree._Element) -> None:
        name = _name(attribute)
        if value is None:
            del _at(root, identity).attrib[name]
        else:
            _at(root, identity).set(name, value)

    return change


def say(identity: str, tag: str, text: str) -> Change:
    """Change the text of an element inside another one."""

    def change(root: etree._Element) -> None:
        found = next(_at(root, identity).iter(f"{{{_PREFIXES['bpmn']}}}{tag}"))
        found.text = text

    return change


def add(identity: str, *elements: str, first: bool = False) -> Change:
    """Put elements into another one."""

    def change(root: etree._Element) -> None:
        for element in elements:
            _at(root, identity).insert(0 if first else len(_at(root, identity)), _read(element))

    return change


def swap(identity: str, element: str) -> Change:
    """Put an element in the place of another one."""

    def change(root: etree._Element) -> None:
        found = _at(root, identity)
        parent = found.getparent()
        assert parent is not None
        parent.replace(found, _read(element))

    return change


def prop(identity: str, name: str, value: str | None) -> Change:
    """Set a camunda:property that an element has or has not, or take it away."""

    def change(root: etree._Element) -> None:
        holder = f"bpmn:extensionElements/camunda:properties/camunda:property[@name='{name}']"
        found = _at(root, identity).find(holder, _PREFIXES)
        if value is None:
            assert found is not None
            found.getparent().remove(found)
        elif found is not None:
            found.set("value", value)
        else:
            entry = (
                f'<camunda:properties><camunda:property name="{name}" value="{value}"/></camunda:properties>'
            )
            extend(identity, entry)(root)

    return change


def extend(identity: str, element: str) -> Change:
    """Put an extension into an element."""

    def change(root: etree._Element) -> None:
        owner = _at(root, identity)
        holder = owner.find("bpmn:extensionElements", _PREFIXES)
        if holder is None:
            holder = _read("<bpmn:extensionElements/>")
            owner.insert(0, holder)
        holder.append(_read(element))

    return change


def _at(root: etree._Element, identity: str) -> etree._Element:
    return next(element for element in root.iter() if element.get("id") == identity)


def _name(attribute: str) -> str:
    prefix, _, word = attribute.rpartition(":")
    return f"{{{_PREFIXES[prefix]}}}{word}" if prefix else word


def _read(element: str) -> etree._Element:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES.items())
    return etree.fromstring(f"<x {spaces}>{element}</x>")[0]


# --- elements ----------------------------------------------------------------------------------------------


def flow(identity: str, begin: str, end: str, condition: str | None = None) -> str:
    """Write a sequence flow."""
    inner = "" if condition is None else f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>"
    ends = f'sourceRef="{begin}" targetRef="{end}"'
    return f'<bpmn:sequenceFlow id="{identity}" {ends}>{inner}</bpmn:sequenceFlow>'


def handler(identity: str, topic: str = "repair.notify") -> str:
    """Write a service task."""
    return f'<bpmn:serviceTask id="{identity}" camunda:type="external" camunda:topic="{topic}"/>'


def node(tag: str, identity: str, inner: str = "", **attributes: str) -> str:
    """Write a flow node."""
    words = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{tag} id="{identity}"{words}>{inner}</bpmn:{tag}>'


def event(kind: str, **attributes: str) -> str:
    """Write an event definition."""
    words = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<bpmn:{kind}EventDefinition{words}/>"


def timer(kind: str, text: str) -> str:
    """Write a timer definition."""
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"


def boundary(identity: str, activity: str, inner: str, **attributes: str) -> str:
    """Write a boundary event."""
    return node("boundaryEvent", identity, inner, attachedToRef=activity, **attributes)
