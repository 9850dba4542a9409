"""Lets a case follow a step into other hands: who does its later steps, and what stands behind it."""

from dataclasses import replace

from engine import definitions, stepping
from engine.bpmn.runtime import Run
from engine.hosting import CaseHost
from engine.ids import new_id
from engine.rights import Case, Task
from engine.work import Work


def follow(work: Work, case: Case, task: Task, actor_id: int) -> None:
    """Let the variable that names who does a step name whoever it was given to.

    Only where the diagram takes the person of the step from one variable for which the library has a
    successor: in its process, and in those that called it with the same person. Steps that open later go to
    the new one.

    Raises:
        Refused: the library says that the step cannot go to them; nothing is changed.
    """
    step = definitions.program_of(work, case).steps[task.called_process, task.step_id]
    if step.assignee is None or len(step.assignee.names) != 1:
        return
    (name,) = step.assignee.names
    successor = work.engine.library.successors.get(f"{case.process_key}.{name}")
    if successor is None:
        return
    value = str(actor_id)
    path = tuple(task.path.split("/")) if task.path else ()

    def rename(run: Run, host: CaseHost) -> None:
        before = run.variables(path).get(name)
        for depth in range(len(path), -1, -1):
            if run.variables(path[:depth]).get(name) != before:
                return
            run.correct(host, {name: value}, path[:depth])

    context = CaseHost(work, case).context(task.step_id, task.token, task.id)
    successor(replace(context, key=f"{context.key}:{new_id()}"), actor_id)
    stepping.move(work, case, rename)
