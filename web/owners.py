"""Owners register themselves and set a forgotten password anew, with a code by text message."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from engine.ports import SYSTEM
from handlers.errors import FieldsInvalid
from handlers.owning import codes, registering, resetting
from handlers.owning.codes import Purpose
from handlers.owning.registering import Claim
from web import agreed, context, errors
from web.signed_in import remember
from web.texts import lazy_gettext

bp = Blueprint("owners", __name__)

KEPT = "owner_code"  # in the cookie: the token of this browser and what its code is for

_DONE = {
    Purpose.REGISTER: lazy_gettext("账号已开通"),
    Purpose.RESET: lazy_gettext("密码已重设，其他设备上的登录已退出"),
}


@bp.get("/register")
def register_form() -> str:
    """Ask who somebody is."""
    return render_template("owners/register.html", errors=errors.field_errors(), typed=request.form)


@bp.post("/register")
@errors.shown_again_by(register_form)
def register() -> Response:
    """Take the claim in; the answer is the same whether it matches or not."""
    claim = Claim(*(request.form.get(name, "") for name in ("name", "id_number", "phone")))
    token = registering.begin(context.engine(), claim, request.remote_addr or "")
    return _waiting(token, Purpose.REGISTER)


@bp.get("/forgot")
def forgot_form() -> str:
    """Ask by which number somebody signs in."""
    return render_template("owners/forgot.html", errors=errors.field_errors(), typed=request.form)


@bp.post("/forgot")
@errors.shown_again_by(forgot_form)
def forgot() -> Response:
    """Have a code sent; the answer is the same whether there is an account or not."""
    token = resetting.begin(context.engine(), request.form.get("login", ""), request.remote_addr or "")
    return _waiting(token, Purpose.RESET)


@bp.get("/code")
def code_form() -> str:
    """Ask for the code."""
    return render_template("owners/code.html", purpose=_kept()[1])


@bp.post("/code")
@errors.shown_again_by(code_form)
def prove() -> Response:
    """Take the code."""
    token, purpose = _kept()
    codes.prove(context.engine(), token, purpose, request.form.get("code", ""))
    return redirect(url_for("owners.password_form"))


@bp.get("/new-password")
def password_form() -> ResponseReturnValue:
    """Ask for a password, and when registering for a yes to the privacy notice."""
    token, purpose = _kept()
    with context.engine().reading(SYSTEM) as work:
        is_proved = codes.is_proved(work, token, purpose)
    if not is_proved:
        return redirect(url_for("owners.code_form"))
    return render_template(
        "owners/password.html", purpose=purpose, errors=errors.field_errors(), text=agreed.privacy_notice()
    )


@bp.post("/new-password")
@errors.shown_again_by(password_form)
def set_password() -> Response:
    """Open the account, or set the new password, and sign in."""
    token, purpose = _kept()
    engine, address = context.engine(), request.remote_addr or ""
    new = request.form.get("new_password", "")
    if new != request.form.get("again", ""):
        raise FieldsInvalid({"again": ("两次输入的密码不一致", {})})
    if purpose is Purpose.REGISTER:
        accepts = agreed.is_accepted(agreed.privacy_notice())
        signed_in = registering.finish(engine, token, new, address, accepts=accepts)
    else:
        signed_in = resetting.finish(engine, token, new, address)
    remember(signed_in)
    flash(str(_DONE[purpose]))
    return redirect(url_for("home.index"))


def _waiting(token: str, purpose: Purpose) -> Response:
    session[KEPT] = {"token": token, "purpose": str(purpose)}
    return redirect(url_for("owners.code_form"))


def _kept() -> tuple[str, Purpose]:
    kept = session.get(KEPT, {})
    return kept.get("token", ""), Purpose(kept.get("purpose", Purpose.REGISTER))
