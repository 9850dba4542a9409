"""The search field of the bar: a number leads to its case, anything else to what was found."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.repair import searching
from web import context, errors
from web.repair_words import STATES

bp = Blueprint("search", __name__, url_prefix="/search")


@bp.get("/")
def index() -> str:
    """Show the field by itself."""
    return render_template("search.html", text=request.form.get("q", ""), found=None)


@bp.post("/")
@errors.shown_again_by(index)
def begin() -> Response:
    """Look for something; what was typed stays out of the address."""
    text, engine, actor = request.form.get("q", ""), context.engine(), context.actor()
    with engine.reading(actor) as work:
        number = searching.number_of(work, text)
    if number is not None:
        return redirect(url_for("cases.show", number=number))
    search_id = engine.run(actor, lambda work: searching.begin(work, text))
    return redirect(url_for("search.show", search_id=search_id))


@bp.get("/<int:search_id>")
def show(search_id: int) -> str:
    """Show what was found."""
    with context.engine().reading(context.actor()) as work:
        found = searching.found(work, search_id)
    return render_template("search.html", text=found.text, found=found, states=STATES)
