"""Computes when a step is due: at its opening from what the diagram says, and later from its row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine import definitions
from engine.bpmn.expressions import NOW, ZONE, load_all
from engine.calendar import ALWAYS, Calendar, calendar_of
from engine.durations import Cycle, Duration
from engine.escalation import LADDER_DECISION, Ladder, LadderBroken, Times, agenda, parse_ladder

if TYPE_CHECKING:
    from engine.bpmn.program import Program
    from engine.bpmn.runtime import Run, Wait
    from engine.work import Engine, Work

_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Plan:
    """The times of a task that opens.

    Attributes:
        job_due_at: the earliest of warning, due date and first rung; None when nothing is coming.
    """

    due_at: datetime | None
    follow_up_at: datetime | None
    job_due_at: datetime | None


def plan_opened(work: "Work", program: "Program", wait: "Wait", case_due_at: datetime | None = None) -> Plan:
    """Compute the times of a step that opens now.

    Args:
        case_due_at: limit of the whole case; a step without a limit of its own has that one.
    """
    calendar = calendar_of(work, wait.step.clock)
    due_at = _moment(calendar, work.now, wait.due) or case_due_at
    follow_up_at = _moment(calendar, work.now, wait.follow_up)
    times = Times(work.now, due_at, due_at, follow_up_at)
    coming = agenda(times, ladder_of(work, program.bundle_id, wait.step.ladder), calendar)
    return Plan(due_at, follow_up_at, coming[0].at if coming else None)


def case_due_at(work: "Work", case: Any, run: "Run") -> datetime | None:
    """Return the limit of a whole case; None where it has none, or as long as a fact for it is missing.

    Args:
        case: row of its instance; once known, the limit stays.
    """
    limit = run.program.due
    if case.due_at is not None or limit is None:
        known: datetime | None = case.due_at
        return known
    variables = run.variables()
    if any(variables.get(name) is None for name in limit.names):
        return None
    values = load_all(variables, run.program.types.get(run.program.key, {}), limit.names)
    due = limit.evaluate({**values, ZONE: work.engine.zone.key, NOW: work.now})
    if isinstance(due, Cycle):
        return due.due(0, case.started_at, work.engine.zone)
    return _moment(calendar_of(work, ALWAYS), case.started_at, due)


def _moment(calendar: Calendar, start: datetime, limit: Duration | datetime | None) -> datetime | None:
    return calendar.due(start, limit) if isinstance(limit, Duration) else limit


def ladder_of(work: "Work", bundle_id: int, name: str | None) -> Ladder:
    """Return a ladder as the table in a case's own bundle says; no name, no rungs.

    Raises:
        LadderBroken: the bundle has no such table, or it says something that cannot be carried out.
    """
    if name is None:
        return ()
    ladder = work.engine.cache.get(_ladder_key(bundle_id, name))
    if not isinstance(ladder, tuple):
        program = definitions.program(work.engine, work.connection, bundle_id)
        if LADDER_DECISION not in program.decisions:
            raise LadderBroken(
                "流程缺少升级阶梯表 {table}", "the procedure has no table {table}", table=LADDER_DECISION
            )
        ladder = parse_ladder(program.decide(LADDER_DECISION, {"ladder": name}))
        keep_ladder(work.engine, bundle_id, name, ladder)
    return ladder


def keep_ladder(engine: "Engine", bundle_id: int, name: str, ladder: Ladder) -> None:
    """Remember a ladder of a bundle, which never changes."""
    engine.cache[_ladder_key(bundle_id, name)] = ladder


def _ladder_key(bundle_id: int, name: str) -> str:
    return f"ladder {bundle_id} {name}"


def times_of(task: Any, fired: Iterable[int]) -> Times:
    """Return what decides the coming events of an open task.

    Args:
        task: its row.
        fired: levels of its escalation rows.
    """
    return Times(
        opened_at=task.opened_at,
        due_at=task.due_at,
        original_due_at=task.original_due_at,
        follow_up_at=task.follow_up_at,
        paused=timedelta(seconds=task.paused_seconds) if task.paused_seconds else _ZERO,
        is_overdue=task.overdue_at is not None,
        fired=frozenset(fired),
    )
