"""Trees of tokens: SpiffWorkflow's workflows, grown one step at a time instead of predicted to the end."""

import logging
from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

# SpiffWorkflow would log each change of state, with the process data.
for _name in ("spiff.task", "spiff.workflow"):
    logging.getLogger(_name).setLevel(logging.WARNING)

OPEN = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class _Tree:
    """What the root case and its subprocesses have in common.

    SpiffWorkflow builds every possible future of a token, twice as many tasks for each parallel block, and
    walks through all of them at each step. Here a task gets its children just before it runs.
    """

    def plant(self: Any) -> None:
        """Put the first token at the start."""
        self.task_tree = Task(self, self.spec.start, state=TaskState.FUTURE)
        self.task_tree._ready()

    def update_waiting_tasks(self: Any) -> None:
        """Ask the joins again, which wait for other tokens; every other wait is told from outside."""
        for task in list(self.tasks.values()):
            if task.state == TaskState.WAITING and isinstance(task.task_spec, Join):
                task.task_spec._update(task)

    def _task_removed_notify(self: Any, task: Task) -> None:
        # An interrupted multi-instance activity drops its instances from the tree without cancelling them.
        super()._task_removed_notify(task)  # type: ignore[misc]  # the other base class has it
        subprocess = self.top_workflow.subprocesses.pop(task.id, None)
        if subprocess is not None:
            subprocess.cancel()


class CaseWorkflow(_Tree, BpmnWorkflow):
    """The root of a case.

    Attributes:
        ends: end events that its tokens reached, each once, in their order.
    """

    embedded = False
    parent_task = None

    def __init__(self, spec: Any, subprocess_specs: Mapping[str, Any], script_engine: Any) -> None:
        super().__init__(spec, subprocess_specs, script_engine=script_engine, deserializing=True)
        self.ends: list[str] = []

    def ended(self, element: str) -> None:
        """Note an end event."""
        if element not in self.ends:
            self.ends.append(element)

    def create_subprocess(self, my_task: Task, spec_name: str) -> "ScopeWorkflow":
        """Begin an embedded subprocess or a called process for the token of its activity."""
        subprocess = self.attach(my_task)
        subprocess.plant()
        return subprocess

    def attach(self, activity: Task) -> "ScopeWorkflow":
        """Give the token of an activity its inner workflow, still without tokens."""
        subprocess = ScopeWorkflow(self.subprocess_specs[activity.task_spec.spec], activity, self)
        self.subprocesses[activity.id] = subprocess
        return subprocess

    def trees(self) -> list[Any]:
        """Return the root and everything that runs inside it."""
        return [self, *self.subprocesses.values()]


class ScopeWorkflow(_Tree, BpmnSubWorkflow):
    """An embedded subprocess or a called process.

    Attributes:
        parent_task: the token of its activity.
        embedded: it shares the variables of what it stands in; its own data are only loop variables.
    """

    def __init__(self, spec: Any, parent_task: Task, top_workflow: CaseWorkflow) -> None:
        self.parent_task = parent_task
        self.embedded = bool(parent_task.task_spec.embedded)
        super().__init__(spec, parent_task.id, top_workflow, deserializing=True)

    @property
    def parent_workflow(self) -> Any:
        """The workflow its activity stands in."""
        return self.parent_task.workflow
