"""The front page: leads everybody to where they work."""

from flask import Blueprint, redirect, url_for
from werkzeug import Response

from web import context
from web.person import Person

bp = Blueprint("home", __name__)


def front_page(person: Person) -> str:
    """Return the address of the page that somebody works from."""
    if not person.is_staff:
        return url_for("resident.index")
    return url_for("crew.index" if person.is_crew else "inbox.index")


@bp.get("/")
def index() -> Response:
    """Send staff to where they work, residents to their page, everybody else to the sign-in."""
    person = context.person()
    return redirect(url_for("signin.sign_in") if person is None else front_page(person))
