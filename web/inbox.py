"""The inbox: what is to be done, most urgent first."""

import hashlib
import json
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, g, make_response, render_template, request
from werkzeug import Response as BaseResponse

from engine import fresh, incidents
from engine.errors import Problem, RuleBroken
from engine.work import Work
from web import context, errors, leading, several
from web.filter_screen import chips, filter_screen
from web.i18n import language_tag
from web.lists import COUNTED, list_screen, people_of, task_row, view_links
from web.navigation import may
from web.numbers import ids, moment_of
from web.reminder_screen import due_reminders
from web.story import PAUSE_REASONS
from web.task_screen import task_screen
from web.wishes import read_wish

bp = Blueprint("inbox", __name__)


@bp.get("/inbox")
def index() -> str:
    """Show one page of one list, and beside it the task that the address names."""
    wish = read_wish(request.args)
    with context.engine().reading(context.actor()) as work:
        screen = list_screen(work, wish, request.args.get("after", ""), request.args.get("process"))
        pane = _opened(work)
        narrowing = filter_screen(work, wish)
        due = due_reminders(work)
        people = people_of(work, screen.rows) if may("inbox.act") else None
    return render_template(
        "inbox.html",
        screen=screen,
        wish=wish,
        pane=pane,
        narrowing=narrowing,
        due=due,
        people=people,
        done=g.get("done", []),
        kept=several.kept(),
        task=pane.screen if pane else None,
        pause_reasons=PAUSE_REASONS,
    )


@bp.post("/inbox")
@errors.shown_again_by(index)
def act() -> str:
    """Claim, hand over, give more time to or remind of the chosen tasks, and say of each what came of it."""
    chosen = ids(request.form.getlist("task"))
    if not chosen:
        raise RuleBroken("nothing_chosen", "请先在列表中选择任务")
    g.done = several.each(context.engine(), context.actor(), chosen, several.wanted())
    return index()


@bp.get("/inbox/counts")
def counts() -> BaseResponse:
    """Give the views with their counts and what came since; where nothing changed the answer is empty."""
    wish, moment = read_wish(request.args), moment_of(request.args.get("since", ""))
    with context.engine().reading(context.actor()) as work:
        views = view_links(work, wish)
        saved, due = chips(work, wish), due_reminders(work)
        came = fresh.since(work, moment) if moment else []
        stuck = incidents.cases_stuck(work)
    numbers = [(link.view, link.count, link.is_current) for link in views if link.view in COUNTED]
    counted = [(chip.id, chip.name, chip.count) for chip in saved]
    reminded = [(one.row.id, one.at.isoformat()) for one in due]
    known = json.dumps([numbers, counted, reminded, came, stuck, context.actor().id, language_tag()])
    response = make_response()
    response.set_etag(hashlib.sha256(known.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Cookie")
    response.make_conditional(request)
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        response.set_data(
            render_template(
                "parts/counts.html", views=views, chips=saved, due=due, came=came, wish=wish, stuck=stuck
            )
        )
    return response


def _opened(work: Work) -> leading.Pane | None:
    wanted = ids([request.args.get("task", "")])
    with suppress(Problem):  # it has gone meanwhile: the list says enough
        if wanted:
            return leading.Pane(task_screen(work, wanted[0], None, {}), row=task_row(work, wanted[0]))
    return None
