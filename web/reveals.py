"""Numbers of people in clear, for a purpose and a short time: of one person, or of one unit's owners."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from engine.errors import RuleBroken
from handlers.errors import RecordNotFound
from handlers.estate import revealing, unit_contacts
from handlers.estate.authorisation import Purpose
from handlers.estate.revealing import Field, RevealRequest
from handlers.safety import more_looks
from handlers.shared import limits
from web import context, errors
from web.house_words import SCOPES
from web.numbers import posted_id
from web.passing import passing
from web.reveal_screen import ask_screen, contacts_screen, watermark
from web.texts import gettext

bp = Blueprint("reveals", __name__, url_prefix="/houses")

REVEAL = "/<int:house_id>/people/<int:person_id>/reveal/<field>"
CONTACTS = "/units/<int:unit_id>/contacts"


@bp.get(REVEAL)
def ask(house_id: int, person_id: int, field: str) -> str:
    """Ask what a number is needed for."""
    with context.engine().reading(context.actor()) as work:
        screen = ask_screen(work, person_id, house_id, _field(field))
    return render_template("houses/reveal.html", screen=screen, wrong=errors.field_errors())


@bp.post(REVEAL)
@errors.shown_again_by(ask)
def reveal(house_id: int, person_id: int, field: str) -> Response:
    """Show a number after who asked and why was written down; it goes away by itself."""
    form = request.form
    asked = RevealRequest(
        person_id,
        house_id,
        _purpose(form.get("purpose", "")),
        form.get("reason", ""),
        _field(field),
        form.get("case_number", ""),
    )
    value = revealing.reveal(context.engine(), context.actor(), asked)
    with context.engine().reading(context.actor()) as work:
        screen = ask_screen(work, person_id, house_id, asked.field)
        mark = watermark(work)
    page = render_template(
        "houses/revealed.html", screen=screen, value=value, mark=mark, purpose=SCOPES[asked.purpose]
    )
    return passing(page, limits.REVEAL_SHOWN, url_for("houses.show", house_id=house_id))


@bp.get(CONTACTS)
def contacts(unit_id: int) -> Response:
    """Show the contacts of a unit's owners while they are open, else ask what they are needed for."""
    with context.engine().reading(context.actor()) as work:
        screen = contacts_screen(work, unit_id)
    page = render_template("houses/contacts.html", screen=screen, wrong=errors.field_errors())
    if screen.opened is None:
        return make_response(page)
    return passing(page, screen.left, url_for("houses.unit", unit_id=unit_id))


@bp.post(CONTACTS)
@errors.shown_again_by(contacts)
def open_contacts(unit_id: int) -> Response:
    """Open the contacts of a unit for half an hour."""
    purpose, reason = _purpose(request.form.get("purpose", "")), request.form.get("reason", "")
    context.engine().run(
        context.actor(), lambda work: unit_contacts.open_contacts(work, unit_id, purpose, reason)
    )
    return redirect(url_for("reveals.contacts", unit_id=unit_id))


@bp.post("/more")
@errors.shown_again_by(lambda **_: _asked_more())
def ask_more() -> Response:
    """Ask a lead for more than the quota."""
    form = request.form
    kind, community_id, reason = form.get("kind", ""), posted_id("community_id"), form.get("reason", "")
    number = context.engine().run(
        context.actor(), lambda work: more_looks.ask(work, kind, community_id, reason)
    )
    flash(gettext("已申请（%(number)s），主管同意后会通知您", number=number))
    return redirect(url_for("houses.index"))


def _asked_more() -> str:
    return render_template("houses/more.html", wrong=errors.field_errors())


def _field(text: str) -> Field:
    if text not in set(Field):
        raise RecordNotFound("field_unknown", "不能查看这项资料")
    return Field(text)


def _purpose(text: str) -> Purpose:
    if text not in set(Purpose):
        raise RuleBroken("purpose_missing", "请选择用途")
    return Purpose(text)
