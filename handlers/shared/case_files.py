"""Remarks on a case with the photos and documents that go with them."""

from collections.abc import Collection

from sqlalchemy import select

from engine import drafts, inbox, rights, tasks
from engine.errors import TaskGone
from engine.store.tables import case_comment, instance
from engine.work import Work
from handlers.shared import attachments
from handlers.shared.attachments import Attachment

KIND = "case_comment"


def remark(work: Work, task_id: int, text: str, files: Collection[int] = ()) -> int:
    """Add a remark to the case of a task, with what the actor uploaded for it, and return its id.

    What somebody has to say about a case holds whether its task is still open or not.

    Raises:
        TaskGone, TaskNotFound, NotPermitted: the case is not the actor's to look at.
        Refused: neither text nor file, or too long.
        RecordNotFound: an upload has lapsed.
    """
    case = _case_of(work, task_id)
    add = drafts.comment_beside if files else drafts.comment
    comment_id = add(work, case.id, text, task_id)
    attachments.attach(work, files, KIND, comment_id, house_id=case.resident_scope_id)
    return comment_id


def files_of(work: Work, comment_id: int) -> list[Attachment]:
    """List what goes with a remark; the caller has asked who may see the case."""
    return attachments.attachments_of(work, KIND, comment_id)


def _case_of(work: Work, task_id: int) -> rights.Task:
    try:
        return inbox.detail(work, task_id).case
    except TaskGone:
        found = select(instance).where(instance.c.id == tasks.instance_of(work, task_id))
        case = work.connection.execute(found).one()
        if not rights.may_see(work, case):
            raise
        return case


def _may_see(work: Work, comment_id: int) -> bool:
    """Tell whether the actor may see the case that a remark stands in."""
    case = work.connection.execute(
        select(instance)
        .join(case_comment, case_comment.c.instance_id == instance.c.id)
        .where(case_comment.c.id == comment_id)
    ).one_or_none()
    return case is not None and work.actor.kind != "resident" and rights.may_see(work, case)


READERS = {KIND: _may_see}
