"""Lets a manager remind whoever has to do an open step; the step itself stays as it is."""

from datetime import timedelta

from sqlalchemy import func, select

from engine import handing, history, notices, rights, tasks
from engine.bilingual import named
from engine.errors import Refused
from engine.history import Event
from engine.rights import Case, Task, local
from engine.store.tables import history_event
from engine.store.types import UtcDateTime
from engine.work import Work

PERMISSION = "task.reassign"
PAUSE = timedelta(minutes=10)  # between two reminders of one step


def remind(work: Work, task_id: int) -> None:
    """Tell who holds a task, or all who may take it while nobody does, to see to it.

    Raises:
        NotPermitted: without `task.reassign` in the case's community.
        Refused: it was reminded of just now, or there is nobody to tell.
    """
    case, task = tasks.locked(work, task_id)
    work.require(PERMISSION, case.scope_id)
    last = work.connection.execute(
        select(func.max(history_event.c.at, type_=UtcDateTime)).where(
            history_event.c.instance_id == case.id,
            history_event.c.task_id == task.id,
            history_event.c.kind == "reminded",
        )
    ).scalar()
    if last is not None and work.now - last < PAUSE:
        raise Refused(
            "just_reminded", "“{name}”已于 {at} 催办过，请稍候", name=named(task), at=local(work, last)
        )
    told = _told(work, case, task)
    if not told:
        raise Refused("nobody_to_remind", "“{name}”没有可以提醒的人，请转交", name=named(task))
    notices.tell(work, task, "reminded", told)
    history.record(work, case.id, [Event("reminded", task.step_id, task.path, task.id, None, task.due_at)])


def _told(work: Work, case: Case, task: Task) -> list[int]:
    """Return who holds a task; while nobody does, everybody of all its posts but who is kept from it."""
    if task.assignee_id is not None:
        return [int(task.assignee_id)]
    recipients = work.engine.directory.recipients
    places = sorted(rights.groups_of(work, task))
    found = dict.fromkeys(one for place in places for one in recipients(work.connection, *place, work.now))
    out = handing.kept_out(work, case, task, found)
    return [one for one in found if one not in out]
