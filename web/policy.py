"""The policy scoreboard: every clause, where it is enforced, what proves it, and how it is kept now."""

from flask import Blueprint, render_template

from web import context
from web.policy_screen import policy_screen

bp = Blueprint("policy", __name__)


@bp.get("/policy")
def index() -> str:
    """Show every clause with its living figures."""
    with context.engine().reading(context.actor()) as work:
        screen = policy_screen(work)
    return render_template("policy.html", screen=screen)
