"""Signing in and out."""

import secrets

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import logout_user
from werkzeug import Response

from handlers.accounts import sessions
from handlers.accounts import sign_in as accounts
from handlers.shared import limits
from handlers.staffing import forgotten
from web import context, errors, kept
from web.navigation import local_address
from web.signed_in import remember
from web.texts import gettext

bp = Blueprint("signin", __name__)


@bp.get("/sign-in")
def sign_in() -> str:
    """Show the sign-in form."""
    return render_template(
        "account/sign_in.html",
        login=request.form.get("login", ""),
        next=request.values.get("next", ""),
        kept=request.form.get("kept", ""),
    )


@bp.post("/sign-in")
@errors.shown_again_by(sign_in)
def enter() -> Response:
    """Check login and password and begin a session."""
    device = request.cookies.get(context.config().device_cookie) or secrets.token_urlsafe(32)
    token = accounts.sign_in(
        context.engine(),
        request.form.get("login", ""),
        request.form.get("password", ""),
        request.remote_addr or "",
        device=device,
        bound_phone="own_phone" in request.form,
    )
    remember(token)
    answer = redirect(local_address(request.form.get("next", "")))
    kept.give_back(context.engine(), context.actor(), request.form.get("kept", ""), answer)
    _keep_device(answer, device)
    return answer


@bp.get("/staff-password")
def forgot_form() -> str:
    """Ask a member of staff by which login they sign in."""
    login = request.form.get("login", "")
    return render_template("account/forgot.html", is_sent="sent" in request.args, login=login)


@bp.post("/staff-password")
@errors.shown_again_by(forgot_form)
def forgot() -> Response:
    """Have the lead asked; the answer is the same whether there is an account or not."""
    forgotten.ask(context.engine(), request.form.get("login", ""), request.remote_addr or "")
    return redirect(url_for("signin.forgot_form", sent=1))


def _keep_device(answer: Response, device: str) -> None:
    """Let the browser be known again: a new one is worth a word to its owner."""
    config = context.config()
    answer.set_cookie(
        config.device_cookie,
        device,
        max_age=limits.DEVICE_KNOWN_FOR,
        secure=config.https,
        httponly=True,
        samesite="Lax",
    )


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the session on the server and forget it here."""
    person = context.person()
    if person is not None:
        sessions.end(context.engine(), person.token)
    logout_user()
    session.clear()
    flash(gettext("已退出登录"))
    return redirect(url_for("signin.sign_in"))
