"""Where variables live: one scope for the case and one for each called process, never in a token."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.task import Task

from engine.bpmn.errors import Place


def scope_of(task: Task) -> Any:
    """Return the workflow whose data are the variables that a token sees: called process or root."""
    workflow = task.workflow
    while workflow.embedded:
        workflow = workflow.parent_task.workflow
    return workflow


def visible(task: Task) -> Mapping[str, Any]:
    """Return every variable that a token sees, loop variables before those of the scope."""
    frames = [task.data]
    workflow = task.workflow
    while workflow.embedded:
        frames.append(workflow.data)
        workflow = workflow.parent_task.workflow
    frames.append(workflow.data)
    filled = [frame for frame in frames if frame]
    if len(filled) < 2:
        return filled[0] if filled else {}
    merged: dict[str, Any] = {}
    for frame in reversed(filled):
        merged.update(frame)
    return merged


def store(task: Task, variables: Mapping[str, Any]) -> None:
    """Set variables where a token sees them: a loop variable of that name first, else the scope."""
    for name, value in variables.items():
        _home(task, name)[name] = value


def _home(task: Task, name: str) -> dict[str, Any]:
    home: dict[str, Any] = task.data
    workflow = task.workflow
    while name not in home and workflow.embedded:
        home = workflow.data
        workflow = workflow.parent_task.workflow
    return home if name in home else workflow.data


def path_of(workflow: Any) -> tuple[str, ...]:
    """Return the call activities that lead from the root to a workflow."""
    path: list[str] = []
    while workflow.parent_task is not None:
        if not workflow.embedded:
            path.append(workflow.parent_task.task_spec.extensions.element)
        workflow = workflow.parent_task.workflow
    return tuple(reversed(path))


def element_of(task: Task) -> str:
    """Return the id of the element that a token stands at; of the process, in a node that nobody drew."""
    return task.task_spec.bpmn_id or str(task.workflow.spec.name)


def place_of(task: Task) -> Place:
    """Say where a token stands."""
    return path_of(task.workflow), element_of(task)
