"""What is late now, while it is late, and what a manager does about it."""

from flask import Blueprint, g, render_template, request

from engine.errors import RuleBroken
from web import context, errors, several
from web.numbers import ids, posted_id
from web.overdue_screen import STATES, overdue_screen

bp = Blueprint("overdue", __name__)


@bp.get("/overdue")
def index() -> str:
    """Show what is late and soon will be, and what came of what was just done about it."""
    with context.engine().reading(context.actor()) as work:
        screen = overdue_screen(work, request.args)
    return render_template(
        "overdue.html", screen=screen, states=STATES, done=g.get("done", []), kept=several.kept()
    )


@bp.post("/overdue")
@errors.shown_again_by(index)
def act() -> str:
    """Remind of, hand over or give more time to the chosen steps, and say of each what came of it."""
    engine, actor = context.engine(), context.actor()
    one = posted_id("only")
    chosen = (one,) if one else ids(request.form.getlist("task"))
    if not chosen:
        raise RuleBroken("nothing_chosen", "请先在明细中选择步骤")
    g.done = several.each(engine, actor, chosen, several.wanted())
    return index()
