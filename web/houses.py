"""Houses for staff: found by address or person, with people, agreements, vehicles and what was repaired."""

from collections.abc import Callable
from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from engine.errors import RuleBroken
from engine.work import Work
from handlers.estate import (
    authorisation,
    belongings,
    communities,
    entry,
    finding,
    house_record,
    looking,
    suggesting,
)
from handlers.estate.authorisation import Answer, Purpose
from handlers.estate.consents import AT_COUNTER, How, Proof
from handlers.estate.unasked import count_unasked
from handlers.estate.unasked import unasked as unasked_owners
from handlers.shared import limits
from handlers.shared.permissions import Permission
from web import context, errors, uploads
from web.days import read_day
from web.house_screen import house_screen
from web.house_words import RELATIONS, age_words
from web.numbers import LARGEST_ID, posted_id
from web.repair_words import STATES
from web.statistics_screen import statistics_screen
from web.texts import gettext

bp = Blueprint("houses", __name__, url_prefix="/houses")


@bp.get("/")
def index() -> str:
    """Show where to type what one looks for, and the buildings of a community."""
    chosen = request.args.get("community", 0, int)
    with context.engine().reading(context.actor()) as work:
        places = communities.with_permission(work, Permission.HOUSE_READ)
        place = next((one for one in places if one.id == chosen), places[0] if len(places) == 1 else None)
        buildings = house_record.units(work, place.id) if place else []
        waiting = count_unasked(work)
    shown = {"places": places, "place": place, "buildings": buildings, "waiting": waiting}
    return render_template("houses/index.html", text=request.form.get("q", ""), **shown)


@bp.post("/find")
@errors.shown_again_by(index)
def find() -> Response:
    """Look for something; what was typed stays out of the address."""
    engine, actor = context.engine(), context.actor()
    search_id = engine.run(actor, lambda work: finding.begin(work, request.form.get("q", "")))
    with engine.reading(actor) as work:
        found = finding.found(work, search_id)
    if len(found.houses) == 1:
        return redirect(url_for("houses.show", house_id=found.houses[0].id))
    return redirect(url_for("houses.found", search_id=search_id))


@bp.post("/suggest")
def suggest() -> ResponseReturnValue:
    """Propose houses of an address that is being typed."""
    with context.engine().reading(context.actor()) as work:
        houses = suggesting.suggestions(work, request.form.get("q", ""))
    return {"houses": [asdict(one) for one in houses]}


@bp.get("/found/<int:search_id>")
def found(search_id: int) -> str:
    """Show what was found."""
    with context.engine().reading(context.actor()) as work:
        result = finding.found(work, search_id)
        ages = {one.person.id: age_words(one.person.checked_at, work.now) for one in result.people}
    _note_rows(len(result.people))
    return render_template("houses/found.html", found=result, relations=RELATIONS, ages=ages)


@bp.get("/units/<int:unit_id>")
def unit(unit_id: int) -> str:
    """Show the houses of a unit."""
    with context.engine().reading(context.actor()) as work:
        shown = house_record.unit(work, unit_id)
    return render_template("houses/unit.html", unit=shown)


@bp.get("/unasked")
def unasked() -> str:
    """List the owners whose agreements are still to be asked for."""
    after = request.args.get("after", 0, int)
    with context.engine().reading(context.actor()) as work:
        rows, waiting = unasked_owners(work, max(0, min(after, LARGEST_ID))), count_unasked(work)
    _note_rows(len(rows))
    more = rows[-1].relation_id if len(rows) == limits.PAGE_ROWS else None
    return render_template("houses/unasked.html", rows=rows, waiting=waiting, more=more, relations=RELATIONS)


@bp.get("/statistics")
def statistics() -> str:
    """Show how many owners of which age and houses of which type a community has."""
    with context.engine().reading(context.actor()) as work:
        screen = statistics_screen(work, request.args.get("community", 0, int))
    return render_template("houses/statistics.html", screen=screen)


