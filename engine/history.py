"""Writes and tells what happened in a case: who did what when, for whom, and by when it was due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from engine.bpmn.program import Program
from engine.bpmn.runtime import Move
from engine.ports import Json
from engine.store.dialects import insert_rows
from engine.store.tables import history_event
from engine.work import Work


class Event(NamedTuple):  # made by ten thousands in a sweep, four times as fast as a dataclass
    """Something that happened in a case.

    Attributes:
        kind: started, entered, left, fired, claimed, completed, escalated, ... (see docs of the timeline).
        detail: ids, codes and moments only, never personal data.
    """

    kind: str
    step_id: str = ""
    path: str = ""
    task_id: int | None = None
    on_behalf_of: int | None = None
    due_at: datetime | None = None
    detail: dict[str, Json] | None = None


_COLUMNS = ("instance_id", "at", "actor_id", *Event._fields)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as the timeline reads it."""

    id: int
    at: datetime
    kind: str
    path: str
    step_id: str
    task_id: int | None
    actor_id: int
    on_behalf_of: int | None
    due_at: datetime | None
    detail: dict[str, Json]


def record(work: Work, instance_id: int, events: Iterable[Event]) -> None:
    """Add events to a case, in their order, by the actor and at the moment of the Work."""
    record_many(work, ((instance_id, event) for event in events))


def record_many(work: Work, events: Iterable[tuple[int, Event]]) -> None:
    """Add events to several cases with one statement."""
    at, actor_id = work.now, work.actor.id
    rows = [(instance_id, at, actor_id, *event) for instance_id, event in events]
    insert_rows(work.connection, history_event, _COLUMNS, rows)


def of_moves(program: Program, moves: Sequence[Move]) -> list[Event]:
    """Turn token moves into events: one that comes and goes at once has "passed".

    Human steps are left out: their opening and their end are told with task, person and due date.
    """
    told: list[Event] = []
    came: dict[str, int] = {}
    for move in moves:
        step = program.steps.get((move.process, move.element))
        if step is not None and step.kind == "user":
            continue
        event = Event(move.kind, move.element, "/".join(move.path))
        if move.kind == "left" and move.token in came:
            told[came.pop(move.token)] = event._replace(kind="passed")
            continue
        if move.kind == "entered":
            came[move.token] = len(told)
        told.append(event)
    return told


def events(work: Work, instance_id: int) -> list[Happened]:
    """Read a case's events in their order; the caller has checked who asks."""
    rows = work.connection.execute(
        select(history_event).where(history_event.c.instance_id == instance_id).order_by(history_event.c.id)
    )
    return [
        Happened(
            id=row.id,
            at=row.at,
            kind=row.kind,
            path=row.path,
            step_id=row.step_id,
            task_id=row.task_id,
            actor_id=row.actor_id,
            on_behalf_of=row.on_behalf_of,
            due_at=row.due_at,
            detail=row.detail or {},
        )
        for row in rows
    ]
