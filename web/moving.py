"""Notices of moving in and of changes of owner or tenant: the desk begins their procedures here."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.moving import starting
from web import context, errors
from web.moving_screen import moving_screen, posted_notice
from web.texts import gettext

bp = Blueprint("moving", __name__, url_prefix="/moving")


@bp.get("/")
def index() -> str:
    """Show open cases, and, once a house was found, the form of a notice."""
    given = request.form if request.method == "POST" else request.args
    with context.engine().reading(context.actor()) as work:
        screen = moving_screen(work, given)
    return render_template("moving.html", screen=screen, wrong=errors.field_errors())


@bp.post("/begin")
@errors.shown_again_by(index)
def begin() -> Response:
    """Begin the procedure that a notice asks for."""
    what, notice, key = request.form.get("what", ""), posted_notice(request.form), request.form.get("_key")
    begun = context.engine().run(
        context.actor(), lambda work: starting.begin(work, what, notice, idempotency_key=key)
    )
    flash(gettext("已登记 %(number)s", number=begun.number))
    return redirect(url_for("cases.show", number=begun.number))


@bp.post("/take-back")
@errors.shown_again_by(index)
def take_back() -> Response:
    """Begin to take a wrong transfer back."""
    number, key = request.form.get("number", ""), request.form.get("_key")
    begun = context.engine().run(
        context.actor(), lambda work: starting.transfer_was_wrong(work, number, idempotency_key=key)
    )
    return redirect(url_for("cases.show", number=begun.number))
