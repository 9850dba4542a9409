"""The roster: a week of shifts, planned cell by cell or from another week, with what nobody is there for."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine.work import Work
from handlers.accounts import roster, roster_week, shift_templates
from handlers.accounts.booking import PlannedShift
from handlers.accounts.roster_week import Outcome
from handlers.accounts.shift_templates import Template
from handlers.errors import RuleRefused
from web import context, errors
from web.days import minute_of_day, minutes_between, read_day, required_day
from web.numbers import ids, posted_id, posted_moment
from web.roster_cells import cells_of
from web.roster_screen import Wish, roster_screen
from web.roster_words import day_words, post_words, skill_words, template_words
from web.shift_form import shift_form
from web.texts import gettext
from web.words import either, problem_text

bp = Blueprint("roster", __name__, url_prefix="/roster")

OWN_TIMES, OFF = "own", "off"
LEFT_OUT_TOLD = 8


bp.add_app_template_filter(day_words, "day_words")
bp.add_app_template_filter(template_words, "template_words")
bp.add_app_template_global(skill_words, "skill_words")
bp.add_app_template_global(post_words, "post_words")


@bp.get("/")
def index() -> str:
    """Show a week."""
    team = ids([request.values.get("team")])
    place = ids([request.values.get("community_id")])
    wish = Wish(
        place[0] if place else None,
        read_day(request.values.get("week")),
        team[0] if team else None,
        request.values.get("skill", ""),
    )
    with context.engine().reading(context.actor()) as work:
        screen = roster_screen(work, wish)
    is_planning = request.method == "POST" or request.args.get("mode") == "plan"
    chosen = request.values.get("template", "")
    ticked = set(request.form.getlist("cell"))
    return render_template(
        "roster/index.html", screen=screen, planning=is_planning, chosen=chosen, ticked=ticked
    )


@bp.post("/<int:community_id>/plan")
@errors.shown_again_by(lambda **_: index())
def plan(community_id: int) -> Response:
    """Plan one shift for every ticked cell, or clear them."""
    cells = cells_of(request.form.getlist("cell"))
    name = request.form.get("template", "")

    def call(work: Work) -> Outcome:
        if name == OFF:
            return roster_week.clear_cells(work, community_id, cells)
        return roster_week.plan_cells(work, community_id, _template(work, community_id, name), cells)

    _tell(context.engine().run(context.actor(), call), is_removal=name == OFF)
    week = read_day(request.form.get("week")) or (cells[0].day if cells else None)
    return redirect(
        url_for("roster.index", community_id=community_id, week=week, mode="plan", template=name or None)
    )


@bp.post("/<int:community_id>/copy")
@errors.shown_again_by(lambda **_: index())
def copy(community_id: int) -> Response:
    """Plan a week like the one before it, or another."""
    source, target = required_day(request.form.get("source")), required_day(request.form.get("week"))
    outcome = context.engine().run(
        context.actor(), lambda work: roster_week.copy_week(work, community_id, source, target)
    )
    _tell(outcome, is_removal=False)
    return redirect(url_for("roster.index", community_id=community_id, week=target))


@bp.get("/<int:community_id>/add")
def add_form(community_id: int) -> str:
    """Show the form that plans a shift for some people on one day."""
    with context.engine().reading(context.actor()) as work:
        form = shift_form(work, community_id, request.values)
    return render_template("roster/add.html", form=form)


@bp.post("/<int:community_id>/add")
@errors.shown_again_by(add_form)
def add(community_id: int) -> Response:
    """Plan a shift for some people on one day."""
    day = required_day(request.form.get("day"))
    cells = [roster_week.Cell(one, day) for one in ids(request.form.getlist("account_id"))]
    name = request.form.get("template", "")
    outcome = context.engine().run(
        context.actor(),
        lambda work: roster_week.plan_cells(work, community_id, _template(work, community_id, name), cells),
    )
    _tell(outcome, is_removal=False)
    return redirect(url_for("roster.index", community_id=community_id, week=day))


@bp.get("/shifts/<int:shift_id>")
def shift(shift_id: int) -> str:
    """Show a shift that can be moved, given to somebody else, or taken away."""
    with context.engine().reading(context.actor()) as work:
        found = roster.shift(work, shift_id)
        form = shift_form(work, found.community_id, request.values, found)
    return render_template("roster/shift.html", form=form, shift=found)


@bp.post("/shifts/<int:shift_id>")
@errors.shown_again_by(shift)
def change(shift_id: int) -> Response:
    """Move a shift, or give it to somebody else."""
    span = posted_moment("starts_at"), posted_moment("ends_at")
    moved = PlannedShift(posted_id("account_id"), *span, is_lead=request.form.get("is_lead") == "true")
    context.engine().run(context.actor(), lambda work: roster.change_shift(work, shift_id, moved))
    flash(gettext("班次已改"))
    return _to_week(moved.starts_at)


@bp.post("/shifts/<int:shift_id>/remove")
@errors.shown_again_by(shift)
def remove(shift_id: int) -> Response:
    """Take a shift off the roster."""
    context.engine().run(context.actor(), lambda work: roster.remove_shift(work, shift_id))
    flash(gettext("班次已取消"))
    return _to_week(posted_moment("starts_at"))


def _to_week(moment: datetime) -> Response:
    place = posted_id("community_id") or None
    day = moment.astimezone(context.engine().zone).date()
    return redirect(url_for("roster.index", community_id=place, week=day))


def _template(work: Work, community_id: int, name: str) -> Template:
    """Return the template of a name, or the one whose times were typed."""
    if name == OWN_TIMES:
        begin, end = (minute_of_day(request.form.get(key, "")) for key in ("starts", "ends"))
        return Template("", begin, minutes_between(begin, end), request.form.get("is_lead") == "true")
    found = next((one for one in shift_templates.templates(work, community_id) if one.name == name), None)
    if found is None:
        raise RuleRefused("no_template", "请选择班次")
    return found


def _tell(outcome: Outcome, *, is_removal: bool) -> None:
    if outcome.done and is_removal:
        flash(gettext("取消了 %(count)s 个班次", count=outcome.done))
    elif outcome.done:
        flash(gettext("排好了 %(count)s 个班次", count=outcome.done))
    elif not outcome.left_out:
        flash(gettext("没有需要改动的班次"))
    if outcome.left_out:
        flash(_left_out_words(outcome.left_out, is_removal=is_removal), "soon")


def _left_out_words(left_out: Sequence[roster_week.LeftOut], *, is_removal: bool) -> str:
    lines = [
        f"{one.name} {day_words(one.day)} — {problem_text(one.reason)}" for one in left_out[:LEFT_OUT_TOLD]
    ]
    rest = len(left_out) - len(lines)
    if rest:
        lines.append(gettext("还有 %(count)s 个", count=rest))
    first = (
        gettext("%(count)s 个没有取消：", count=len(left_out))
        if is_removal
        else gettext("%(count)s 个没有排上：", count=len(left_out))
    )
    return first + either("；", "; ").join(lines)
