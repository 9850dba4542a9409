"""The front page: leads everybody to where they work."""

from flask import Blueprint, redirect, url_for
from werkzeug import Response

from web import context

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> Response:
    """Send staff to their inbox, residents to their page, everybody else to the sign-in."""
    person = context.person()
    if person is None:
        return redirect(url_for("signin.sign_in"))
    return redirect(url_for("inbox.index" if person.is_staff else "resident.index"))
