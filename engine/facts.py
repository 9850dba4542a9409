"""What a stuck case knows where it stands, and correcting it so that the failed step can run."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from engine import definitions, incidents, instances
from engine.bpmn.expressions import ExpressionError, ValueType
from engine.bpmn.expressions.values import load
from engine.bpmn.runtime import Run
from engine.errors import RuleBroken
from engine.ports import Json
from engine.store.tables import instance
from engine.work import Work

_BY_FACTS = ("handler", "step", "timer")  # kinds of incidents that other facts may help


@dataclass(frozen=True, slots=True)
class Fact:
    """A variable of the process that is stuck.

    Attributes:
        type: as a form, a topic, a table or a start declares it.
        value: null where nothing has been said yet.
    """

    name: str
    type: ValueType
    value: Json


def facts(work: Work, incident_id: int) -> list[Fact]:
    """Return what the case knows where it is stuck, by name; nothing where correcting it cannot help.

    Raises:
        IncidentNotFound, NotPermitted.
    """
    row = incidents.still_open(work, incident_id)
    work.require(incidents.OPERATE, row.scope_id)
    found = _where(work, row)
    return found[1] if found else []


def _where(work: Work, row: Row[Any]) -> tuple[tuple[str, ...], list[Fact]] | None:
    case = work.connection.execute(select(instance).where(instance.c.id == row.instance_id)).one()
    if row.kind not in _BY_FACTS or case.state != "active" or case.snapshot is None:
        return None
    program = definitions.program_of(work, case)
    run = Run.load(program, case.snapshot)
    if all(wait.token != row.token for wait in run.waits()):
        return None
    path = run.path(row.token)
    values, types = run.variables(path), program.types.get(program.process_at(path), {})
    return path, [Fact(name, types[name], values.get(name)) for name in sorted(types)]


def correct(work: Work, incident_id: int, name: str, value: Json, reason: str) -> None:
    """Change one fact of the case where it is stuck and run the failed step again: both, or neither.

    Raises:
        IncidentNotFound, NotPermitted; and what the step raises, with its cause.
        RuleBroken: the process has no such fact, the value does not fit its type, or no reason is given.
    """
    row = incidents.operable(work, incident_id)
    path, known = _where(work, row) or ((), [])
    fact = next((one for one in known if one.name == name), None)
    if fact is None:
        raise RuleBroken("unknown_fact", "请选择流程里的一项数据")
    try:
        load(value, fact.type)
    except ExpressionError as error:
        raise RuleBroken(
            "fact_misfits", "“{name}”不能是这个值：{why}", name=name, why=(error.zh, error.en)
        ) from error
    instances.correct(work, row.instance_id, {name: value}, reason, path)
    incidents.retry(work, incident_id, reason)
