"""Lets readers choose large type; kept in a cookie, so it works before signing in too."""

from flask import Blueprint, Flask, redirect, request
from werkzeug import Response

from web import choices, context
from web.navigation import local_address

bp = Blueprint("text_size", __name__)

COOKIE = "text_size"
LARGE = "large"


@bp.post("/text-size")
def choose() -> Response:
    """Remember the chosen size and go back."""
    response = redirect(local_address(request.form.get("next", "")))
    size = LARGE if request.form.get("size") == LARGE else ""
    choices.keep(response, COOKIE, size)
    return response


def _reading() -> dict[str, object]:
    """Say how a page of residents is read: larger than one of staff, or as large as it goes."""
    person = context.person()
    is_staff = person is not None and person.is_staff
    is_large = choices.kept(COOKIE) == LARGE
    return {"for_residents": not is_staff, "is_large": is_large and not is_staff}


def init_app(app: Flask) -> None:
    """Tell templates who reads and how large."""
    app.context_processor(_reading)
