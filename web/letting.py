"""The page on which owners and tenants ask for a change of the lease, and owners say yes or no to one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine.ids import new_id
from handlers.moving import requesting
from handlers.moving.requesting import Wish
from web import context, errors
from web.numbers import ids
from web.texts import gettext

bp = Blueprint("letting", __name__, url_prefix="/home/letting")


@bp.get("/")
def index(**_kept: object) -> str:
    """Show the homes that are owned or rented, what waits for an answer, and what was asked for."""
    with context.engine().reading(context.actor()) as work:
        homes, asked = requesting.lettings(work), requesting.asked(work)
    return render_template(
        "resident/letting.html", homes=homes, asked=asked, errors=errors.field_errors(), key=new_id()
    )


@bp.post("/<int:house_id>/ask")
@errors.shown_again_by(index)
def ask(house_id: int) -> Response:
    """Ask for a change of tenant."""
    tenant = next(iter(ids([request.form.get("tenant", "")])), None)
    wish = Wish(request.form.get("what", ""), tenant, request.form.get("note", ""))
    key = request.form.get("_key")
    number = context.engine().run(
        context.actor(), lambda work: requesting.ask(work, house_id, wish, idempotency_key=key)
    )
    flash(gettext("已提交，单号 %(number)s，客服会联系您", number=number))
    return redirect(url_for("letting.index"))


@bp.post("/answer/<int:task_id>")
@errors.shown_again_by(index)
def answer(task_id: int) -> Response:
    """Say yes or no to a tenant, as the owner."""
    outcome, note, key = (request.form.get(name, "") for name in ("outcome", "note", "_key"))
    context.engine().run(
        context.actor(),
        lambda work: requesting.answer(work, task_id, outcome, note, idempotency_key=key or None),
    )
    flash(gettext("谢谢，已收到您的答复"))
    return redirect(url_for("letting.index"))
