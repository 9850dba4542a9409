"""How long personal data are kept: one table, and what each night carried out of it."""

from flask import Blueprint, render_template

from web import context
from web.retention_screen import retention_screen

bp = Blueprint("retention", __name__)


@bp.get("/retention")
def index() -> str:
    """Show the table of periods."""
    with context.engine().reading(context.actor()) as work:
        screen = retention_screen(work)
    return render_template("retention.html", screen=screen)
