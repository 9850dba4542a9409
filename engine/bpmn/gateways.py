"""Gateways that count tokens instead of searching the history of the case."""

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway as SpiffExclusiveGateway
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway as SpiffInclusiveGateway
from SpiffWorkflow.bpmn.specs.defaults import ParallelGateway as SpiffParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class EventGateway(BpmnSpecMixin):
    """Puts a token at each event behind it; the first that fires cancels the others."""


class _Choice:
    """A gateway whose way on is not known before it runs."""

    cond_task_specs: list[tuple[Any, str]]

    def _predict_hook(self, my_task: Task) -> None:
        """Predict nothing."""

    def _go(self: Any, my_task: Task, names: Iterable[str]) -> bool:
        specs = [self._wf_spec.task_specs[name] for name in names]
        if not specs:
            raise my_task.workflow.script_engine.failure(
                my_task, ("没有条件成立，也没有默认流向", "No condition holds, and there is no default flow")
            )
        my_task._sync_children(specs, TaskState.FUTURE)
        return True

    def _matching(self, my_task: Task) -> Iterable[str]:
        return (name for test, name in self.cond_task_specs if test is not None and test._matches(my_task))

    def _default(self) -> Iterable[str]:
        return (name for test, name in self.cond_task_specs if test is None)


class ExclusiveGateway(_Choice, SpiffExclusiveGateway):
    """Takes the first flow whose condition holds, else the default."""

    def _run_hook(self, my_task: Task) -> bool:
        way = next(iter(self._matching(my_task)), None) or next(iter(self._default()), None)
        return bool(self._go(my_task, [way] if way else []))


class _TokenJoin:
    """Waits with its tokens until they may go on as one; each keeps the flow it came by.

    A token that came by a flow where another one waits already stays for the next round. So a join inside a
    rework loop is right in every round, and the history of the case is not needed for it.
    """

    def _update_hook(self: Any, my_task: Task) -> bool:
        my_task.internal_data.setdefault("from", my_task.parent.task_spec.name)
        waiting = [
            task
            for task in my_task.workflow.tasks.values()
            if task is my_task or (task.task_spec is self and task.state == TaskState.WAITING)
        ]
        arrived: dict[str, Task] = {}
        for task in waiting:
            arrived.setdefault(task.internal_data["from"], task)
        if not self._is_complete(my_task, arrived.keys()):
            my_task._set_state(TaskState.WAITING)
            return False
        for task in arrived.values():
            if task is not my_task:
                task.internal_data["merged"] = True
                task._set_state(TaskState.CANCELLED)
        return True

    def _run_hook(self, my_task: Task) -> bool:
        return True


class ParallelGateway(_TokenJoin, SpiffParallelGateway):
    """Waits for one token on every incoming flow."""

    def _is_complete(self, my_task: Task, arrived: Iterable[str]) -> bool:
        return set(self._inputs) <= set(arrived)


class InclusiveGateway(_Choice, _TokenJoin, SpiffInclusiveGateway):
    """Waits while another token can still arrive by a flow that is empty; takes every flow that holds.

    Attributes:
        upstream: incoming flow -> names of the nodes from which a token can come by it. Set by `prepare`.
    """

    upstream: dict[str, frozenset[str]]

    def prepare(self) -> None:
        """Look through the diagram once."""
        self.upstream = {name: frozenset(self._before(name)) for name in self._inputs}

    def _before(self, name: str) -> set[str]:
        found: set[str] = set()
        pending = [name]
        while pending:
            current = pending.pop()
            if current != self.name and current not in found:
                found.add(current)
                pending.extend(self._wf_spec.task_specs[current]._inputs)
        return found

    def _is_complete(self, my_task: Task, arrived: Iterable[str]) -> bool:
        came = set(arrived)
        filled = [self.upstream[name] for name in came]
        empty = [nodes for name, nodes in self.upstream.items() if name not in came]
        for task in my_task.workflow.tasks.values():
            if task.state not in _ON_THE_WAY or task.task_spec is self:
                continue
            name = task.task_spec.name
            # BPMN: a token that could as well arrive where one waits already holds nothing up.
            if any(name in nodes for nodes in empty) and not any(name in nodes for nodes in filled):
                return False
        return True

    def _run_hook(self, my_task: Task) -> bool:
        return bool(self._go(my_task, list(self._matching(my_task)) or self._default()))


_ON_THE_WAY = frozenset({TaskState.FUTURE, TaskState.WAITING, TaskState.READY, TaskState.STARTED})
