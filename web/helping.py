"""Helping an owner who lost the phone: begun at the desk, ended by the owner with a code and a password."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug import Response

from handlers.estate import queries
from handlers.owning import helping
from handlers.owning.codes import Purpose
from handlers.owning.helping import Asked
from web import context, errors
from web.house_words import RELATIONS
from web.numbers import posted_id
from web.owners import KEPT
from web.texts import gettext

bp = Blueprint("helping", __name__)


@bp.get("/helping/new")
def form() -> str:
    """Show the form of the desk."""
    house_id = posted_id("house_id") or request.args.get("house_id", 0, int)
    with context.engine().reading(context.actor()) as work:
        house = queries.house(work, house_id)
        found = queries.people_of_house(work, house_id)
    people = [(str(one.person.id), f"{one.person.name} · {RELATIONS[one.kind]}") for one in found]
    return render_template("owners/help.html", house=house, people=people, wrong=errors.field_errors())


@bp.post("/helping/new")
@errors.shown_again_by(form)
def ask() -> Response:
    """Begin the help."""
    asked = Asked(posted_id("house_id"), posted_id("person_id"), request.form.get("new_phone", ""))
    number = context.engine().run(context.actor(), lambda work: helping.ask(work, asked))
    flash(gettext("已登记协助 %(number)s", number=number))
    return redirect(url_for("cases.show", number=number))


@bp.get("/forgot/code")
def code_form() -> str:
    """Ask for the number on record and the code that went to the new phone."""
    return render_template("owners/help_code.html", typed=request.form)


@bp.post("/forgot/code")
@errors.shown_again_by(code_form)
def enter() -> Response:
    """Take the code; the owner sets a password next."""
    login, code = request.form.get("login", ""), request.form.get("code", "")
    token = helping.enter(context.engine(), login, code, request.remote_addr or "")
    session[KEPT] = {"token": token, "purpose": str(Purpose.RESET)}
    return redirect(url_for("owners.password_form"))
