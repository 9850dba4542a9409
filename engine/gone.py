"""Tells what a task was, to those who still had its form open when it went to others."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from engine import definitions, rights, stepping
from engine.errors import TaskNotFound
from engine.forms import Form
from engine.store.tables import instance, task_history, user_task
from engine.work import Work


@dataclass(frozen=True, slots=True)
class Gone:
    """A task that somebody can no longer complete.

    Attributes:
        case: the row of its instance.
        form: for the labels of what was typed; None when it had none.
        is_open: it is still to be done, by somebody else or later.
    """

    case: Row[Any]
    name: str
    name_en: str
    form: Form | None
    is_open: bool


def of(work: Work, task_id: int) -> Gone:
    """Read what a task was.

    Raises:
        TaskNotFound: it never was this actor's business.
    """
    task = work.connection.execute(select(user_task).where(user_task.c.id == task_id)).one_or_none()
    if task is not None:
        case = _case(work, task.instance_id)
        rights.require_known(work, task, case)
        return Gone(case, task.name, task.name_en, _form(work, case, task.form_key), is_open=True)
    why = rights.gone(work, task_id)
    if isinstance(why, TaskNotFound):
        raise why
    past = work.connection.execute(select(task_history).where(task_history.c.id == task_id)).one()
    case = _case(work, past.instance_id)
    step = stepping.program_of(work, case).steps.get((past.called_process, past.step_id))
    return Gone(case, past.name, past.name_en, _form(work, case, step.form if step else None), is_open=False)


def _case(work: Work, instance_id: int) -> Row[Any]:
    return work.connection.execute(select(instance).where(instance.c.id == instance_id)).one()


def _form(work: Work, case: Row[Any], key: str | None) -> Form | None:
    return definitions.form(work.engine, work.connection, case.bundle_id, key) if key else None
