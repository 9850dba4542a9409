"""How far a case may run in one move before it is taken for one that never stops."""

from collections.abc import Callable

from SpiffWorkflow.task import Task

from engine.bpmn.errors import BudgetExceeded
from engine.bpmn.scopes import place_of
from engine.bpmn.workflow import CaseWorkflow
from engine.clock import thread_seconds

MOST_STEPS = 500
MOST_SECONDS = 5.0
"""Of processor time: on a busy machine a move may take longer and is no fault of its diagram."""
MOST_TASKS = 5_000


class Budget:
    """Counts what one move may spend."""

    def __init__(self, seconds: Callable[[], float] = thread_seconds) -> None:
        self._seconds = seconds
        self._steps = 0
        self._ends_at = seconds() + MOST_SECONDS

    def spend(self, workflow: CaseWorkflow, task: Task) -> None:
        """Pay for one step.

        Raises:
            BudgetExceeded: at the step that is too much.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise BudgetExceeded(
                place_of(task),
                (
                    f"一次推进的工作量超过上限（{MOST_STEPS} 个自动步骤）",
                    f"More work in one move than allowed ({MOST_STEPS} automatic steps)",
                ),
            )
        if self._seconds() > self._ends_at:
            raise BudgetExceeded(
                place_of(task),
                (
                    f"一次推进的工作量超过上限（处理器 {MOST_SECONDS:.0f} 秒）",
                    f"More work in one move than allowed ({MOST_SECONDS:.0f} s of processor)",
                ),
            )
        tasks = sum(len(tree.tasks) for tree in workflow.trees())
        if tasks > MOST_TASKS:
            raise BudgetExceeded(
                place_of(task),
                (
                    f"流程有 {tasks} 个节点，超过 {MOST_TASKS}",
                    f"The case has {tasks} nodes, more than {MOST_TASKS}",
                ),
            )
