"""Begins a correction of what is on record: at the desk, and by residents themselves."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug import Response

from engine import tasks
from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.checking import corrections
from handlers.checking.correction_choices import chosen
from handlers.checking.corrections import Asked
from handlers.errors import FieldsInvalid
from handlers.owning import phone_proof
from handlers.shared import limits
from web import context, errors, repeats, uploads
from web.answers import posted
from web.corrections_screen import desk_screen, own_screen
from web.numbers import ids, posted_id
from web.texts import gettext

bp = Blueprint("corrections", __name__)

_CODES = "phone_codes"  # in the cookie: which number -> the token of this browser


@bp.get("/corrections/new")
def form() -> str:
    """Show what can be corrected of a house and its people, and its corrections of before."""
    house_id = posted_id("house_id") or request.args.get("house_id", 0, int)
    person_id = request.args.get("person_id", 0, int)
    with context.engine().reading(context.actor()) as work:
        screen = desk_screen(work, house_id, person_id)
    typed = uploads.typed_answers() or {}
    wrong = errors.field_errors()
    return render_template("corrections/desk.html", screen=screen, errors=wrong, typed=typed, key=new_id())


@bp.post("/corrections/new")
@errors.shown_again_by(form)
def ask() -> Response:
    """Enter a correction at the desk."""
    number = _asked()
    flash(gettext("已提交更正 %(number)s，由另一人核对后生效", number=number))
    return redirect(url_for("cases.show", number=number))


@bp.get("/home/data")
def own(**_kept: object) -> str:
    """Show residents what is on record of them, masked, and what they asked to correct."""
    with context.engine().reading(context.actor()) as work:
        screen, proving = own_screen(work), phone_proof.waiting(work)
    typed = uploads.typed_answers() or {}
    return render_template(
        "resident/data.html",
        screen=screen,
        proving=proving,
        errors=errors.field_errors(),
        typed=typed,
        key=new_id(),
    )


@bp.post("/home/data")
@errors.shown_again_by(own)
def ask_own() -> Response:
    """Ask for a correction as a resident."""
    number = _asked()
    flash(gettext("已提交更正 %(number)s，物业核对后生效", number=number))
    return redirect(url_for("corrections.own"))


@bp.post("/home/data/<number>/codes")
@errors.shown_again_by(own)
def send_codes(number: str) -> Response:
    """Send a code to the old and the new phone; this browser may give them."""
    tokens = phone_proof.send(context.engine(), context.actor(), number, request.remote_addr or "")
    session[_CODES] = {**session.get(_CODES, {}), **tokens}
    flash(gettext("验证码已发送，5 分钟内有效"))
    return redirect(url_for("corrections.own"))


@bp.post("/home/data/<number>/prove")
@errors.shown_again_by(own)
def prove(number: str) -> Response:
    """Take the codes of both phones."""
    phone_proof.prove(context.engine(), context.actor(), number, session.get(_CODES, {}), request.form)
    session.pop(_CODES, None)
    flash(gettext("手机已验证，物业核对后生效"))
    return redirect(url_for("corrections.own"))


@bp.post("/home/data/<number>/evidence")
@errors.shown_again_by(own)
def add_evidence(number: str) -> Response:
    """Add the photos that are missing."""
    engine, actor = context.engine(), context.actor()
    photos = _photos()

    def complete(work: Work) -> None:
        task_id = corrections.evidence_task(work, number)
        answers: dict[str, Json] = {"photos": [str(one) for one in photos]}
        tasks.complete(work, task_id, answers)

    engine.run(actor, complete)
    flash(gettext("已收到凭证"))
    return redirect(url_for("corrections.own"))


@bp.post("/home/data/<number>/withdraw")
@errors.shown_again_by(own)
def withdraw(number: str) -> Response:
    """Withdraw what is not wanted any more."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: corrections.withdraw(work, number, reason))
    flash(gettext("已撤回"))
    return redirect(url_for("corrections.own"))


def _asked() -> str:
    photos = _photos()
    house_id = posted_id("house_id")
    value, reason = request.form.get("value", ""), request.form.get("reason", "")

    def call(work: Work) -> str:
        field, person_id, vehicle_id = chosen(request.form.get("what", ""))
        return corrections.request(work, Asked(field, house_id, person_id, value, reason, vehicle_id, photos))

    return context.engine().run(context.actor(), lambda work: repeats.answered(work, lambda: call(work)))


def _photos() -> tuple[int, ...]:
    """Return the ids of photos: those that a refused form took in, and those of this one."""
    sent = posted(request.form, uploads.kept(context.engine(), context.actor())).get("photos")
    photos = ids(sent) if isinstance(sent, list) else ()
    if len(photos) > limits.ATTACHMENTS_PER_OWNER:
        raise FieldsInvalid({"photos": ("最多 {count} 张", {"count": limits.ATTACHMENTS_PER_OWNER})})
    return photos
