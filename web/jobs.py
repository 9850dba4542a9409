"""Long work that people watch: how far it is, what it came to, stopping it and going on."""

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug import Response

from handlers.shared import long_work
from web import context, errors
from web.job_screen import job_screen
from web.texts import gettext

bp = Blueprint("jobs", __name__, url_prefix="/jobs")


@bp.get("/")
def index() -> str:
    """List one's own long work."""
    with context.engine().reading(context.actor()) as work:
        jobs = [job_screen(work, one) for one in long_work.own(work)]
    return render_template("jobs/index.html", jobs=jobs)


@bp.get("/<int:work_id>")
def show(work_id: int) -> str:
    """Show how far a piece of long work is; the page asks again by itself."""
    return render_template("jobs/show.html", job=_screen(work_id))


@bp.get("/<int:work_id>/part")
def part(work_id: int) -> str:
    """Show the part of the page that changes."""
    return render_template("jobs/part.html", job=_screen(work_id))


@bp.post("/<int:work_id>/stop")
@errors.shown_again_by(show)
def stop(work_id: int) -> Response:
    """Stop long work after the step that is under way."""
    context.engine().run(context.actor(), lambda work: long_work.stop(work, work_id))
    flash(gettext("已停止，已做的部分保留"))
    return redirect(url_for("jobs.show", work_id=work_id))


@bp.post("/<int:work_id>/go-on")
@errors.shown_again_by(show)
def go_on(work_id: int) -> Response:
    """Let work that failed or was stopped go on from where it got to."""
    context.engine().run(context.actor(), lambda work: long_work.go_on(work, work_id))
    return redirect(url_for("jobs.show", work_id=work_id))


def _screen(work_id: int) -> object:
    with context.engine().reading(context.actor()) as work:
        return job_screen(work, long_work.get(work, work_id))
