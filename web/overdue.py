"""What is late now, while it is late."""

from flask import Blueprint, render_template, request

from engine.reports import By
from web import context
from web.overdue_screen import GROUPINGS, overdue_screen

bp = Blueprint("overdue", __name__)


@bp.get("/overdue")
def index() -> str:
    """Show what is late and soon will be, counted as asked for."""
    wish = request.args.get("by", "")
    by = By(wish) if wish in set(GROUPINGS) else By.PROCESS
    with context.engine().reading(context.actor()) as work:
        screen = overdue_screen(work, by, request.args)
    return render_template("overdue.html", screen=screen, groupings=GROUPINGS)
