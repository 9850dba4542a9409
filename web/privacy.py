"""What people ask about their own data: on residents' own pages, and entered at the desk."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as Redirect

from handlers.privacy import handing_out, requests
from handlers.privacy.handing_out import Receipt
from handlers.privacy.request_files import JSON_TYPE
from handlers.privacy.requests import Asked
from handlers.shared.spreadsheets import XLSX
from web import context, errors
from web.numbers import posted_id
from web.privacy_screen import desk_screen, hand_out_options, own_screen
from web.texts import gettext

bp = Blueprint("privacy", __name__)


@bp.get("/home/privacy")
def own(**_kept: object) -> str:
    """Show residents what they agreed to, what they may ask, and how far each request is."""
    with context.engine().reading(context.actor()) as work:
        screen = own_screen(work)
    return render_template("resident/privacy.html", screen=screen, wrong=errors.field_errors())


@bp.post("/home/privacy/withdraw")
@errors.shown_again_by(own)
def withdraw_consent() -> Redirect:
    """Withdraw a consent, at once."""
    scope = request.form.get("scope", "")
    requests.ask(context.engine(), context.actor(), Asked("withdraw", scopes=(scope,)))
    flash(gettext("已撤回，立即生效"))
    return redirect(url_for("privacy.own"))


@bp.post("/home/privacy")
@errors.shown_again_by(own)
def ask_own() -> Redirect:
    """Ask about one's own data."""
    asked = Asked(request.form.get("kind", ""), request.form.get("wish", ""))
    number = requests.ask(context.engine(), context.actor(), asked)
    flash(gettext("已收到申请 %(number)s", number=number))
    return redirect(url_for("privacy.own"))


@bp.post("/home/privacy/<number>/drop")
@errors.shown_again_by(own)
def drop(number: str) -> Redirect:
    """Withdraw a request that is not wanted any more."""
    requests.withdraw(context.engine(), context.actor(), number, request.form.get("reason", ""))
    flash(gettext("已撤回"))
    return redirect(url_for("privacy.own"))


@bp.post("/home/privacy/<number>/file")
@errors.shown_again_by(own)
def fetch_own(number: str) -> Response:
    """Hand out the person's own data, once."""
    return _file(number)


@bp.get("/privacy/new")
def form() -> str:
    """Show the form of the desk for somebody who stands there."""
    house_id = posted_id("house_id") or request.args.get("house_id", 0, int)
    with context.engine().reading(context.actor()) as work:
        screen = desk_screen(work, house_id)
    return render_template("privacy/desk.html", screen=screen, wrong=errors.field_errors())


@bp.post("/privacy/new")
@errors.shown_again_by(form)
def ask() -> Redirect:
    """Enter what somebody at the desk asks."""
    asked = Asked(
        kind=request.form.get("kind", ""),
        wish=request.form.get("wish", ""),
        scopes=tuple(request.form.getlist("scopes")),
        house_id=posted_id("house_id"),
        person_id=posted_id("person_id"),
        on_behalf=request.form.get("on_behalf", ""),
    )
    number = requests.ask(context.engine(), context.actor(), asked)
    flash(gettext("已登记申请 %(number)s", number=number))
    return redirect(url_for("cases.show", number=number))


@bp.get("/privacy/hand-out")
def waiting(**_kept: object) -> str:
    """Show data protection the files that wait to be handed out in person."""
    with context.engine().reading(context.actor()) as work:
        options = hand_out_options(work)
    return render_template("privacy/hand_out.html", options=options, wrong=errors.field_errors())


@bp.post("/privacy/hand-out")
@errors.shown_again_by(waiting)
def hand_out() -> Response:
    """Hand a file to the person who stands there, once, and keep the receipt."""
    number = request.form.get("number", "")
    receipt = Receipt(request.form.get("to", ""), request.form.get("proof", ""))
    content = context.engine().run(context.actor(), lambda work: handing_out.hand_out(work, number, receipt))
    return _sent(number, content)


def _file(number: str) -> Response:
    content = context.engine().run(context.actor(), lambda work: requests.fetch(work, number))
    return _sent(number, content)


def _sent(number: str, content: bytes) -> Response:
    is_table = content.startswith(b"PK")
    answer = Response(content, mimetype=XLSX if is_table else JSON_TYPE)
    name = f"{number}.{'xlsx' if is_table else 'json'}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