@bp.get("/<int:house_id>")
def show(house_id: int, **_kept: object) -> str:
    """Show a house."""
    with context.engine().reading(context.actor()) as work:
        screen = house_screen(work, house_id, read_day(request.args.get("on")))
    context.engine().run(context.actor(), lambda work: looking.note_opened(work, house_id))
    return render_template(
        "houses/show.html",
        screen=screen,
        states=STATES,
        wrong=errors.field_errors(),
        waiting=uploads.waiting_ids("photos"),
    )


@bp.post("/<int:house_id>/people/<int:person_id>/checked")
@errors.shown_again_by(show)
def checked(house_id: int, person_id: int) -> Response:
    """Note that a person has just said that what is on record is right."""
    context.engine().run(context.actor(), lambda work: entry.confirm_data(work, person_id, house_id))
    flash(gettext("已记下：资料今天核对过"))
    return redirect(url_for("houses.show", house_id=house_id))


@bp.post("/<int:house_id>/people/<int:person_id>/agreements")
@errors.shown_again_by(show)
def agree(house_id: int, person_id: int) -> Response:
    """Note what a person says to one use of their contacts, and of a yes what shows it."""
    answer, _, scope = request.form.get("said", "").partition(":")
    if scope not in set(Purpose) or answer not in set(Answer):
        raise RuleBroken("agreement_missing", "请选择一项用途")
    engine, actor = context.engine(), context.actor()
    said, proof = (Purpose(scope), Answer(answer)), _proof(answer)
    engine.run(actor, lambda work: authorisation.note_answer(work, person_id, house_id, *said, proof=proof))
    flash(gettext("已登记，立即生效"))
    return redirect(url_for("houses.show", house_id=house_id, asked=person_id, _anchor=f"p-{person_id}"))


def _proof(answer: str) -> Proof:
    """Read what shows that a person agrees; a no needs nothing."""
    how, photos = request.form.get("how", ""), _photos()
    if answer != Answer.YES:
        return AT_COUNTER
    if how not in set(How):
        raise RuleBroken("consent_how", "请选择业主是怎样同意的")
    return Proof(How(how), request.form.get("called", ""), photos if how == How.PAPER else ())


def _photos() -> tuple[int, ...]:
    return uploads.posted_ids(context.engine(), context.actor(), "photos")


@bp.post("/<int:house_id>/vehicles")
@errors.shown_again_by(show)
def add_vehicle(house_id: int) -> Response:
    """Enter a vehicle of somebody of the house."""
    person_id, plate = posted_id("person_id"), request.form.get("plate", "")
    return _kept(house_id, lambda work: belongings.note_vehicle(work, house_id, person_id, plate))


@bp.post("/<int:house_id>/vehicles/<int:record_id>/end")
@errors.shown_again_by(show)
def end_vehicle(house_id: int, record_id: int) -> Response:
    """Take a vehicle off the house."""
    return _kept(house_id, lambda work: belongings.end_vehicle(work, house_id, record_id))


@bp.post("/<int:house_id>/parking")
@errors.shown_again_by(show)
def add_parking(house_id: int) -> Response:
    """Enter a parking place of the house."""
    place, is_rented = request.form.get("place", ""), request.form.get("held") == "rented"
    return _kept(house_id, lambda work: belongings.note_parking(work, house_id, place, is_rented=is_rented))


@bp.post("/<int:house_id>/parking/<int:record_id>/end")
@errors.shown_again_by(show)
def end_parking(house_id: int, record_id: int) -> Response:
    """Take a parking place off the house."""
    return _kept(house_id, lambda work: belongings.end_parking(work, house_id, record_id))


def _note_rows(owners: int) -> None:
    if owners:
        context.engine().run(context.actor(), lambda work: looking.note_rows(work, owners))


def _kept(house_id: int, call: Callable[[Work], object]) -> Response:
    context.engine().run(context.actor(), call)
    flash(gettext("已登记，立即生效"))
    return redirect(url_for("houses.show", house_id=house_id))
