"""SpiffWorkflow's own serializer over our workflows: slow, complete, and so the judge of our snapshot.

It keeps the whole history of a case. Only the diagram is replaced by its name, as it is shared.
"""

from typing import Any

from SpiffWorkflow.bpmn.serializer.default.workflow import (
    BpmnSubWorkflowConverter,
    BpmnWorkflowConverter,
    TaskConverter,
)
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task

from engine.bpmn.program import Program
from engine.bpmn.runtime import Run
from engine.bpmn.scripting import ScriptEngine
from engine.bpmn.workflow import CaseWorkflow, ScopeWorkflow


class Stock:
    """Writes and reads the cases of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        registry = BpmnWorkflowSerializer.configure({Task: TaskConverter})
        registry.register(
            BpmnProcessSpec, lambda spec: {"name": spec.name}, lambda stored: program.specs[stored["name"]]
        )

        class RootConverter(BpmnWorkflowConverter):
            def to_dict(self, workflow: CaseWorkflow) -> dict[str, Any]:
                return super().to_dict(workflow) | {"ends": list(workflow.ends)}

            def from_dict(self, stored: dict[str, Any]) -> CaseWorkflow:
                order = list(stored["subprocesses"])
                workflow = super().from_dict(stored)
                workflow.ends = stored["ends"]
                kept = {str(key): (key, value) for key, value in workflow.subprocesses.items()}
                workflow.subprocesses = dict(kept[key] for key in order if key in kept)
                return workflow

        root = RootConverter(CaseWorkflow, registry)
        root.target_class = lambda spec, specs, **_: CaseWorkflow(spec, specs, ScriptEngine(program))
        inner = BpmnSubWorkflowConverter(ScopeWorkflow, registry)
        inner.target_class = lambda spec, token, top, **_: ScopeWorkflow(
            spec, top.get_task_from_id(token), top
        )
        self._serializer = BpmnWorkflowSerializer(registry)

    def dump(self, run: Run) -> str:
        """Write a case."""
        return self._serializer.serialize_json(run._workflow)

    def load(self, content: str) -> Run:
        """Read a case."""
        return Run(self._program, self._serializer.deserialize_json(content))
