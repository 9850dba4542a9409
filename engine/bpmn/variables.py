"""Which variables a procedure has and of which type, from all that declares one."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from engine.bpmn.decisions import Decision
from engine.bpmn.errors import ModelInvalid
from engine.bpmn.expressions import Expression, ValueType
from engine.bpmn.expressions.tree import Call, Choice, Literal, Name, Node
from engine.bpmn.expressions.values import type_of
from engine.bpmn.steps import Step
from engine.topics import Topics

FormVariables = Mapping[str, Mapping[str, ValueType]]
"""Form -> the process variables that completing it sets, by its fields or its completion command."""

Types = dict[str, dict[str, ValueType]]


def variable_types(
    key: str,
    steps: Iterable[Step],
    decisions: Mapping[str, Decision],
    topics: Topics,
    forms: FormVariables,
) -> Mapping[str, Mapping[str, ValueType]]:
    """Return process -> variable -> type; one that is declared with two types has any.

    Args:
        key: process that cases start with; its message starts declare what their starters give.
    Raises:
        ModelInvalid: a step names a decision that there is not.
    """
    steps = list(steps)
    types: Types = {key: {}}
    for step in steps:
        types.setdefault(step.process, {})
        for name, kind in _declared(step, decisions, topics, forms):
            _add(types[step.process], name, kind)
        if step.process == key and step.kind == "start":
            for name, kind in topics.starts.get(step.message or "", {}).items():
                _add(types[key], name, kind)
    calls = [step for step in steps if step.kind == "call"]
    for _ in calls:  # types travel through one call more each round
        for call in calls:
            _cross(types, call)
    return MappingProxyType(types)


def _declared(
    step: Step, decisions: Mapping[str, Decision], topics: Topics, forms: FormVariables
) -> Iterator[tuple[str, ValueType]]:
    if step.kind == "user":
        yield from forms.get(step.form or "", {}).items()
    elif step.kind in ("handler", "external"):
        yield from topics.services[step.topic or ""].outputs.items()
    elif step.kind == "decision":
        if step.decision is None or step.decision not in decisions:
            raise ModelInvalid(
                step.element,
                "没有决策表“{decision}”",
                "There is no decision “{decision}”",
                decision=step.decision or "",
            ).within(step.process)
        outputs = decisions[step.decision].outputs
        if step.result is None:
            yield from outputs.items()
        elif step.result_as == "singleEntry":
            yield step.result, next(iter(outputs.values()))
        else:
            yield step.result, ValueType.ANY if step.result_as == "singleResult" else ValueType.LIST


def _cross(types: Types, call: Step) -> None:
    outside, inside = types[call.process], types.setdefault(call.called or "", {})
    for copies, source, target in ((call.copies_in, outside, inside), (call.copies_out, inside, outside)):
        for copy in copies:
            kind = (
                _kind(copy.source.tree, source)
                if isinstance(copy.source, Expression)
                else source.get(copy.source)
            )
            if kind is not None:
                _add(target, copy.target, kind)


def _kind(node: Node, types: Mapping[str, ValueType]) -> ValueType | None:
    """Say of which type a value is, as far as the form of its expression tells."""
    match node:
        case Name(name=name):
            return types.get(name)
        case Literal(value=value) if value is not None:
            return type_of(value)
        case Choice(yes=yes, no=no):
            return _common((yes, no), types)
        case Call(function="coalesce", arguments=arguments):
            return _common(arguments, types)
    return None


def _common(nodes: tuple[Node, ...], types: Mapping[str, ValueType]) -> ValueType | None:
    kinds = {_kind(node, types) for node in nodes}
    return kinds.pop() if len(kinds) == 1 else None


def _add(types: dict[str, ValueType], name: str, kind: ValueType) -> None:
    types[name] = kind if types.get(name, kind) is kind else ValueType.ANY
