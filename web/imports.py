"""Taking a hand-over list over: upload, result with bad rows, a second person's release, taking back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.estate import import_undo, importing
from handlers.estate.importing import Upload
from handlers.shared import limits
from handlers.shared.spreadsheets import XLSX, spreadsheet
from web import context, errors
from web.import_screen import area, import_screen, imports_screen, problem_rows
from web.numbers import posted_id
from web.texts import gettext

bp = Blueprint("imports", __name__, url_prefix="/imports")
bp.add_app_template_filter(area, "area")

MOST_OF_NOTE = 500  # characters of why a list is released that was not taken over whole


@bp.get("/")
def index() -> str:
    """Show where to upload a list, and the lists of before."""
    with context.engine().reading(context.actor()) as work:
        screen = imports_screen(work)
    return render_template("imports/index.html", screen=screen)


@bp.post("/")
@errors.shown_again_by(index)
def upload() -> Response:
    """Begin to take a file over."""
    file = request.files.get("file")
    content = file.stream.read(limits.IMPORT_BYTES + 1) if file else b""
    name = (file.filename or "") if file else ""
    work_id = importing.begin_import(
        context.engine(), context.actor(), Upload(content, name, posted_id("community_id") or None)
    )
    return redirect(url_for("jobs.show", work_id=work_id))


@bp.get("/<int:import_id>")
def show(import_id: int) -> str:
    """Show what became of a list."""
    after = request.args.get("after", 0, int)
    with context.engine().reading(context.actor()) as work:
        screen = import_screen(work, import_id, max(after, 0))
    return render_template("imports/show.html", screen=screen, wrong=errors.field_errors())


@bp.get("/<int:import_id>/problems.xlsx")
def problems(import_id: int) -> Response:
    """Hand out the rows that were left out, to be put right."""
    with context.engine().reading(context.actor()) as work:
        rows = problem_rows(work, import_id, limits.PROBLEMS_DOWNLOADED)
    heads = [gettext("工作表"), gettext("行"), gettext("列"), gettext("值（已遮盖）"), gettext("原因")]
    content = spreadsheet(gettext("有问题的行"), heads, rows, (20, 8, 14, 24, 60))
    answer = Response(content, mimetype=XLSX)
    answer.headers.set("Content-Disposition", "attachment", filename=f"import-{import_id}-problems.xlsx")
    return answer


@bp.post("/<int:import_id>/release")
@errors.shown_again_by(show)
def release(import_id: int) -> Response:
    """Say, as a second person, that what the list brought is right."""
    difference = request.form.get("difference", "").strip()[:MOST_OF_NOTE]
    released = context.engine().run(
        context.actor(), lambda work: importing.release_import(work, import_id, difference)
    )
    flash(gettext("已放行，%(count)s 位业主的登记生效", count=released))
    return redirect(url_for("imports.show", import_id=import_id))


@bp.post("/<int:import_id>/undo")
@errors.shown_again_by(show)
def undo(import_id: int) -> Response:
    """Take the whole import back."""
    work_id = context.engine().run(context.actor(), lambda work: import_undo.begin_undo(work, import_id))
    return redirect(url_for("jobs.show", work_id=work_id))
