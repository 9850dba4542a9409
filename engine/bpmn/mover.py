"""Moves the tokens of a case: runs what runs by itself, and lets events happen.

Tokens are SpiffWorkflow's tasks. At rest a token is READY (a user or external step), WAITING (an event, a
join, a held step) or STARTED (something runs inside it). Everything else that is READY runs at once, oldest
token first, until nothing moves by itself any more.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from SpiffWorkflow.exceptions import WorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import events
from engine.bpmn.budget import Budget
from engine.bpmn.errors import Place, StepFailed
from engine.bpmn.errors_in_flow import catcher
from engine.bpmn.expressions import Json
from engine.bpmn.gateways import EventGateway
from engine.bpmn.journal import Journal
from engine.bpmn.scopes import element_of, path_of, place_of
from engine.bpmn.scripting import ScriptEngine
from engine.bpmn.steps import Step
from engine.bpmn.tokens import catching, is_held, step_of, tokens_of
from engine.bpmn.waits import WAITING_KINDS, inputs_of, open_step
from engine.bpmn.workflow import OPEN, CaseWorkflow
from engine.errors import HandlerFailed, Refused

if TYPE_CHECKING:
    from engine.bpmn.program import Program


class Host(Protocol):
    """What a moving case needs from the engine."""

    @property
    def now(self) -> datetime:
        """The moment of the Work, aware UTC."""
        ...

    @property
    def hold(self) -> Collection[Place]:
        """Places that must not run in this Work; their tokens are left as waits of kind held."""
        ...

    def handle(
        self, step: Step, token: str, path: tuple[str, ...], inputs: dict[str, Json]
    ) -> Mapping[str, Json]:
        """Run the handler of a service task and return its outputs.

        Raises:
            Refused: its code goes to the boundary error event that catches it, else to the caller.
            HandlerFailed: the token stays where it is, as a wait of kind retry.
        """
        ...


@dataclass(frozen=True, slots=True)
class Thrown:
    """Something a case says to the world.

    Attributes:
        kind: message, signal, escalation or error; the last two when nothing in the case caught them.
        name: of the message or signal, or the code.
    """

    kind: str
    name: str
    path: tuple[str, ...]
    element: str
    variables: Mapping[str, Json]


class Mover:
    """Moves one case.

    Attributes:
        thrown: messages, signals, and what nobody caught, in order.
    """

    def __init__(self, program: "Program", workflow: CaseWorkflow) -> None:
        self.journal = Journal(program, workflow)
        self.thrown: list[Thrown] = []
        self._workflow = workflow
        self._engine: ScriptEngine = workflow.script_engine
        self._host: Host | None = None
        self._budget = Budget()

    def move(self, host: Host, act: Callable[[], object]) -> None:
        """Let something happen, and then run whatever runs by itself."""
        self._host = host
        self._engine.now, self._engine.hold = host.now, host.hold
        self._budget = Budget()
        try:
            act()
            self.settle()
        finally:
            self._host, self._engine.hold = None, ()

    def settle(self) -> None:
        """Run tokens until every one waits."""
        self.journal.catch_up()
        while (task := self._next()) is not None:
            self._step(task)

    def run(self, task: Task) -> None:
        """Let a token pass its element."""
        task.task_spec._predict_hook(task)  # its children are made only now, see workflow.py
        parent = task.parent
        try:
            task.run()
        except WorkflowException as error:
            raise StepFailed(place_of(task), str(error)) from error
        if parent is not None and isinstance(parent.task_spec, EventGateway):
            for rival in parent.children:
                if rival.has_state(OPEN):
                    rival.cancel()
        step = step_of(task)
        if step is not None and step.kind == "end" and task.workflow is self._workflow:
            self._workflow.ended(step.element)
        self.journal.ran(task)
        self._deliver_thrown()

    def trigger(self, task: Task) -> None:
        """Let a waiting event happen, before anything else moves."""
        if isinstance(task.task_spec, events.BoundaryEvent) and not task.task_spec.cancel_activity:
            self._rearm(task)
        task.internal_data["event_fired"] = True
        task.task_spec._update(task)
        self._step(task)

    def deliver(self, receivers: list[Task], variables: Mapping[str, Json]) -> None:
        """Let events happen that carry variables; one may cancel the next."""
        for receiver in receivers:
            if receiver.state == TaskState.WAITING:
                self._engine.write(receiver, variables)
                self.trigger(receiver)

    def fail(self, task: Task, boundary: Task, variables: Mapping[str, Json]) -> None:
        """Let an activity end with a BPMN error that a boundary event catches."""
        self.journal.failed(task)
        self.deliver([boundary], variables)

    def cancel(self) -> None:
        """End the case: every token is cancelled."""
        self._workflow.cancel()
        self.journal.catch_up()

    # --- steps ----------------------------------------------------------------------------------------------

    def _next(self) -> Task | None:
        """Find the oldest token that moves by itself; open the user steps that were reached on the way."""
        for task in tokens_of(self._workflow):
            if task.state != TaskState.READY or is_held(task):
                continue
            step = step_of(task)
            if step is None or step.kind not in WAITING_KINDS:
                if not self._is_held_now(task, step):
                    return task
            elif "open" not in task.internal_data and not self._is_held_now(task, step):
                open_step(self._engine, task)
        return None

    def _is_held_now(self, task: Task, step: Step | None) -> bool:
        held = self._engine.is_held(task)
        if held and step is not None and step.kind == "handler":
            task.internal_data["held"] = "retry"
        return held

    def _step(self, task: Task) -> None:
        self._budget.spend(self._workflow, task)
        step = step_of(task)
        kind = step.kind if step is not None else ""
        definition = getattr(task.task_spec, "event_definition", None)
        if step is not None and kind == "handler":
            self._handle(task, step)
        elif step is not None and kind == "decision":
            self._engine.write(task, self._engine.decide(task, step))
            self.run(task)
        elif kind == "end" and isinstance(definition, events.Error):
            self._end_in_error(task, definition.code)
        else:
            self.run(task)

    def _handle(self, task: Task, step: Step) -> None:
        assert self._host is not None
        path = path_of(task.workflow)
        try:
            outputs = self._host.handle(step, task.id.hex, path, inputs_of(task, self._engine))
        except Refused as refused:
            boundary = catcher(task, events.Error, refused.code)
            if boundary is None:
                raise
            self.fail(task, boundary, {})
        except HandlerFailed as failed:
            task.internal_data.update(held="retry", error=failed.text())
        else:
            self._engine.write_outputs(task, step, outputs)
            self.run(task)

    # --- events ---------------------------------------------------------------------------------------------

    def _rearm(self, task: Task) -> None:
        """Leave another token at a non-interrupting event, for as long as the activity is open."""
        kept: Mapping[str, Any] | None = {}
        if isinstance(task.task_spec.event_definition, events.Timer):
            kept = events.next_occurrence(self._engine, task.internal_data)
        if kept is None:
            return
        again = task.parent._add_child(task.task_spec, TaskState.WAITING)
        again.triggered = True
        again.internal_data.update(kept)
        again.task_spec._update(again)

    def _deliver_thrown(self) -> None:
        while self._engine.thrown:
            task, definition = self._engine.thrown.pop(0)
            payload = self._engine.copied(task, task.task_spec.extensions.copies_in)
            if isinstance(definition, events.Message):
                self._say(task, "message", definition.name, payload)
            elif isinstance(definition, events.Signal):
                self._say(task, "signal", definition.name, payload)
                self.deliver(catching(self._workflow, events.Signal, definition.name), payload)
            else:
                boundary = catcher(task.workflow.parent_task, events.Escalation, definition.code)
                if boundary is None:
                    self._say(task, "escalation", definition.code or "", payload)
                else:
                    self.deliver([boundary], payload)

    def _end_in_error(self, task: Task, code: str | None) -> None:
        """End the process or subprocess of an error end event; when nobody catches it, the whole case."""
        task._set_state(TaskState.COMPLETED)
        self.journal.ran(task)
        boundary = catcher(task.workflow.parent_task, events.Error, code)
        if boundary is not None:
            self.deliver([boundary], {})
            return
        self._say(task, "error", code or "", {})
        self._workflow.ended(element_of(task))
        self.cancel()

    def _say(self, task: Task, kind: str, name: str, variables: Mapping[str, Json]) -> None:
        self.thrown.append(Thrown(kind, name, path_of(task.workflow), element_of(task), variables))
