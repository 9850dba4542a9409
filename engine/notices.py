"""Tells people of one open step, in the transaction in which there is something to tell."""

from collections.abc import Iterable

from engine.ports import OutboxItem
from engine.rights import Task
from engine.work import Work


def tell(work: Work, task: Task, happened: str, told: Iterable[int]) -> None:
    """Put a message about a step for some accounts; the template is that of what happened to the step.

    Args:
        happened: such as "reminded"; once at one moment for each step.
    """
    message = OutboxItem(
        name="notify",
        args={
            "template": f"task_{happened}",
            "to": [str(actor_id) for actor_id in told],
            "task_id": str(task.id),
            "instance_id": str(task.instance_id),
            "due_at": (task.due_at or work.now).isoformat(),
        },
        dedup_key=f"task:{task.id}:{happened}:{work.now.isoformat()}",
    )
    work.engine.outbox.put_many(work.connection, [message], work.now)
