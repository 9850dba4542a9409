"""Finds who catches a BPMN error or an escalation: its own activity first, then outward scope by scope."""

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.events import BoundaryEvent
from engine.bpmn.loops import MultiInstance, StandardLoop


def catcher(activity: Task | None, kind: type, code: str | None) -> Task | None:
    """Return the waiting boundary event that catches, nearest first; never one of a parallel branch.

    Args:
        activity: token of the activity that failed, or around the throwing event; None at the root.
        kind: `events.Error` or `events.Escalation`.
    """
    while activity is not None:
        activity = whole(activity)
        found = _attached(activity, kind, code)
        if found is not None:
            return found
        activity = activity.workflow.parent_task
    return None


def whole(activity: Task) -> Task:
    """Return the token that stands for all instances of an activity: boundary events are attached to it."""
    parent = activity.parent
    if parent is not None and isinstance(parent.task_spec, (MultiInstance, StandardLoop)):
        return parent
    return activity


def _attached(activity: Task, kind: type, code: str | None) -> Task | None:
    split = activity.parent
    if split is None or not isinstance(split.task_spec, BoundaryEventSplit):
        return None
    catching = [task for task in split.children if _waits_for(task, kind)]
    exact = [task for task in catching if task.task_spec.event_definition.code == code]
    return next(iter(exact + [t for t in catching if t.task_spec.event_definition.code is None]), None)


def _waits_for(task: Any, kind: type) -> bool:
    return (
        task.state == TaskState.WAITING
        and isinstance(task.task_spec, BoundaryEvent)
        and isinstance(task.task_spec.event_definition, kind)
    )
