"""The authenticator: binding it at the first sign-in, and giving a code of it at every other one."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from handlers.accounts import second_factor
from web import context, errors
from web.navigation import local_address
from web.person import Person
from web.qr import qr_svg
from web.signed_in import renew
from web.texts import gettext

bp = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")


def _person() -> Person:
    person = context.person()
    assert person is not None, "the table of routes lets nobody in without a session"
    return person


@bp.get("/")
def show() -> str:
    """Show how to bind an authenticator."""
    with context.engine().reading(context.actor()) as work:
        bound = second_factor.enrolment(work)
    picture = qr_svg(bound.address, gettext("二维码，用验证器 App 扫描")) if bound else ""
    return render_template("account/second_factor.html", bound=bound, picture=picture)


@bp.post("/begin")
@errors.shown_again_by(show)
def begin() -> Response:
    """Draw a secret."""
    context.engine().run(context.actor(), second_factor.begin)
    return redirect(url_for("second_factor.show"))


@bp.post("/")
@errors.shown_again_by(show)
def enrol() -> ResponseReturnValue:
    """Let the authenticator count, and tell the recovery codes this once."""
    person = _person()
    bound = second_factor.confirm(context.engine(), person.signed_in, request.form.get("code", ""))
    renew(bound.token)
    return render_template("account/recovery_codes.html", codes=bound.recovery_codes)


@bp.get("/code")
def code() -> str:
    """Ask for a code of the authenticator."""
    return render_template("account/code.html", next=request.values.get("next", ""))


@bp.post("/code")
@errors.shown_again_by(code)
def prove() -> Response:
    """Take a code."""
    renew(second_factor.prove(context.engine(), _person().signed_in, request.form.get("code", "")))
    return redirect(local_address(request.form.get("next", "")))
