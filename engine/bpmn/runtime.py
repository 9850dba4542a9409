"""One case: loaded, told what happened, run to its next wait states, and written back.

A `Run` lives for one Work. It knows no database and no clock: what it needs, it asks of its `Host`. What
raises out of a method spoils the Run: throw it away and roll back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import events, snapshot
from engine.bpmn.errors import BudgetExceeded, NoSuchWait, NotJson, SnapshotUnreadable, StepFailed
from engine.bpmn.errors_in_flow import catcher
from engine.bpmn.expressions import Json
from engine.bpmn.journal import Move
from engine.bpmn.mover import Host, Mover, Thrown
from engine.bpmn.scopes import element_of, path_of, visible
from engine.bpmn.scripting import ScriptEngine
from engine.bpmn.tokens import catching, find, find_timer, is_held, step_of, tokens_of
from engine.bpmn.waits import WAITING_KINDS, Wait, waits_of
from engine.bpmn.workflow import OPEN, CaseWorkflow
from engine.durations import format_moment

if TYPE_CHECKING:
    from engine.bpmn.program import Program

__all__ = [
    "BudgetExceeded",
    "Host",
    "Move",
    "NoSuchWait",
    "NotJson",
    "Run",
    "SnapshotUnreadable",
    "StepFailed",
    "Thrown",
    "Wait",
]


class Run:
    """One loaded case.

    Every method that takes a host may raise StepFailed or one of its children (nothing of the move may be
    kept) and Refused (by a handler, caught by no boundary event).
    """

    def __init__(self, program: "Program", workflow: CaseWorkflow) -> None:
        self.program = program
        self._workflow = workflow
        self._engine: ScriptEngine = workflow.script_engine
        self._mover = Mover(program, workflow)

    # --- life -----------------------------------------------------------------------------------------------

    @classmethod
    def start(
        cls, program: "Program", host: Host, *, message: str = "", variables: Mapping[str, Json]
    ) -> Self:
        """Begin a case at one of its start events and run it to its first wait states.

        Raises:
            NoSuchWait: the procedure has no start for this message.
        """
        if message not in program.starts:
            raise NoSuchWait("no_such_start", "流程没有名为“{message}”的开始", message=message)
        workflow = CaseWorkflow(program.specs[program.key], program.specs, ScriptEngine(program))
        run = cls(program, workflow)
        workflow.plant()

        def begin() -> None:
            run._engine.write(workflow.task_tree, variables)
            run._mover.settle()
            if message:
                element = program.starts[message]
                start = next(task for task in tokens_of(workflow) if element_of(task) == element)
                run._mover.trigger(start)

        run._mover.move(host, begin)
        return run

    @classmethod
    def load(cls, program: "Program", content: bytes) -> Self:
        """Read a stored case.

        Raises:
            SnapshotUnreadable: it does not fit the program.
        """
        return cls(program, snapshot.load(program, content))

    def dump(self) -> bytes:
        """Write the case.

        Raises:
            BudgetExceeded: it has grown too large.
        """
        return snapshot.dump(self._workflow)

    # --- what it is like ------------------------------------------------------------------------------------

    @property
    def moves(self) -> list[Move]:
        """What its tokens did since it was started or loaded, in order."""
        return self._mover.journal.moves

    @property
    def thrown(self) -> list[Thrown]:
        """Messages, signals, and errors and escalations that nobody caught, since then, in order."""
        return self._mover.thrown

    @property
    def finished(self) -> bool:
        """Tell whether no token is left."""
        return bool(self._workflow.completed)

    @property
    def outcome(self) -> str:
        """The end events of the root process that tokens reached, comma separated, in order."""
        return ",".join(self._workflow.ends)

    def waits(self) -> list[Wait]:
        """Return everything the case waits for, oldest token first."""
        return [wait for task in tokens_of(self._workflow) for wait in waits_of(task, self._engine)]

    def variables(self, path: tuple[str, ...] = ()) -> dict[str, Json]:
        """Return the variables of the case, or of the called process at a path."""
        return dict(self._scope(path).data)

    def visible(self, token: str) -> dict[str, Json]:
        """Return the variables that a token sees, its loop variables included."""
        return dict(visible(find(self._workflow, token)))

    def path(self, token: str) -> tuple[str, ...]:
        """Return the call activities from the root to a token."""
        return path_of(find(self._workflow, token).workflow)

    # --- what happens to it ---------------------------------------------------------------------------------

    def complete(self, host: Host, token: str, variables: Mapping[str, Json]) -> None:
        """Complete a user or external step: write its results to its scope and run on.

        Raises:
            NoSuchWait: it is not open any more.
        """
        task = find(self._workflow, token)
        step = step_of(task)
        if step is None or step.kind not in WAITING_KINDS or task.state != TaskState.READY or is_held(task):
            raise NoSuchWait("not_open", "步骤“{element}”现在不能完成", element=element_of(task))

        def finish() -> None:
            self._engine.write(task, variables)
            self._mover.run(task)

        self._mover.move(host, finish)

    def fire(self, host: Host, token: str) -> None:
        """Fire a timer and run on.

        Raises:
            NoSuchWait: it does not wait any more.
        """
        timer = find_timer(self._workflow, token)
        self._mover.move(host, lambda: self._mover.trigger(timer))

    def move_timer(self, token: str, due_at: datetime) -> None:
        """Put off the next firing of a timer; later ones of a cycle stay where they are."""
        find_timer(self._workflow, token).internal_data["due"] = format_moment(due_at)

    def correlate(self, host: Host, message: str, variables: Mapping[str, Json]) -> None:
        """Give a message to the one token that waits for it and run on.

        Raises:
            NoSuchWait: no token waits for it, or several.
        """
        receivers = catching(self._workflow, events.Message, message)
        if len(receivers) != 1:
            raise NoSuchWait("message_not_awaited", "流程现在不等待消息“{message}”", message=message)
        self._mover.move(host, lambda: self._mover.deliver(receivers, variables))

    def signal(self, host: Host, name: str, variables: Mapping[str, Json]) -> int:
        """Give a signal from outside to every token that waits for it; return how many did."""
        receivers = catching(self._workflow, events.Signal, name)
        self._mover.move(host, lambda: self._mover.deliver(receivers, variables))
        return len(receivers)

    def raise_error(self, host: Host, token: str, code: str, variables: Mapping[str, Json]) -> bool:
        """Raise a BPMN error at an open activity and run on; return False when nothing catches it."""
        task = find(self._workflow, token)
        boundary = catcher(task, events.Error, code)
        if boundary is None:
            return False
        self._mover.move(host, lambda: self._mover.fail(task, boundary, variables))
        return True

    def retry(self, host: Host, token: str) -> None:
        """Let a token go on that was held, or whose handler had failed.

        Raises:
            NoSuchWait: it is not held.
        """
        task = find(self._workflow, token)
        if not is_held(task):
            raise NoSuchWait("not_held", "步骤“{element}”没有等待重试", element=element_of(task))

        def release() -> None:
            del task.internal_data["held"]
            task.internal_data.pop("error", None)
            if task.state == TaskState.WAITING:
                task.task_spec._update(task)

        self._mover.move(host, release)

    def correct(self, host: Host, variables: Mapping[str, Json], path: tuple[str, ...] = ()) -> None:
        """Change variables of the case, or of the called process at a path."""
        first = self._scope(path).task_tree
        self._mover.move(host, lambda: self._engine.write(first, variables))

    def cancel(self) -> None:
        """End the case: every token is cancelled."""
        self._mover.cancel()

    def _scope(self, path: tuple[str, ...]) -> Any:
        for tree in self._workflow.trees():
            is_open = tree is self._workflow or tree.parent_task.has_state(OPEN)
            if is_open and not tree.embedded and path_of(tree) == path:
                return tree
        raise NoSuchWait("no_such_call", "被调用的流程“{path}”已不在运行", path="/".join(path))
