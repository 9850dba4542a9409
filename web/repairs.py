"""What staff do with a repair besides its steps: look the contact up, and say that they heard the alarm."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from engine.errors import RuleBroken
from handlers.repair import calls, commands, visibility
from handlers.shared import limits
from web import context, errors
from web.passing import passing
from web.reveal_screen import watermark
from web.texts import gettext, lazy_gettext

bp = Blueprint("repairs", __name__, url_prefix="/repairs")

PURPOSES = {
    "repair": lazy_gettext("联系维修"),
    "return_visit": lazy_gettext("回访"),
    "complaint": lazy_gettext("办理投诉"),
    "emergency": lazy_gettext("紧急情况"),
}


@bp.get("/<number>/contact")
def contact(number: str) -> str:
    """Ask what the contact is needed for."""
    with context.engine().reading(context.actor()) as work:
        order = visibility.seen(work, number)
        is_open = commands.may_reveal(work, order)
    asked = {"community_id": order.community_id, "is_open": is_open, "wrong": errors.field_errors()}
    return render_template("contact.html", number=order.number, purposes=PURPOSES, shown=None, **asked)


@bp.post("/<number>/contact")
@errors.shown_again_by(contact)
def reveal(number: str) -> ResponseReturnValue:
    """Show name and phone, after who asked and why was written down; a script dials the number."""
    purpose = request.form.get("purpose", "")
    if purpose not in PURPOSES:
        raise RuleBroken("purpose_missing", "请选择用途")
    reason = request.form.get("reason", "")
    shown = context.engine().run(
        context.actor(), lambda work: commands.reveal_contact(work, number, purpose, reason)
    )
    if errors.for_script():
        return {"name": shown[0], "phone": shown[1]}
    with context.engine().reading(context.actor()) as work:
        mark = watermark(work)
    page = render_template("contact.html", number=number, purposes=PURPOSES, shown=shown, mark=mark)
    return passing(page, limits.REVEAL_SHOWN, url_for("cases.show", number=number))


@bp.post("/<number>/heard")
def acknowledge(number: str) -> Response:
    """Say that one heard the alarm, so that the phones fall silent, and lead to the step of taking it."""
    context.engine().run(context.actor(), lambda work: calls.acknowledge(work, number))
    flash(gettext("已应答，不再呼叫"))
    with context.engine().reading(context.actor()) as work:
        task_id = calls.task_to_take(work, number)
    if task_id is None:
        return redirect(url_for("cases.show", number=number))
    return redirect(url_for("tasks.show", task_id=task_id))
