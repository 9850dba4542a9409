"""Finds the tokens of a case: the tasks of SpiffWorkflow that are neither predicted nor finished."""

from collections.abc import Iterator
from uuid import UUID

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.errors import NoSuchWait
from engine.bpmn.events import Timer
from engine.bpmn.scopes import element_of
from engine.bpmn.steps import Step
from engine.bpmn.workflow import OPEN, CaseWorkflow


def tokens_of(workflow: CaseWorkflow) -> Iterator[Task]:
    """Yield every token, those of the root first, the oldest first in each tree."""
    for tree in workflow.trees():
        yield from [task for task in tree.tasks.values() if task.has_state(OPEN)]


def step_of(task: Task) -> Step | None:
    """Return what the diagram says where a token stands; None inside SpiffWorkflow's own nodes."""
    return getattr(task.task_spec, "extensions", None)


def is_held(task: Task) -> bool:
    """Tell whether a token must not go on before it is told to."""
    return "held" in task.internal_data


def find(workflow: CaseWorkflow, token: str) -> Task:
    """Return a token by its 32 digits.

    Raises:
        NoSuchWait: it is gone.
    """
    try:
        key = UUID(hex=token)
    except ValueError:
        key = None
    for tree in workflow.trees():
        task = tree.tasks.get(key)
        if task is not None and task.has_state(OPEN):
            return task
    raise NoSuchWait("token_gone", "这个步骤已不在等待")


def find_timer(workflow: CaseWorkflow, token: str) -> Task:
    """Return the token of a timer that waits.

    Raises:
        NoSuchWait: it is gone, held, or no timer.
    """
    task = find(workflow, token)
    definition = getattr(task.task_spec, "event_definition", None)
    if not isinstance(definition, Timer) or task.state != TaskState.WAITING or is_held(task):
        raise NoSuchWait("not_a_timer", "“{element}”不是等待中的定时器", element=element_of(task))
    return task


def catching(workflow: CaseWorkflow, kind: type, name: str) -> list[Task]:
    """Return the tokens that wait for a message or signal of this name."""
    return [
        task
        for task in tokens_of(workflow)
        if task.state == TaskState.WAITING
        and isinstance(getattr(task.task_spec, "event_definition", None), kind)
        and task.task_spec.event_definition.name == name
        and not is_held(task)
    ]
