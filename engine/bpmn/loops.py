"""Activities that run several times: over a list, in parallel or one by one, or while a condition holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.activities import Holdable
from engine.bpmn.expressions import Expression

Json = Any


class _Loop(BpmnSpecMixin):
    """Runs another node, its instance, once or more.

    Kept with its token: `items` still to come, how many instances are `done` of `total`, `results`. An
    instance keeps its loop variables in the data of its own token.

    Attributes:
        task_spec: name of the instance's node; SpiffWorkflow's parser sets it.
    """

    task_spec = ""

    def prepare(self: Any) -> None:
        """Listen to the instance's node, once for all cases that share the diagram."""
        self._wf_spec.task_specs[self.task_spec].completed_event.connect(self.instance_completed)

    def _update_hook(self: Any, my_task: Task) -> bool:
        super()._update_hook(my_task)
        return bool(self.begin(my_task))

    def _open(self, my_task: Task, variables: Mapping[str, Json]) -> None:
        instance = my_task._add_child(self._wf_spec.task_specs[self.task_spec], TaskState.WAITING)
        instance.triggered = True
        instance.data.update(variables)
        instance.task_spec._update(instance)


class StandardLoop(Holdable, _Loop):
    """Runs again while its condition holds, at most `maximum` times."""

    def __init__(
        self,
        wf_spec: Any,
        bpmn_id: str,
        maximum: int | None,
        condition: Expression | None,
        test_before: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.maximum = maximum
        self.condition = condition
        self.test_before = test_before

    def begin(self, my_task: Task) -> bool:
        """Open the first instance; tell whether there is nothing to do."""
        my_task.internal_data["done"] = 0
        if self.test_before and not self._goes_on(my_task):
            return True
        my_task._set_state(TaskState.STARTED)
        self._open(my_task, {"loopCounter": 0})
        return False

    def instance_completed(self, workflow: Any, instance: Task) -> None:
        """Run again, or go on."""
        my_task = instance.parent
        my_task.internal_data["done"] += 1
        if self._goes_on(my_task):
            self._open(my_task, {"loopCounter": my_task.internal_data["done"]})
        else:
            my_task._set_state(TaskState.READY)

    def _goes_on(self, my_task: Task) -> bool:
        done = my_task.internal_data["done"]
        if self.maximum is not None and done >= self.maximum:
            return False
        if self.condition is None:
            return True
        return bool(my_task.workflow.script_engine.condition(my_task, self.condition, {"loopCounter": done}))


@dataclass(frozen=True, slots=True)
class Instances:
    """What a multi-instance activity runs over.

    Attributes:
        items: computes the list.
        item: name under which an instance sees its item.
        results: variable that gets the list of results, one for each finished instance, in the list's order.
        result: name under which an instance sets its result.
        is_enough: decides after each instance whether the others are given up.
    """

    items: Expression
    item: str | None
    results: str | None
    result: str | None
    is_enough: Expression | None
    sequential: bool


class MultiInstance(Holdable, _Loop):
    """Runs once for each item of a list."""

    def __init__(self, wf_spec: Any, bpmn_id: str, instances: Instances, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.instances = instances

    def begin(self, my_task: Task) -> bool:
        """Open the instances; tell whether there is nothing to do."""
        items = my_task.workflow.script_engine.items(my_task, self.instances.items)
        state = my_task.internal_data
        state.update(items=items, total=len(items), done=0, opened=0, results=[])
        if not items:
            self._finish(my_task)
            return True
        my_task._set_state(TaskState.STARTED)
        for _ in range(1 if self.instances.sequential else len(items)):
            self._open_next(my_task)
        return False

    def _open_next(self, my_task: Task) -> None:
        state = my_task.internal_data
        variables: dict[str, Json] = {"loopCounter": state["opened"]}
        if self.instances.result:
            variables[self.instances.result] = None
        item = state["items"].pop(0)
        if self.instances.item:
            variables[self.instances.item] = item
        state["opened"] += 1
        self._open(my_task, variables)

    def instance_completed(self, workflow: Any, instance: Task) -> None:
        """Keep the result; open the next, wait for the others, or go on."""
        my_task = instance.parent
        state = my_task.internal_data
        state["done"] += 1
        if self.instances.result:
            state["results"].append([instance.data["loopCounter"], instance.data[self.instances.result]])
        if state["done"] == state["total"] or self._is_enough(my_task, instance):
            for other in my_task.children:
                if not other.has_state(TaskState.FINISHED_MASK):
                    other.cancel()
            self._finish(my_task)
            my_task._set_state(TaskState.READY)
        elif self.instances.sequential:
            self._open_next(my_task)

    def _is_enough(self, my_task: Task, instance: Task) -> bool:
        if self.instances.is_enough is None:
            return False
        state = my_task.internal_data
        counts = {
            "nrOfInstances": state["total"],
            "nrOfCompletedInstances": state["done"],
            "nrOfActiveInstances": 0 if self.instances.sequential else state["total"] - state["done"],
        }
        return bool(instance.workflow.script_engine.condition(instance, self.instances.is_enough, counts))

    def _finish(self, my_task: Task) -> None:
        if self.instances.results:
            results = [result for _, result in sorted(my_task.internal_data["results"])]
            my_task.workflow.script_engine.write(my_task, {self.instances.results: results})
