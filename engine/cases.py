"""Reads a case for its page: its steps and times, what happened, remarks, and where its tokens stand."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from engine import definitions, history, rights
from engine.bpmn.program import Program, Step
from engine.bpmn.ways import process_at
from engine.errors import InstanceNotFound
from engine.history import Happened
from engine.ports import Json
from engine.rights import Case
from engine.store.tables import (
    bundle,
    case_comment,
    definition,
    due_change,
    escalation,
    instance,
    resource,
    task_history,
    user_task,
)
from engine.work import Work

# Kinds of events that say where tokens came, where they left, and what they only passed.
_CAME = frozenset({"entered", "opened"})
_LEFT = frozenset({"left", "cancelled", "completed", "withdrawn"})
_WALKED = frozenset({"passed", "fired"})


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One human step of a case, open or over.

    Attributes:
        path: call activities from the root, "/"-joined.
        actor_id: who ended it; None while it is open.
        end_kind: completed, withdrawn or cancelled; None while it is open.
        pause: the reason why the clock stands and until when that is planned; None while it goes.
        paused: of a step that is over, how long its clock stood.
        extra: answers to fields that a process owner added and no command takes.
    """

    task_id: int
    path: str
    process: str
    step_id: str
    name: str
    name_en: str
    group_code: str
    assignee_id: int | None
    opened_at: datetime
    due_at: datetime | None
    is_late: bool
    pause: tuple[str, datetime] | None = None
    paused: timedelta = timedelta()
    actor_id: int | None = None
    ended_at: datetime | None = None
    end_kind: str | None = None
    outcome: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_paused(self) -> bool:
        """Tell whether its clock stands."""
        return self.pause is not None


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark that somebody added."""

    id: int
    at: datetime
    actor_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One diagram of a case: the procedure itself, or one that it calls.

    Attributes:
        path: call activities from the root, "/"-joined; "" is the procedure itself.
        done, open: ids of elements that were left, and that hold a token now.
        late: those among the open whose step is overdue.
    """

    path: str
    process: str
    name: str
    name_en: str
    done: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case and all that its page shows.

    Attributes:
        told: (task, level of its ladder) -> posts that were told when the rung fired.
    """

    case: Case
    program: Program
    steps: tuple[CaseStep, ...]
    events: tuple[Happened, ...]
    remarks: tuple[Remark, ...]
    sheets: tuple[Sheet, ...]
    told: Mapping[tuple[int, int], tuple[str, ...]]

    def sheet(self, path: str) -> Sheet:
        """Find a diagram by its path; blank where the case has not come to, else the procedure."""
        found = next((sheet for sheet in self.sheets if sheet.path == path), None)
        return found or _blank_sheet(self.program, path) or self.sheets[0]

    def step(self, element: str) -> Step | None:
        """Find what a diagram of this case says about an element."""
        return next((step for (_, known), step in self.program.steps.items() if known == element), None)


def find(work: Work, business_key: str) -> Case:
    """Find a case by its number; of several with one number the newest.

    Raises:
        InstanceNotFound: no such case, or it is none of the actor's business.
    """
    rows = work.connection.execute(
        select(instance).where(instance.c.business_key == business_key).order_by(instance.c.id.desc())
    )
    for case in rows:
        if rights.may_see(work, case):
            return case
    raise InstanceNotFound("case_not_found", "没有单号为 {key} 的流程", key=business_key)


def is_open_to(work: Work, business_key: str) -> bool:
    """Tell whether the actor may look at a case by its number."""
    rows = work.connection.execute(select(instance).where(instance.c.business_key == business_key))
    return any(rights.may_see(work, case) for case in rows)


def detail(work: Work, business_key: str) -> CaseDetail:
    """Read a case by its number.

    Raises:
        InstanceNotFound: as `find`.
    """
    case = find(work, business_key)
    program = definitions.program_of(work, case)
    steps = (*_past(work, case), *_open(work, case))
    events = tuple(history.events(work, case.id))
    return CaseDetail(
        case=case,
        program=program,
        steps=steps,
        events=events,
        remarks=_remarks(work, case),
        sheets=_sheets(case, program, steps, events),
        told=_told(work, case),
    )


def diagram(work: Work, case: Case, process: str) -> bytes:
    """Return the BPMN file that holds a process, in the very version that the case runs on."""
    return bundle_diagram(work, case.bundle_id, process)


def bundle_diagram(work: Work, bundle_id: int, process: str) -> bytes:
    """Return the BPMN file that holds a process, in the version of a bundle; the caller has checked who asks.

    Raises:
        InstanceNotFound: the bundle has no such process.
    """
    resources = work.connection.execute(
        select(bundle.c.resources).where(bundle.c.id == bundle_id)
    ).scalar_one_or_none()
    found = work.connection.execute(
        select(resource.c.content)
        .join(definition, definition.c.resource_id == resource.c.id)
        .where(
            definition.c.kind == "process",
            definition.c.key == process,
            resource.c.id.in_([int(number) for number in (resources or {}).values()]),
        )
    ).scalar()
    if found is None:
        raise InstanceNotFound("diagram_not_found", "没有流程图“{key}”", key=process)
    return bytes(found)


def _past(work: Work, case: Case) -> list[CaseStep]:
    rows = work.connection.execute(
        select(task_history).where(task_history.c.instance_id == case.id).order_by(task_history.c.id)
    )
    unseal = work.engine.vault.open
    pauses = _pauses(work, case)
    return [
        CaseStep(
            **_common(row),
            is_late=row.late,
            paused=_length(pauses.get(row.id, ()), row.ended_at),
            actor_id=row.actor_id,
            ended_at=row.ended_at,
            end_kind=row.end_kind,
            outcome=row.outcome,
            extra=json.loads(unseal("task_history", "extra", row.id, row.extra)) if row.extra else {},
        )
        for row in rows
    ]


def _pauses(work: Work, case: Case) -> dict[int, list[datetime]]:
    """Return for each step when its clock stopped and went on, in turn."""
    turns: dict[int, list[datetime]] = {}
    rows = work.connection.execute(
        select(due_change.c.task_id, due_change.c.at)
        .where(due_change.c.instance_id == case.id, due_change.c.kind.in_(("pause", "unpause")))
        .order_by(due_change.c.id)
    )
    for row in rows:
        turns.setdefault(row.task_id, []).append(row.at)
    return turns


def _length(turns: Sequence[datetime], ended_at: datetime) -> timedelta:
    """Add up the pauses of a step; one that still ran ended with the step."""
    whole = [*turns, ended_at] if len(turns) % 2 else turns
    return sum((end - begun for begun, end in zip(whole[::2], whole[1::2], strict=True)), timedelta())


def _open(work: Work, case: Case) -> list[CaseStep]:
    rows = work.connection.execute(
        select(user_task).where(user_task.c.instance_id == case.id).order_by(user_task.c.id)
    )
    return [
        CaseStep(
            **_common(row),
            is_late=row.due_at is not None and row.due_at < work.now and row.paused_at is None,
            pause=(row.pause_reason, row.paused_until) if row.paused_at is not None else None,
        )
        for row in rows
    ]


def _common(row: Row[Any]) -> dict[str, Any]:
    return {
        "task_id": row.id,
        "path": row.path,
        "process": row.called_process,
        "step_id": row.step_id,
        "name": row.name,
        "name_en": row.name_en,
        "group_code": row.group_code,
        "assignee_id": row.assignee_id,
        "opened_at": row.opened_at,
        "due_at": row.due_at,
    }


def _remarks(work: Work, case: Case) -> tuple[Remark, ...]:
    rows = work.connection.execute(
        select(case_comment).where(case_comment.c.instance_id == case.id).order_by(case_comment.c.id)
    )
    unseal = work.engine.vault.open
    return tuple(
        Remark(row.id, row.at, row.actor_id, unseal("case_comment", "body", row.id, row.body)) for row in rows
    )


def _told(work: Work, case: Case) -> dict[tuple[int, int], tuple[str, ...]]:
    rows = work.connection.execute(
        select(escalation.c.task_id, escalation.c.level, escalation.c.notified).where(
            escalation.c.instance_id == case.id
        )
    )
    return {(row.task_id, row.level): tuple(filter(None, row.notified.split(","))) for row in rows}


def _sheets(
    case: Case, program: Program, steps: tuple[CaseStep, ...], events: tuple[Happened, ...]
) -> tuple[Sheet, ...]:
    """Say for each diagram that the case has come to which elements it left and which hold a token.

    The procedure itself comes first, then what it called, in the order of the calls.
    """
    came = Counter((event.path, event.step_id) for event in events if event.kind in _CAME)
    left = Counter((event.path, event.step_id) for event in events if event.kind in _LEFT)
    walked = left.keys() | {(event.path, event.step_id) for event in events if event.kind in _WALKED}
    is_over = case.state not in {"active", "suspended"}
    still = set() if is_over else {place for place, count in came.items() if count > left[place]}
    late = {(step.path, step.step_id) for step in steps if step.end_kind is None and step.is_late}
    sheets = []
    for path in dict.fromkeys(["", *(event.path for event in events)]):
        marked = {
            "done": _at(walked, path) - _at(still, path),
            "open": _at(still, path),
            "late": _at(late, path),
        }
        sheets.append(_sheet(program, path, marked))
    return tuple(sheets)


def _sheet(program: Program, path: str, marked: Mapping[str, frozenset[str]]) -> Sheet:
    call = program.steps.get(_call_of(program, path)) if path else None
    return Sheet(
        path=path,
        process=process_at(program, path),
        name=call.name if call else program.name,
        name_en=call.name_en if call else program.name_en,
        **marked,
    )


def _blank_sheet(program: Program, path: str) -> Sheet | None:
    """Show a called diagram that the case has not come to; None where the path calls nothing."""
    process = program.key
    for element in path.split("/"):
        step = program.steps.get((process, element))
        if step is None or step.called is None:
            return None
        process = step.called
    return _sheet(program, path, {})


def _at(places: Set[tuple[str, str]], path: str) -> frozenset[str]:
    return frozenset(element for at, element in places if at == path)


def _call_of(program: Program, path: str) -> tuple[str, str]:
    """Return (process, element) of the call activity that a path ends with."""
    above, _, element = path.rpartition("/")
    return process_at(program, above), element
