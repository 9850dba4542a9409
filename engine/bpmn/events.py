"""Event definitions that wait to be told: none fires by itself, none is broadcast, none reads a clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent as SpiffBoundaryEvent
from SpiffWorkflow.bpmn.specs.defaults import IntermediateCatchEvent as SpiffCatchEvent
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.task import Task

from engine.bpmn.activities import Holdable
from engine.bpmn.expressions import Time, TimerExpression
from engine.bpmn.scripting import ScriptEngine
from engine.durations import Cycle, Duration, format_moment, parse_moment

TimerState = Mapping[str, Any]
"""What a timer keeps with its token: `due`, and for a cycle also `cycle`, `armed` and `fired`."""


class BoundaryEvent(Holdable, SpiffBoundaryEvent):
    """A boundary event; it waits as long as its activity is open."""


class CatchEvent(Holdable, SpiffCatchEvent):
    """An intermediate catching event."""


class Timer(TimerEventDefinition):
    """A date, a duration or a cycle; armed once, when its token arrives."""

    def __init__(self, name: str, expression: TimerExpression) -> None:
        super().__init__(name, expression)

    def has_fired(self, my_task: Task) -> bool:
        """Arm the timer on first sight; it has fired only when it was told to."""
        if "due" not in my_task.internal_data:
            engine: ScriptEngine = my_task.workflow.script_engine
            my_task.internal_data.update(_armed(engine, my_task, engine.time(my_task, self.expression)))
        return bool(my_task.internal_data.get("event_fired"))


def _armed(engine: ScriptEngine, task: Task, value: Time) -> TimerState:
    if isinstance(value, Duration):
        return {"due": format_moment(value.after(engine.now, engine.zone))}
    if isinstance(value, datetime):
        return {"due": format_moment(value)}
    first = value.due(0, engine.now, engine.zone)
    if first is None:
        raise engine.failure(
            task, (f"循环“{value}”今后不再触发", f"The cycle “{value}” never fires from now on")
        )
    return {
        "due": format_moment(first),
        "cycle": str(value),
        "armed": format_moment(engine.now),
        "fired": 0,
    }


def next_occurrence(engine: ScriptEngine, timer: TimerState) -> TimerState | None:
    """Return how a cycle waits for its next firing, or None when it is through.

    A bounded cycle makes up for firings missed while the platform was down; an endless one passes over them.
    """
    if "cycle" not in timer:
        return None
    cycle = Cycle.parse(timer["cycle"])
    armed = parse_moment(timer["armed"])
    fired = int(timer["fired"]) + 1
    if cycle.repetitions is None:
        fired += _missed(cycle, fired, armed, engine)
    due = cycle.due(fired, armed, engine.zone)
    if due is None:
        return None
    return {"due": format_moment(due), "cycle": timer["cycle"], "armed": timer["armed"], "fired": fired}


def _missed(cycle: Cycle, first: int, armed: datetime, engine: ScriptEngine) -> int:
    """Count the occurrences from `first` on that lie in the past, by doubling and halving."""

    def is_past(index: int) -> bool:
        due = cycle.due(first + index, armed, engine.zone)
        return due is not None and due <= engine.now

    beyond = 1
    while is_past(beyond - 1):
        beyond *= 2
    low, high = beyond // 2, beyond - 1  # all before `low` are past, the one at `high` is not
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if is_past(middle) else (low, middle)
    return low


class _Thrown:
    """Hands a throwing event to the run instead of broadcasting it."""

    def throw(self, my_task: Task) -> None:
        my_task.workflow.script_engine.throw(my_task, self)


class Message(_Thrown, MessageEventDefinition):
    """A message by name."""


class Signal(_Thrown, SignalEventDefinition):
    """A signal by name, heard by every branch of the case that waits for it."""


class Error(_Thrown, ErrorEventDefinition):
    """A BPMN error by code; a catching one without code catches every error."""


class Escalation(_Thrown, EscalationEventDefinition):
    """An escalation by code; a catching one without code catches every escalation."""


class Terminate(TerminateEventDefinition):
    """Ends the process or subprocess it stands in; the end event sees to that."""

    def throw(self, my_task: Task) -> None:
        """Throw nothing."""
