"""Asks for the password again before something delicate, and then goes on with it; nothing typed is lost."""

from http import HTTPStatus

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug import Response

from handlers.accounts import sign_in, trust
from handlers.accounts.sign_in import SignInRefused, SlowDown
from web import context, errors, uploads
from web.navigation import local_address
from web.person import Person
from web.signed_in import renew
from web.texts import gettext

bp = Blueprint("proving", __name__, url_prefix="/account/again")

PASSWORD = "_password"  # noqa: S105  # the name of a field; it comes with what the page was asked to do


def stop() -> ResponseReturnValue | None:
    """Let a delicate request pass when its sender has just proved who they are, else ask here.

    What was posted stands in the page that asks, so the answer to it does what was wanted at once.
    """
    if trust.is_fresh(_person().signed_in, context.engine().clock.now()):
        return None
    g.asked_again = True  # nobody was refused anything yet
    if errors.for_script():
        return errors.answer(HTTPStatus.FORBIDDEN, gettext("请先再输入一次密码"))
    if request.method == "GET":
        return _page(request.full_path.rstrip("?")), HTTPStatus.FORBIDDEN
    if PASSWORD not in request.form:
        return _again(), HTTPStatus.FORBIDDEN
    try:
        _prove()
    except (SignInRefused, SlowDown) as refused:
        return errors.shown(lambda **_: _again(), refused, HTTPStatus.FORBIDDEN)
    return None


def ask() -> str:
    """Ask again, because the password was wrong, before leading to where somebody wanted to go."""
    return _page(local_address(request.form.get("next", "")))


@bp.post("/")
@errors.shown_again_by(ask)
def prove() -> Response:
    """Take the password, and lead on."""
    _prove()
    return redirect(local_address(request.form.get("next", "")))


def _person() -> Person:
    person = context.person()
    assert person is not None, "the table of routes lets nobody in without a session"
    return person


def _prove() -> None:
    renew(sign_in.prove_again(context.engine(), _person().signed_in, request.form.get(PASSWORD, "")))


def _again() -> str:
    """Show the page that sends what was posted once more; files that came with it are kept by their ids."""
    files = uploads.kept(context.engine(), context.actor())
    fields = [(name, text) for name, text in request.form.items(multi=True) if name not in _OWN]
    fields += [(name, str(number)) for name, numbers in files.items() for number in numbers]
    return render_template("account/again.html", action=request.path, fields=fields)


def _page(target: str) -> str:
    return render_template("account/again.html", action="", fields=[("next", target)])


_OWN = ("csrf_token", PASSWORD)
