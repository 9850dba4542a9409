"""One's own account: first steps, password, sessions."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug import Response

from engine.errors import RuleBroken
from handlers.accounts import sessions, sign_in
from handlers.errors import FieldsInvalid
from web import agreed, context, errors
from web.person import Person
from web.signed_in import remember
from web.texts import gettext

bp = Blueprint("account", __name__, url_prefix="/account")


def _person() -> Person:
    person = context.person()
    assert person is not None, "the table of routes lets nobody in without a session"
    return person


@bp.get("/first-steps")
def first_steps() -> str:
    """Show what is asked for at the first sign-in."""
    text = agreed.responsibility()
    return render_template(
        "account/first_steps.html",
        signed_in=_person().signed_in,
        errors=errors.field_errors(),
        text=text,
        is_accepted=agreed.is_accepted(text),
    )


@bp.post("/first-steps")
@errors.shown_again_by(first_steps)
def finish_first_steps() -> Response:
    """Take the new password and the acceptance of responsibility."""
    person = _person()
    if person.signed_in.must_accept and not agreed.is_accepted(agreed.responsibility()):
        raise RuleBroken("must_accept", "请先阅读并接受账号责任声明")
    if person.signed_in.must_change_password:
        _replace_password(person)
    if person.signed_in.must_accept:
        context.engine().run(person.actor, sign_in.accept_responsibility)
    return redirect(url_for("home.index"))


@bp.get("/password")
def password() -> str:
    """Show the form for a new password."""
    return render_template("account/password.html", errors=errors.field_errors())


@bp.post("/password")
@errors.shown_again_by(password)
def change_password() -> Response:
    """Replace the password; every other session ends."""
    _replace_password(_person())
    flash(gettext("密码已修改，其他设备上的登录已退出"))
    return redirect(url_for("home.index"))


@bp.get("/sessions", endpoint="sessions")
def sessions_page() -> str:
    """Show where the account is signed in."""
    with context.engine().reading(context.actor()) as work:
        listed = sessions.own_sessions(work)
    return render_template("account/sessions.html", sessions=listed, current=_person().signed_in.session_id)


@bp.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """End one of one's own sessions."""
    context.engine().run(context.actor(), lambda work: sessions.end_own(work, session_id))
    return redirect(url_for("account.sessions"))


@bp.get("/token")
def token() -> dict[str, str]:
    """Give the form token of this session: a page that lies open while somebody signs in again needs it."""
    return {"token": generate_csrf()}


def _replace_password(person: Person) -> None:
    new = request.form.get("new_password", "")
    if new != request.form.get("again", ""):
        raise FieldsInvalid({"again": ("两次输入的密码不一致", {})})
    old = request.form.get("password", "")
    token = sign_in.change_password(context.engine(), person.signed_in, old, new, request.remote_addr or "")
    remember(token)
