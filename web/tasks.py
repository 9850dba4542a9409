"""One task: look at it, take it, hand it over, pause it, complete it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from engine import deadlines, tasks
from web import context, errors, uploads
from web.answers import posted
from web.numbers import posted_id, posted_moment
from web.story import PAUSE_REASONS
from web.task_screen import next_task, remark, task_screen
from web.texts import gettext

bp = Blueprint("tasks", __name__, url_prefix="/tasks")


@bp.get("/<int:task_id>")
def show(task_id: int) -> str:
    """Show a task as a page, or as the third column of the inbox."""
    with context.engine().reading(context.actor()) as work:
        screen = task_screen(work, task_id, uploads.typed_answers(), errors.field_errors())
    template = "parts/task.html" if "pane" in request.args else "task.html"
    return render_template(template, screen=screen, pause_reasons=PAUSE_REASONS)


@bp.post("/<int:task_id>/complete")
@errors.shown_again_by(show)
def complete(task_id: int) -> ResponseReturnValue:
    """Complete a task with the posted form, and lead on to the next step of the case or to the list.

    A script that sends what was filled in without a network is told where to go instead of being led there.
    """
    engine, actor = context.engine(), context.actor()
    answers = posted(request.form, uploads.kept(engine, actor))
    key = request.form.get("_key")
    with engine.reading(actor) as work:
        instance_id = tasks.instance_of(work, task_id)
    engine.run(actor, lambda work: tasks.complete(work, task_id, answers, idempotency_key=key))
    if "_late" not in request.form:
        flash(gettext("已办结"))
    with engine.reading(actor) as work:
        following = next_task(work, instance_id)
    there = url_for("tasks.show", task_id=following) if following is not None else url_for("inbox.index")
    return {"next": there} if errors.for_script() else redirect(there)


@bp.post("/<int:task_id>/form")
def redraw(task_id: int) -> str:
    """Show the form again with what was typed, so that a page without scripts shows the fields that apply."""
    return show(task_id)


@bp.post("/<int:task_id>/claim")
def claim(task_id: int) -> Response:
    """Take a task."""
    context.engine().run(context.actor(), lambda work: tasks.claim(work, task_id))
    return redirect(url_for("tasks.show", task_id=task_id))


@bp.post("/<int:task_id>/release")
def release(task_id: int) -> Response:
    """Give a task back."""
    context.engine().run(context.actor(), lambda work: tasks.release(work, task_id))
    flash(gettext("已退回，其他同事可以领取"))
    return redirect(url_for("inbox.index"))


@bp.post("/<int:task_id>/reassign")
@errors.shown_again_by(show)
def reassign(task_id: int) -> Response:
    """Hand a task to another person."""
    to, reason = posted_id("to"), request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: tasks.reassign(work, task_id, to, reason))
    flash(gettext("已转交"))
    return redirect(url_for("inbox.index"))


@bp.post("/<int:task_id>/pause")
@errors.shown_again_by(show)
def pause(task_id: int) -> Response:
    """Stop the clock of a task for a listed reason until a planned moment."""
    reason, until = request.form.get("reason", ""), posted_moment("until")
    context.engine().run(context.actor(), lambda work: deadlines.pause(work, task_id, reason, until))
    flash(gettext("已暂停计时"))
    return redirect(url_for("tasks.show", task_id=task_id))


@bp.post("/<int:task_id>/unpause")
def unpause(task_id: int) -> Response:
    """Let the clock of a task go on."""
    context.engine().run(context.actor(), lambda work: deadlines.unpause(work, task_id))
    flash(gettext("已恢复计时"))
    return redirect(url_for("tasks.show", task_id=task_id))


@bp.post("/<int:task_id>/move")
@errors.shown_again_by(show)
def move(task_id: int) -> Response:
    """Give a task another due date, with a reason."""
    due_at, reason = posted_moment("due_at"), request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: deadlines.move(work, task_id, due_at, reason))
    flash(gettext("时限已调整"))
    return redirect(url_for("tasks.show", task_id=task_id))


@bp.post("/<int:task_id>/comment")
@errors.shown_again_by(show)
def comment(task_id: int) -> Response:
    """Add a remark to the case of a task."""
    text = request.form.get("text", "")
    context.engine().run(context.actor(), lambda work: remark(work, task_id, text))
    flash(gettext("备注已保存"))
    return redirect(url_for("tasks.show", task_id=task_id))
