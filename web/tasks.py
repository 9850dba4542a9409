"""One task: look at it, take it, hand it over, pause it, complete it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine import deadlines, drafts, following, going_on, idempotency, tasks
from engine.work import Work
from handlers.shared import case_files
from web import completing, context, errors, leading, repeats, side_forms, uploads
from web.answers import posted
from web.gone_screen import gone_screen, kept
from web.lists import task_row
from web.numbers import posted_id, posted_moment
from web.story import PAUSE_REASONS
from web.task_screen import task_screen
from web.texts import gettext
from web.words import either

bp = Blueprint("tasks", __name__, url_prefix="/tasks")


def gone(task_id: int) -> str:
    """Say why a task cannot be done any more, and give back what was typed."""
    engine, actor, sent = context.engine(), context.actor(), uploads.typed_answers()
    with engine.reading(actor) as work:
        screen = gone_screen(work, task_id, sent)
    if sent is not None and (not sent or kept(engine, actor, task_id, sent)):
        with engine.reading(actor) as work:
            screen = gone_screen(work, task_id, None)
    template = "parts/gone.html" if leading.is_pane() else "gone.html"
    return render_template(template, screen=screen, wish=leading.origin())


@bp.get("/<int:task_id>")
@errors.conflict_shown_by(gone)
def show(task_id: int) -> str:
    """Show a task as a page, or as the third column of the inbox."""
    refused = leading.refused_form()
    typed = None if refused else uploads.typed_answers()
    with context.engine().reading(context.actor()) as work:
        screen = task_screen(work, task_id, typed, errors.field_errors())
        pane = leading.Pane(screen, row=task_row(work, task_id)) if leading.is_pane() else None
    return render_template(
        "parts/pane.html" if pane else "task.html",
        screen=screen,
        pane=pane,
        wish=leading.origin(),
        refused=refused,
        pause_reasons=PAUSE_REASONS,
    )


@bp.post("/<int:task_id>/complete")
@errors.conflict_shown_by(gone)
@errors.shown_again_by(show)
def complete(task_id: int) -> ResponseReturnValue:
    """Complete a task with the posted form, and lead on to the next one."""
    then, found = completing.complete(context.engine(), context.actor(), task_id, leading.origin())
    if found is None:
        return leading.leave_task(task_id, then, gettext("已办结，下一条"), gettext("已办结"))
    outcome = either(found.label, found.label_en)
    return leading.leave_task(task_id, then, gettext("%(outcome)s，下一条", outcome=outcome), outcome)


@bp.post("/<int:task_id>/form")
@errors.conflict_shown_by(gone)
def redraw(task_id: int) -> str:
    """Show the form again with what was typed, so that a page without scripts shows the fields that apply."""
    return show(task_id)


@bp.post("/<int:task_id>/draft")
def draft(task_id: int) -> ResponseReturnValue:
    """Keep what was typed so far."""
    answers, touched, form = (
        posted(request.form),
        request.form.getlist("_touched") or None,
        side_forms.named(),
    )

    def save(work: Work) -> None:
        if form:
            drafts.save_beside(work, task_id, form, answers)
        else:
            drafts.save_draft(work, task_id, answers, touched)

    context.engine().run(context.actor(), save)
    return "", 204


@bp.post("/<int:task_id>/draft/discard")
def discard_draft(task_id: int) -> ResponseReturnValue:
    """Forget what was typed, and begin the form anew."""
    context.engine().run(context.actor(), lambda work: drafts.discard_draft(work, task_id))
    return leading.show_task(task_id, gettext("草稿已清除"))


@bp.post("/<int:task_id>/claim")
@errors.conflict_shown_by(gone)
def claim(task_id: int) -> ResponseReturnValue:
    """Take a task."""
    context.engine().run(context.actor(), lambda work: tasks.claim(work, task_id))
    return leading.show_task(task_id, gettext("已领取"))


@bp.post("/<int:task_id>/release")
@errors.shown_again_by(show)
def release(task_id: int) -> ResponseReturnValue:
    """Give a task back."""
    left = _standing(task_id)
    context.engine().run(context.actor(), lambda work: tasks.release(work, task_id))
    return _go_on(task_id, left, gettext("已退回，其他同事可以领取"))


@bp.post("/<int:task_id>/reassign")
@errors.shown_again_by(show)
def reassign(task_id: int) -> ResponseReturnValue:
    """Hand a task to another person."""
    to, reason = posted_id("to"), request.form.get("reason", "")
    left, key, digest = _standing(task_id), repeats.key(), repeats.digest()
    context.engine().run(
        context.actor(),
        lambda work: idempotency.once(
            work, key, "reassign", digest, lambda: tasks.reassign(work, task_id, to, reason)
        ),
    )
    return _go_on(task_id, left, gettext("已转交"))


@bp.post("/<int:task_id>/pause")
@errors.shown_again_by(show)
def pause(task_id: int) -> ResponseReturnValue:
    """Stop the clock of a task for a listed reason until a planned moment."""
    reason, until = request.form.get("reason", ""), posted_moment("until")
    key, digest = repeats.key(), repeats.digest()
    context.engine().run(
        context.actor(),
        lambda work: idempotency.once(
            work, key, "pause", digest, lambda: deadlines.pause(work, task_id, reason, until)
        ),
    )
    return leading.show_task(task_id, gettext("已暂停计时"))


@bp.post("/<int:task_id>/unpause")
@errors.shown_again_by(show)
def unpause(task_id: int) -> ResponseReturnValue:
    """Let the clock of a task go on."""
    context.engine().run(context.actor(), lambda work: deadlines.unpause(work, task_id))
    return leading.show_task(task_id, gettext("已恢复计时"))


@bp.post("/<int:task_id>/move")
@errors.shown_again_by(show)
def move(task_id: int) -> ResponseReturnValue:
    """Give a task another due date, with a reason."""
    due_at, reason = posted_moment("due_at"), request.form.get("reason", "")
    key, digest = repeats.key(), repeats.digest()
    context.engine().run(
        context.actor(),
        lambda work: idempotency.once(
            work, key, "move", digest, lambda: deadlines.move(work, task_id, due_at, reason)
        ),
    )
    return leading.show_task(task_id, gettext("时限已调整"))


@bp.post("/<int:task_id>/comment")
@errors.shown_again_by(show)
def comment(task_id: int) -> ResponseReturnValue:
    """Add a remark with its photos and documents to the case of a task, whoever has closed that meanwhile."""
    engine, actor = context.engine(), context.actor()
    text, key, digest = request.form.get("text", ""), repeats.key(), repeats.digest()
    left = _standing(task_id)
    files = uploads.posted_ids(engine, actor, "files[]")
    engine.run(
        actor,
        lambda work: idempotency.once(
            work, key, "comment", digest, lambda: _remarked(work, task_id, text, files)
        ),
    )
    said = gettext("备注已保存")
    return leading.show_task(task_id, said) if left.place else _go_on(task_id, left, said)


def _remarked(work: Work, task_id: int, text: str, files: tuple[int, ...]) -> None:
    case_files.remark(work, task_id, text, files)


@bp.post("/<int:task_id>/follow")
@errors.shown_again_by(show)
def follow(task_id: int) -> ResponseReturnValue:
    """Follow the case of a task."""
    context.engine().run(
        context.actor(), lambda work: following.follow(work, tasks.instance_of(work, task_id))
    )
    return leading.show_task(task_id, gettext("已关注，见“我关注的”"))


@bp.post("/<int:task_id>/unfollow")
@errors.shown_again_by(show)
def unfollow(task_id: int) -> ResponseReturnValue:
    """Follow the case of a task no longer."""
    context.engine().run(
        context.actor(), lambda work: following.unfollow(work, tasks.instance_of(work, task_id))
    )
    return leading.show_task(task_id, gettext("已取消关注"))


def _standing(task_id: int) -> going_on.Standing:
    with context.engine().reading(context.actor()) as work:
        return going_on.standing(work, task_id)


def _go_on(task_id: int, left: going_on.Standing, said: str) -> ResponseReturnValue:
    with context.engine().reading(context.actor()) as work:
        then = completing.following(work, left, leading.origin())
    return leading.leave_task(task_id, then, said, said)
