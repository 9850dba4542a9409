"""Nodes that do something: plain activities, embedded subprocesses and called processes."""

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity as SpiffCallActivity
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.budget import enter
from engine.bpmn.errors import StepFailed
from engine.bpmn.steps import Copy, Step


class Activity(BpmnSpecMixin):
    """A user, service, business rule or plain task: it completes when the run completes it."""


class Holdable:
    """A node that computes something when its token arrives, and must not do so while it is held."""

    def _update_hook(self, my_task: Task) -> Any:
        if my_task.workflow.script_engine.is_held(my_task):
            my_task._set_state(TaskState.WAITING)
            return False
        return super()._update_hook(my_task)  # type: ignore[misc]  # the other base class has it


class _Inner(Holdable, SubWorkflowTask):
    """An activity with a workflow of its own; the run moves the tokens in it like all others."""

    def start_workflow(self, my_task: Task) -> None:
        """Begin the inner workflow; its first token waits for the run."""
        subprocess = my_task.workflow.top_workflow.create_subprocess(my_task, self.spec)
        subprocess.completed_event.connect(self._on_subworkflow_completed, my_task)
        self.copy_data(my_task, subprocess)

    def _on_subworkflow_completed(self, subworkflow: Any, my_task: Task) -> None:
        my_task._set_state(TaskState.READY)

    def _run_hook(self, my_task: Task) -> Any:
        # Only now, as any step that runs: so what cannot be computed can be held and corrected.
        self.update_data(my_task, my_task.workflow.top_workflow.get_subprocess(my_task))
        return super()._run_hook(my_task)


class Subprocess(_Inner, BpmnSpecMixin):
    """An embedded subprocess: it sees the variables around it, and the loop variables of its instance."""

    embedded = True

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        """Give the loop variables in."""
        subworkflow.data.update(my_task.data)

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Take the loop variables out, for the result of a multi-instance activity."""
        my_task.data = {name: subworkflow.data[name] for name in my_task.data}


class CallActivity(_Inner, SpiffCallActivity, BpmnSpecMixin):
    """A called process: what is not declared as `camunda:in` or `camunda:out` does not cross."""

    embedded = False

    extensions: Step

    def start_workflow(self, my_task: Task) -> None:
        """Begin the called process, unless too many stand around it already."""
        enter(my_task)
        super().start_workflow(my_task)

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        """Give the declared inputs in."""
        self._cross(my_task, self.extensions.copies_in, my_task, subworkflow.task_tree)

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Take the declared outputs out."""
        self._cross(my_task, self.extensions.copies_out, subworkflow.task_tree, my_task)

    def _cross(self, my_task: Task, copies: tuple[Copy, ...], source: Task, target: Task) -> None:
        engine = my_task.workflow.script_engine
        try:
            engine.write(target, engine.copied(source, copies))
        except StepFailed as failure:
            raise engine.failure(my_task, failure.reason) from failure
