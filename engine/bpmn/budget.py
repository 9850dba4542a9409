"""How far a case may run in one move before it is taken for one that never stops."""

from collections.abc import Callable

from SpiffWorkflow.task import Task

from engine.bpmn.check.calls import MOST_CALLS_DEEP
from engine.bpmn.errors import BudgetExceeded
from engine.bpmn.scopes import path_of, place_of
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


def enter(call: Task) -> None:
    """Pay for beginning the process that a call activity calls.

    Raises:
        BudgetExceeded: calls are nested too deep, as where a process calls itself.
    """
    if len(path_of(call.workflow)) >= MOST_CALLS_DEEP:
        raise BudgetExceeded(
            place_of(call),
            (
                f"调用嵌套超过 {MOST_CALLS_DEEP} 层，流程可能在调用自己",
                f"Calls are nested more than {MOST_CALLS_DEEP} deep; the process may be calling itself",
            ),
        )
