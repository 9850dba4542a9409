"""What waits for a second person, and what was decided lately."""

from flask import Blueprint, render_template, request

from handlers.checking import queries
from handlers.repair import phone_checks
from web import context
from web.checks_screen import call_rows, check_rows, import_rows

bp = Blueprint("checks", __name__, url_prefix="/checks")


@bp.get("/")
def index() -> str:
    """Show what waits, or what was decided."""
    is_past = request.args.get("view") == "settled"
    with context.engine().reading(context.actor()) as work:
        found = queries.settled(work) if is_past else queries.waiting(work)
        rows = check_rows(work, found)
        calls = [] if is_past else call_rows(work, phone_checks.waiting(work))
        imports = (
            [] if is_past else import_rows(work, queries.waiting_imports(work), queries.due_imports(work))
        )
    return render_template("checks.html", rows=rows, imports=imports, calls=calls, is_past=is_past)
