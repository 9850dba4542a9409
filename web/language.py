"""Switches the language of the pages; kept in a cookie, so it works before signing in too."""

from flask import Blueprint, redirect, request
from werkzeug import Response

from web import choices
from web.i18n import COOKIE, LANGUAGES
from web.navigation import local_address

bp = Blueprint("language", __name__)


@bp.post("/language")
def choose() -> Response:
    """Remember the chosen language and go back."""
    response = redirect(local_address(request.form.get("next", "")))
    language = request.form.get("language", "")
    if language in LANGUAGES:
        choices.keep(response, COOKIE, language)
    return response
