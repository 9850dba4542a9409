"""The working calendar: holidays and make-up workdays by year, edited by administration, imported as CSV."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine import workdays
from engine.calendar import DayKind, publish_days
from handlers.shared.permissions import Permission
from web import context, errors
from web.navigation import may
from web.texts import gettext, lazy_gettext
from web.workdays_screen import days_of_file, posted_day, posted_listed_day, workdays_screen

bp = Blueprint("workdays", __name__, url_prefix="/workdays")

KINDS = {
    DayKind.HOLIDAY: lazy_gettext("放假"),
    DayKind.MAKEUP_WORKDAY: lazy_gettext("调休上班"),
}
# Where due dates are made, moved or looked at by those who can see to a missing year.
_WARNED_AT = frozenset({"overdue.index", "processes.index", "processes.show", "workdays.index"})


@bp.get("/")
def index() -> str:
    """Show the published days of a year."""
    with context.engine().reading(context.actor()) as work:
        screen = workdays_screen(work, request.args.get("year", type=int))
    return render_template("workdays.html", screen=screen, kinds=KINDS, wrong=errors.field_errors())


@bp.post("/add")
@errors.shown_again_by(index)
def add() -> Response:
    """Publish one day."""
    listed, table = posted_listed_day(request.form), request.form.get("table", "")
    context.engine().run(context.actor(), lambda work: workdays.add_day(work, table, listed))
    flash(gettext("已保存"))
    return _back(listed.day.year)


@bp.post("/remove")
@errors.shown_again_by(index)
def remove() -> Response:
    """Take a day out again."""
    day = posted_day(request.form)
    table = request.form.get("table", "")
    context.engine().run(context.actor(), lambda work: workdays.remove_day(work, table, day))
    flash(gettext("已删除"))
    return _back(day.year)


@bp.post("/import")
@errors.shown_again_by(index)
def import_file() -> Response:
    """Replace the years that a file names."""
    days = days_of_file(request.files.get("file"))
    table = request.form.get("table", "")
    context.engine().run(context.actor(), lambda work: publish_days(work, table, days))
    flash(gettext("已导入 %(count)s 天", count=len(days)))
    return _back(max(listed.day for listed in days).year)


def _back(year: int) -> Response:
    return redirect(url_for("workdays.index", year=year))


def init_app(app: Flask) -> None:
    """Warn those who can act, on the pages of due dates, as long as a year is missing."""

    @app.context_processor
    def missing() -> dict[str, object]:
        person = context.person()
        is_asked = person is not None and person.may(Permission.CALENDAR_PUBLISH, Permission.REPORT_READ)
        may_publish = may("workdays.index")
        is_place = request.endpoint in _WARNED_AT or (may_publish and request.endpoint == "inbox.index")
        if not is_asked or not is_place:
            return {"missing_years": (), "may_publish": False}
        with context.engine().reading(context.actor()) as work:
            return {"missing_years": workdays.missing_years(work), "may_publish": may_publish}
