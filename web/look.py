"""Chooses between light and dark pages; kept in a cookie, as the language is. Shows the design language."""

from collections.abc import Mapping

from flask import Blueprint, Flask, redirect, render_template, request
from werkzeug import Response

from web import choices, design_screen
from web.navigation import local_address
from web.texts import lazy_gettext

bp = Blueprint("look", __name__)

COOKIE = "look"
AUTO = "auto"
LOOKS: Mapping[str, tuple[object, str]] = {
    AUTO: (lazy_gettext("跟随系统"), "auto"),
    "light": (lazy_gettext("浅色"), "sun"),
    "dark": (lazy_gettext("深色"), "moon"),
}


def chosen() -> str:
    """Return the look the reader chose; the system's until they choose."""
    wish = choices.kept(COOKIE)
    return wish if wish in LOOKS else AUTO


@bp.post("/look")
def choose() -> Response:
    """Remember the chosen look and go back."""
    response = redirect(local_address(request.form.get("next", "")))
    look = request.form.get("look", "")
    if look in LOOKS:
        choices.keep(response, COOKIE, look)
    return response


@bp.get("/design")
def design() -> str:
    """Show every component in every state, by day and by night."""
    return render_template("design.html", screen=design_screen.design_screen())


def init_app(app: Flask) -> None:
    """Offer the look to templates."""
    app.context_processor(lambda: {"look": chosen(), "looks": LOOKS})
