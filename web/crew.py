"""Pages of repair staff: their jobs, what they can take, the price list."""

from flask import Blueprint, render_template, request

from web import context
from web.crew_screen import crew_screen, prices

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
