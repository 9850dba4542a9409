"""Asking for data in bulk, following what was asked for, fetching the file once, tracing a leaked list."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as Redirect

from engine import tasks
from engine.work import Work
from handlers.privacy import export_files, exports
from handlers.privacy.exports import Asked
from handlers.shared.spreadsheets import XLSX
from web import context, errors
from web.exports_screen import asking_screen, export_screen, list_screen
from web.numbers import posted_id
from web.texts import gettext

bp = Blueprint("exports", __name__, url_prefix="/exports")


@bp.get("/")
def index() -> str:
    """List exports."""
    with context.engine().reading(context.actor()) as work:
        screen = list_screen(work)
    return render_template("exports/index.html", screen=screen)


@bp.get("/new")
def form() -> str:
    """Show the form that asks for an export."""
    community_id = posted_id("community_id") or request.args.get("community_id", 0, int)
    with context.engine().reading(context.actor()) as work:
        screen = asking_screen(work, community_id)
    return render_template("exports/new.html", screen=screen, wrong=errors.field_errors())


@bp.post("/new")
@errors.shown_again_by(form)
def ask() -> Redirect:
    """Ask for an export."""
    asked = Asked(
        community_id=posted_id("community_id"),
        building_id=posted_id("building_id") or None,
        content=request.form.get("content", ""),
        fields=tuple(request.form.getlist("fields")),
        purpose=request.form.get("purpose", ""),
        reason=request.form.get("reason", ""),
        recipient=request.form.get("recipient", ""),
        outside="outside" in request.form,
        keep_days=request.form.get("keep_days", 0, int),
    )
    number = context.engine().run(context.actor(), lambda work: exports.ask(work, asked))
    flash(gettext("已申请导出 %(number)s", number=number))
    return redirect(url_for("exports.show", number=number))


@bp.get("/<number>")
def show(number: str) -> str:
    """Show an export."""
    with context.engine().reading(context.actor()) as work:
        screen = export_screen(work, number)
    return render_template("exports/show.html", screen=screen)


@bp.post("/<number>/file")
@errors.shown_again_by(show)
def fetch(number: str) -> Response:
    """Hand out the file, once."""

    def call(work: Work) -> bytes:
        task_id = exports.fetch_task(work, number)
        content = exports.fetch(work, number)
        tasks.complete(work, task_id, {"outcome": "fetched"})
        return content

    answer = Response(context.engine().run(context.actor(), call), mimetype=XLSX)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{number}.xlsx")
    return answer


@bp.post("/<number>/again")
@errors.shown_again_by(show)
def make_again(number: str) -> Redirect:
    """Make a file that could not be made."""
    context.engine().run(context.actor(), lambda work: export_files.make_again(work, number))
    return redirect(url_for("exports.show", number=number))


@bp.post("/<number>/withdraw")
@errors.shown_again_by(show)
def withdraw(number: str) -> Redirect:
    """Withdraw what is not needed any more."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: exports.withdraw(work, number, reason))
    flash(gettext("已撤回"))
    return redirect(url_for("exports.show", number=number))


@bp.post("/trace")
def trace() -> str:
    """Tell from which exports a leaked list may come."""
    listed = request.form.get("addresses", "")
    with context.engine().reading(context.actor()) as work:
        found = export_files.whose(work, listed.splitlines()[:2000])
        screen = list_screen(work)
    return render_template("exports/index.html", screen=screen, traced=found, addresses=listed)
