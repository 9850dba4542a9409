"""One's own shifts: see them, begin to work now, go off."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.accounts import roster
from web import context
from web.navigation import local_address
from web.numbers import posted_id
from web.shift_screen import shift_screen
from web.texts import gettext

bp = Blueprint("shift", __name__, url_prefix="/shift")

AHEAD = timedelta(days=14)


@bp.get("/")
def index() -> str:
    """Show the shifts of the next two weeks."""
    with context.engine().reading(context.actor()) as work:
        screen = shift_screen(work, work.now + AHEAD)
    return render_template("shift.html", screen=screen)


@bp.post("/begin")
def begin() -> Response:
    """Begin to work now."""
    community_id, hours = posted_id("community_id"), request.form.get("hours", 8, int)
    context.engine().run(context.actor(), lambda work: roster.go_on_shift(work, community_id, hours))
    flash(gettext("已上班"))
    return redirect(_back())


@bp.post("/end")
def end() -> Response:
    """Go off shift."""
    context.engine().run(context.actor(), roster.go_off_shift)
    flash(gettext("已下班"))
    return redirect(_back())


def _back() -> str:
    return local_address(request.form.get("next") or url_for("shift.index"))
