"""Tells what the tokens of a case did, in order, by comparing them after every step."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from SpiffWorkflow.bpmn.specs.defaults import StartEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.events import BoundaryEvent
from engine.bpmn.scopes import path_of
from engine.bpmn.workflow import OPEN, CaseWorkflow

if TYPE_CHECKING:
    from engine.bpmn.program import Program
    from engine.bpmn.steps import Step


@dataclass(frozen=True, slots=True)
class Move:
    """Something a token did.

    Attributes:
        kind: entered, left, fired (a boundary event), cancelled, error (a BPMN error at the activity).
        attached_to: element of the activity, for a boundary event.
    """

    token: str
    process: str
    element: str
    path: tuple[str, ...]
    name: str
    kind: str
    attached_to: str | None = None


class Journal:
    """Keeps the moves of one run.

    Start and boundary events hold no token until they happen, so their waiting is not told.
    """

    def __init__(self, program: "Program", workflow: CaseWorkflow) -> None:
        self.moves: list[Move] = []
        self._workflow = workflow
        self._known: dict[UUID, Task] = {}
        for task in self._tokens():
            self._known[task.id] = task

    def catch_up(self) -> None:
        """Tell which tokens are gone and which are new."""
        for token, task in list(self._known.items()):
            if task.has_state(OPEN) and task.workflow.tasks.get(token) is task:
                continue
            del self._known[token]
            is_through = task.state == TaskState.COMPLETED or "merged" in task.internal_data
            self._tell(task, "left" if is_through else "cancelled")
        for task in self._tokens():
            if task.id not in self._known:
                self._known[task.id] = task
                self._tell(task, "entered")

    def ran(self, task: Task) -> None:
        """Tell that a token went on, and then what else that changed."""
        if isinstance(task.task_spec, BoundaryEvent):
            self._tell(task, "fired")
        elif isinstance(task.task_spec, StartEvent):
            self._tell(task, "entered")
            self._tell(task, "left")
        elif self._known.pop(task.id, None) is not None:
            self._tell(task, "left")
        self.catch_up()

    def failed(self, task: Task) -> None:
        """Tell that an activity ends with a BPMN error."""
        self._tell(task, "error")

    def _tokens(self) -> list[Task]:
        return [
            task
            for tree in self._workflow.trees()
            for task in tree.tasks.values()
            if task.has_state(OPEN)
            and getattr(task.task_spec, "extensions", None) is not None
            and not isinstance(task.task_spec, (BoundaryEvent, StartEvent))
        ]

    def _tell(self, task: Task, kind: str) -> None:
        step: Step = task.task_spec.extensions
        self.moves.append(
            Move(
                token=task.id.hex,
                process=step.process,
                element=step.element,
                path=path_of(task.workflow),
                name=step.name,
                kind=kind,
                attached_to=step.attached_to,
            )
        )
