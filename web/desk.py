"""The front desk: picking up the phone begins a report; who calls is found by the number."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.repair import intake, linking, phone
from handlers.repair.intake import Caller
from web import context, errors
from web.desk_screen import desk_screen
from web.numbers import posted_id
from web.repair_words import RELATIONS, STATES
from web.texts import gettext
from web.words import written

bp = Blueprint("desk", __name__, url_prefix="/desk")


@bp.get("/")
def index() -> str:
    """Show where to type the caller's number; what was typed before stays, and is not looked up by itself."""
    return _page(None)


@bp.post("/caller")
@errors.shown_again_by(index)
def caller() -> str:
    """Look a number up and show who it belongs to; it stays out of the address."""
    number = request.form.get("caller", "")
    found = context.engine().run(context.actor(), lambda work: intake.look_up(work, number))
    return _page(tuple(found) if number.strip() else None)


@bp.post("/call")
@errors.shown_again_by(index)
def call() -> Response:
    """Stamp the call with the server's time and open the task of entering it."""
    community_id = posted_id("community_id")
    number, key = request.form.get("caller", ""), request.form.get("_key")
    picked_up = context.engine().run(
        context.actor(), lambda work: phone.press_call(work, community_id, number, idempotency_key=key)
    )
    return redirect(url_for("tasks.show", task_id=picked_up.task_id))


@bp.post("/same")
@errors.shown_again_by(index)
def same() -> Response:
    """Enter a call as one more report of a known fault."""
    number, known = request.form.get("number", ""), request.form.get("known", "")
    context.engine().run(context.actor(), lambda work: linking.link_call(work, number, known))
    flash(gettext("已并入 %(known)s，修好一起通知", known=known))
    return redirect(url_for("desk.index"))


def _page(found: tuple[Caller, ...] | None) -> str:
    number = request.form.get("caller", "").strip()
    with context.engine().reading(context.actor()) as work:
        screen = desk_screen(work, number, request.form.get("community_id", type=int), found)
    return render_template(
        "desk.html",
        screen=screen,
        relations=RELATIONS,
        states=STATES,
        written=written,
        wrong=errors.field_errors(),
    )
