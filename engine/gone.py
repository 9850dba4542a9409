"""Tells what a task was, to those who still had its form open when it went to others."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select

from engine import definitions, form_steps, rights
from engine.errors import TaskGone, TaskNotFound
from engine.forms import Form
from engine.forms.answers import Options
from engine.store.tables import instance, task_history, user_task
from engine.work import Work


@dataclass(frozen=True, slots=True)
class Gone:
    """A task that somebody can no longer complete.

    Attributes:
        case: the row of its instance.
        form: for the labels of what was typed; None when it had none.
        options: by options key, what could be chosen in it, as far as that can still be said.
        ended: why it is closed, for a person; None while it is open.
        is_own: the actor completed it.
    """

    case: Row[Any]
    step_id: str
    name: str
    name_en: str
    form: Form | None
    options: Options
    ended: TaskGone | None
    is_own: bool = False

    @property
    def is_open(self) -> bool:
        """It is still to be done, by somebody else or later."""
        return self.ended is None


def of(work: Work, task_id: int) -> Gone:
    """Read what a task was.

    Raises:
        TaskNotFound: it never was this actor's business.
    """
    task = work.connection.execute(select(user_task).where(user_task.c.id == task_id)).one_or_none()
    if task is not None:
        case = _case(work, task.instance_id)
        rights.require_known(work, task, case)
        return _gone(work, case, task, task.form_key, None)
    why = rights.gone(work, task_id)
    if isinstance(why, TaskNotFound):
        raise why
    past = work.connection.execute(select(task_history).where(task_history.c.id == task_id)).one()
    case = _case(work, past.instance_id)
    step = definitions.program_of(work, case).steps.get((past.called_process, past.step_id))
    found = _gone(work, case, past, step.form if step else None, why)
    return replace(found, is_own=past.end_kind == "completed" and past.actor_id == work.actor.id)


def _gone(work: Work, case: Row[Any], row: Row[Any], key: str | None, ended: TaskGone | None) -> Gone:
    form = definitions.form(work.engine, work.connection, case.bundle_id, key) if key else None
    options = form_steps.choices(work, case, form, row.step_id, row.id) if form else {}
    return Gone(case, row.step_id, row.name, row.name_en, form, options, ended)


def _case(work: Work, instance_id: int) -> Row[Any]:
    return work.connection.execute(select(instance).where(instance.c.id == instance_id)).one()
