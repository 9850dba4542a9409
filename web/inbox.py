"""The inbox: what is to be done, most urgent first."""

import hashlib
import json

from flask import Blueprint, make_response, render_template, request
from werkzeug import Response as BaseResponse

from engine.inbox import View
from web import context
from web.i18n import language_tag
from web.lists import COUNTED, list_screen, view_links

bp = Blueprint("inbox", __name__)


def _view() -> View:
    wish = request.args.get("view", "")
    return View(wish) if wish in set(View) - {View.FOLLOWED} else View.WORK


@bp.get("/inbox")
def index() -> str:
    """Show one page of one view."""
    with context.engine().reading(context.actor()) as work:
        screen = list_screen(work, _view(), request.args.get("after", ""), request.args.get("process"))
    return render_template("inbox.html", screen=screen)


@bp.get("/inbox/counts")
def counts() -> BaseResponse:
    """Give the views with their counts; a poll that finds nothing new costs an empty answer."""
    with context.engine().reading(context.actor()) as work:
        views = view_links(work, _view())
    response = make_response(render_template("parts/views.html", views=views))
    numbers = [(link.view, link.count, link.is_current) for link in views if link.view in COUNTED]
    tag = hashlib.sha256(json.dumps([numbers, context.actor().id, language_tag()]).encode()).hexdigest()[:24]
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Cookie")
    return response.make_conditional(request)
