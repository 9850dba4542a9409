"""What is late now, while it is late, and what a manager does about it."""

from flask import Blueprint, g, render_template, request

from engine import deadlines, reminding, tasks
from engine.errors import RuleBroken
from engine.work import Work
from web import context, errors, several
from web.numbers import ids, posted_id, posted_moment
from web.overdue_screen import STATES, overdue_screen

bp = Blueprint("overdue", __name__)


@bp.get("/overdue")
def index() -> str:
    """Show what is late and soon will be, and what came of what was just done about it."""
    with context.engine().reading(context.actor()) as work:
        screen = overdue_screen(work, request.args)
    return render_template("overdue.html", screen=screen, states=STATES, done=g.get("done", []))


@bp.post("/overdue")
@errors.shown_again_by(index)
def act() -> str:
    """Remind of, hand over or give more time to the chosen steps, and say of each what came of it."""
    engine, actor = context.engine(), context.actor()
    one = posted_id("only")
    chosen = (one,) if one else ids(request.form.getlist("task"))
    if not chosen:
        raise RuleBroken("nothing_chosen", "请先在明细中选择步骤")
    g.done = several.each(engine, actor, chosen, _wanted())
    return index()


def _wanted() -> several.Act:
    """Read what is to be done to each step, before anything is done."""
    reason = request.form.get("reason", "").strip()
    match request.form.get("act"):
        case "reassign":
            to = posted_id("to")
            if not to or not reason:
                raise RuleBroken("reassign_incomplete", "转交须选择接手的人并填写原因")
            return lambda work, task_id: tasks.reassign(work, task_id, to, reason)
        case "move":
            if not reason:
                raise RuleBroken("reason_missing", "请填写调整时限的原因")
            due_at = posted_moment("due_at")
            return lambda work, task_id: deadlines.move(work, task_id, due_at, reason)
    return _remind


def _remind(work: Work, task_id: int) -> None:
    reminding.remind(work, task_id)
