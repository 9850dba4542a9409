"""Has somebody told at once that a case is stuck, in the transaction that finds it so."""

from collections.abc import Iterable

from engine.ports import OutboxItem
from engine.work import Work

TELL = "tell_stuck"


def tell(work: Work, instance_id: int, incident_ids: Iterable[int]) -> None:
    """Put a job for each new incident; whoever it concerns is found when the job runs."""
    items = [
        OutboxItem(
            TELL,
            {"incident_id": str(one), "instance_id": str(instance_id)},
            f"incident:{one}",
        )
        for one in incident_ids
    ]
    if items:
        work.engine.outbox.put_many(work.connection, items, work.now)
