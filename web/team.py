"""The people of the roster: what each is able to do, when they are away, teams, shifts and what is manned."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine.work import Work
from handlers.accounts import cover, leave, shift_templates, staff, substitution, teams
from handlers.accounts.skills import SKILL_NAMES
from web import context, errors
from web.numbers import ids, posted_id, posted_moment
from web.team_screen import (
    person_screen,
    posted_covers,
    posted_templates,
    settings_screen,
    teams_screen,
)
from web.texts import gettext

bp = Blueprint("team", __name__, url_prefix="/roster/<int:community_id>")


@bp.get("/people/<int:account_id>")
def person(community_id: int, account_id: int) -> str:
    """Show what somebody is able to do and when they are away."""
    with context.engine().reading(context.actor()) as work:
        screen = person_screen(work, community_id, account_id)
    return render_template("roster/person.html", screen=screen)


@bp.post("/people/<int:account_id>/skills")
@errors.shown_again_by(person)
def skills(community_id: int, account_id: int) -> Response:
    """Say what somebody is able to do."""
    chosen = frozenset(request.form.getlist("skill")) & frozenset(SKILL_NAMES)
    context.engine().run(context.actor(), lambda work: staff.set_skills(work, account_id, chosen))
    flash(gettext("工种已保存"))
    return _to_person(community_id, account_id)


@bp.post("/people/<int:account_id>/away")
@errors.shown_again_by(person)
def away(community_id: int, account_id: int) -> Response:
    """Note that somebody will be away, with a substitute or without one."""
    starts_at, ends_at = posted_moment("starts_at"), posted_moment("ends_at")
    substitute_id = posted_id("substitute_id")

    def call(work: Work) -> tuple[int, bool]:
        if substitute_id:
            made = substitution.set_substitute(work, account_id, substitute_id, starts_at, ends_at)
            return 0, substitution.is_waiting(work, made)
        return leave.set_leave(work, community_id, account_id, starts_at, ends_at), False

    vacant, is_waiting = context.engine().run(context.actor(), call)
    flash(gettext("已记下不在岗"))
    if is_waiting:
        flash(gettext("此岗位的代理等安全管理员核准后才生效"), "soon")
    if vacant:
        flash(gettext("有 %(count)s 个班次空了出来，请另行排人", count=vacant), "soon")
    return _to_person(community_id, account_id)


@bp.post("/people/<int:account_id>/leave/<int:leave_id>/end")
@errors.shown_again_by(lambda community_id, account_id, **_: person(community_id, account_id))
def end_leave(community_id: int, account_id: int, leave_id: int) -> Response:
    """End a leave because the person is back."""
    context.engine().run(context.actor(), lambda work: leave.end_leave(work, community_id, leave_id))
    flash(gettext("已销假"))
    return _to_person(community_id, account_id)


@bp.post("/people/<int:account_id>/substitution/<int:substitution_id>/end")
@errors.shown_again_by(lambda community_id, account_id, **_: person(community_id, account_id))
def end_substitution(community_id: int, account_id: int, substitution_id: int) -> Response:
    """End a substitution because the person is back."""
    context.engine().run(context.actor(), lambda work: substitution.end_substitution(work, substitution_id))
    flash(gettext("替班已结束"))
    return _to_person(community_id, account_id)


@bp.get("/teams")
def show_teams(community_id: int) -> str:
    """Show the teams and who belongs to them."""
    with context.engine().reading(context.actor()) as work:
        screen = teams_screen(work, community_id)
    return render_template("roster/teams.html", screen=screen)


@bp.post("/teams")
@errors.shown_again_by(show_teams)
def create_team(community_id: int) -> Response:
    """Create a team."""
    name = request.form.get("name", "")
    context.engine().run(context.actor(), lambda work: teams.create_team(work, community_id, name))
    flash(gettext("班组已建立"))
    return redirect(url_for("team.show_teams", community_id=community_id))


@bp.post("/teams/<int:team_id>")
@errors.shown_again_by(lambda community_id, **_: show_teams(community_id))
def set_members(community_id: int, team_id: int) -> Response:
    """Say who belongs to a team and who leads it."""
    members = frozenset(ids(request.form.getlist("member")))
    lead_id = posted_id("lead_id") or None
    context.engine().run(context.actor(), lambda work: teams.set_members(work, team_id, members, lead_id))
    flash(gettext("班组已保存"))
    return redirect(url_for("team.show_teams", community_id=community_id))


@bp.get("/settings")
def settings(community_id: int) -> str:
    """Show what the community works in and what has to be manned."""
    with context.engine().reading(context.actor()) as work:
        screen = settings_screen(work, community_id)
    return render_template("roster/settings.html", screen=screen)


@bp.post("/settings/templates")
@errors.shown_again_by(settings)
def set_templates(community_id: int) -> Response:
    """Say which shifts the community works in."""
    chosen = posted_templates(request.form)
    context.engine().run(
        context.actor(), lambda work: shift_templates.set_templates(work, community_id, chosen)
    )
    flash(gettext("班次已保存"))
    return redirect(url_for("team.settings", community_id=community_id))


@bp.post("/settings/covers")
@errors.shown_again_by(settings)
def set_covers(community_id: int) -> Response:
    """Say what has to be manned and when."""
    chosen = posted_covers(request.form)
    context.engine().run(context.actor(), lambda work: cover.set_covers(work, community_id, chosen))
    flash(gettext("值守要求已保存"))
    return redirect(url_for("team.settings", community_id=community_id))


def _to_person(community_id: int, account_id: int) -> Response:
    return redirect(url_for("team.person", community_id=community_id, account_id=account_id))
