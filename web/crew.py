"""Pages of repair staff: their jobs, what they can take, the price list."""

from flask import Blueprint, jsonify, render_template, request
from werkzeug import Response

from engine import fresh as engine_fresh
from handlers.repair import calls, catalogue
from web import context
from web.crew_screen import crew_screen, prices
from web.numbers import moment_of
from web.words import written

bp = Blueprint("crew", __name__, url_prefix="/crew")


@bp.get("/")
def index() -> str:
    """Show one's own jobs by time, or by building."""
    is_by_building = request.args.get("by") == "building"
    with context.engine().reading(context.actor()) as work:
        screen = crew_screen(work, is_by_building=is_by_building)
    return render_template("crew/home.html", screen=screen)


@bp.get("/prices")
def price_list() -> str:
    """Show the public price list."""
    with context.engine().reading(context.actor()) as work:
        listed = prices(work)
    return render_template("crew/prices.html", prices=listed)


@bp.get("/fresh")
def fresh() -> Response:
    """Name the tasks that came to this person since the page was shown."""
    moment = moment_of(request.args.get("since", ""))
    with context.engine().reading(context.actor()) as work:
        came = engine_fresh.since(work, moment) if moment else []
    return _for_poll([str(task_id) for task_id in came])


@bp.get("/ringing")
def ringing() -> Response:
    """Give the urgent orders that ring for this person; asking in vain costs an empty answer."""
    with context.engine().reading(context.actor()) as work:
        found = [(one, catalogue.name_of(work, one.fault_code)) for one in calls.own(work)]
    return _for_poll(
        [{"number": one.number, "title": written(name), "place": one.place} for one, name in found]
    )


def _for_poll(found: list[str] | list[dict[str, str]]) -> Response:
    response = jsonify(found)
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Cookie")
    return response.make_conditional(request)
