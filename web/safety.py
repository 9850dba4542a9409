"""Reporting what looks odd, from every page; and what the watchers over security look at."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.safety import dead_jobs, reporting
from handlers.safety.reporting import Odd
from handlers.safety.words import BY_PEOPLE, KINDS
from handlers.shared import alarms
from web import context, errors
from web.days import read_day
from web.looks_screen import log_screen, looks_screen
from web.safety_screen import incident_screen, watch_screen
from web.texts import gettext
from web.words import either

bp = Blueprint("safety", __name__)


@bp.get("/odd")
def odd() -> str:
    """Show the form that reports something odd."""
    kinds = [(kind, either(*KINDS[kind])) for kind in BY_PEOPLE]
    return render_template("safety/odd.html", kinds=kinds, wrong=errors.field_errors())


@bp.post("/odd")
@errors.shown_again_by(odd)
def report() -> Response:
    """Take the report in."""
    said = Odd(
        kind=request.form.get("kind", ""),
        description=request.form.get("description", ""),
        about_admin="about_admin" in request.form,
        is_nameless="is_nameless" in request.form,
    )
    number = reporting.report(context.engine(), context.actor(), said)
    flash(gettext("已报告，编号 %(number)s", number=number) if number else gettext("已报告"))
    return redirect(url_for("safety.sent"))


@bp.get("/odd/sent")
def sent() -> str:
    """Say what happens now and what to do oneself."""
    return render_template("safety/sent.html")


@bp.get("/safety/")
def index() -> str:
    """Show incidents and alarms."""
    with context.engine().reading(context.actor()) as work:
        screen = watch_screen(work)
    return render_template("safety/index.html", screen=screen)


@bp.get("/looks")
def looks() -> str:
    """Show who looked at how much of people's data on a day."""
    with context.engine().reading(context.actor()) as work:
        screen = looks_screen(work, read_day(request.args.get("day")))
    return render_template("safety/looks.html", screen=screen)


@bp.get("/looks/<int:account_id>")
def looks_of(account_id: int) -> str:
    """Show what somebody looked at on a day."""
    with context.engine().reading(context.actor()) as work:
        screen = log_screen(
            work, account_id, read_day(request.args.get("day")), request.args.get("after", "")
        )
    return render_template("safety/log.html", screen=screen)


@bp.get("/safety/<number>")
def show(number: str) -> str:
    """Show what is known of an incident."""
    with context.engine().reading(context.actor()) as work:
        screen = incident_screen(work, number)
    return render_template("safety/show.html", screen=screen)


@bp.post("/safety/alarms/<int:alarm_id>/incident")
@errors.shown_again_by(lambda **_: index())
def make_incident(alarm_id: int) -> Response:
    """Make an alarm an incident."""
    number = context.engine().run(context.actor(), lambda work: reporting.open_from_alarm(work, alarm_id))
    flash(gettext("已立案，编号 %(number)s", number=number))
    return redirect(url_for("safety.index"))


@bp.post("/safety/alarms/<int:alarm_id>/again")
@errors.shown_again_by(lambda **_: index())
def run_again(alarm_id: int) -> Response:
    """Let the dead job of an alarm start over."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: dead_jobs.run_of_alarm_again(work, alarm_id, reason))
    flash(gettext("已重新运行"))
    return redirect(url_for("safety.index"))


@bp.post("/safety/jobs/<int:job_id>/again")
@errors.shown_again_by(lambda **_: index())
def run_job_again(job_id: int) -> Response:
    """Let a dead job start over whose alarm was closed."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: dead_jobs.run_again(work, job_id, reason))
    flash(gettext("已重新运行"))
    return redirect(url_for("safety.index"))


@bp.post("/safety/alarms/<int:alarm_id>/close")
@errors.shown_again_by(lambda **_: index())
def close_alarm(alarm_id: int) -> Response:
    """Note that an alarm was dealt with."""
    context.engine().run(context.actor(), lambda work: alarms.close_alarm(work, alarm_id))
    flash(gettext("已处理"))
    return redirect(url_for("safety.index"))
