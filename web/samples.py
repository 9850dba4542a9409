"""The auditor's sample: one in twenty of a month's checks, marked after a look at the papers."""

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.checking import sampling
from handlers.checking.fields import FIELD_NAMES, Field
from web import context, errors
from web.checks_screen import KINDS
from web.days import read_day
from web.texts import gettext
from web.words import either, listed, person_names

bp = Blueprint("samples", __name__, url_prefix="/samples")


@bp.get("/")
def index() -> str:
    """Show what was drawn of a month."""
    asked = read_day(request.args.get("month"))
    with context.engine().reading(context.actor()) as work:
        month = asked.replace(day=1) if asked else sampling.month_before(work)
        rows = sampling.sample(work, month)
        names = person_names(work, {one.entered_by for one in rows} | {one.checked_by for one in rows})
    words = {one.id: listed(either(*FIELD_NAMES[Field(name)]) for name in one.fields) for one in rows}
    return render_template(
        "samples.html",
        month=month,
        earlier=_month(month - timedelta(days=1)),
        later=_month(month + timedelta(days=31)),
        rows=rows,
        names=names,
        words=words,
        kinds=KINDS,
        wrong=errors.field_errors(),
    )


@bp.post("/<int:sample_id>")
@errors.shown_again_by(lambda **_: index())
def mark(sample_id: int) -> Response:
    """Note what the papers show."""
    verdict, note = request.form.get("verdict", ""), request.form.get("note", "")
    context.engine().run(context.actor(), lambda work: sampling.mark(work, sample_id, verdict, note))
    flash(gettext("已记下"))
    return redirect(url_for("samples.index", month=request.form.get("month", "")))


def _month(day: date) -> str:
    return url_for("samples.index", month=day.replace(day=1).isoformat())
