"""Reminders that people set for themselves: on a task, and done with above the list."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine import reminders
from web import context, errors, leading, tasks
from web.numbers import posted_moment
from web.texts import gettext

bp = Blueprint("reminders", __name__)


@bp.post("/tasks/<int:task_id>/reminder")
@errors.shown_again_by(tasks.show)
def remind(task_id: int) -> ResponseReturnValue:
    """Have oneself reminded of a task."""
    at = posted_moment("remind_at" if request.form.get("remind_at") else "remind_on")
    context.engine().run(context.actor(), lambda work: reminders.remind_me(work, task_id, at))
    return leading.show_task(task_id, gettext("提醒已设置"))


@bp.post("/tasks/<int:task_id>/reminder/drop")
@errors.shown_again_by(tasks.show)
def drop(task_id: int) -> ResponseReturnValue:
    """Have oneself not reminded after all."""
    context.engine().run(context.actor(), lambda work: reminders.drop(work, task_id))
    return leading.show_task(task_id, gettext("提醒已取消"))


@bp.post("/inbox/reminders/<int:task_id>/done")
def done(task_id: int) -> ResponseReturnValue:
    """Take a reminder that came from above the list."""
    context.engine().run(context.actor(), lambda work: reminders.drop(work, task_id))
    return redirect(url_for("inbox.index", **leading.origin().arguments()))
