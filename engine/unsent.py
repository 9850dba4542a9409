"""Finds what somebody typed for steps of a case that are closed by now, so that they can read and copy it."""

from dataclasses import dataclass

from sqlalchemy import select

from engine import drafts, gone
from engine.errors import TaskNotFound
from engine.gone import Gone
from engine.store.tables import task_draft, task_history
from engine.work import Work


@dataclass(frozen=True, slots=True)
class Unsent:
    """A draft for a step that is closed."""

    task_id: int
    was: Gone
    draft: drafts.Draft


def of_case(work: Work, instance_id: int) -> list[Unsent]:
    """Return the actor's own drafts for closed steps of a case, oldest step first.

    The caller has checked that the actor may see the case.
    """
    ids = work.connection.execute(
        select(task_history.c.id)
        .join(task_draft, task_draft.c.task_id == task_history.c.id)
        .where(task_history.c.instance_id == instance_id, task_draft.c.actor_id == work.actor.id)
        .order_by(task_history.c.id)
    ).scalars()
    return [found for task_id in ids if (found := _unsent(work, task_id)) is not None]


def _unsent(work: Work, task_id: int) -> Unsent | None:
    try:
        was = gone.of(work, task_id)
    except TaskNotFound:  # it never was theirs: a form that was sent to any number
        return None
    draft = drafts.draft(work, task_id)
    return Unsent(task_id, was, draft) if draft is not None and draft.answers else None
