"""Keeps what a resident typed for a step that was closed before it was sent, and forgets it."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from engine import cases, drafts, gone
from engine.errors import TaskNotFound
from engine.ports import Actor, Json
from engine.work import Engine, Work
from web import context, gone_screen
from web.answers import posted
from web.texts import gettext

bp = Blueprint("unsent", __name__, url_prefix="/home/reports")


def keep_refused(engine: Engine, actor: Actor, task_id: int, sent: Mapping[str, Json]) -> bool:
    """Keep what was sent for a step that is closed; False where it is empty or too much to be kept."""
    return bool(sent) and gone_screen.kept(engine, actor, task_id, sent)


@bp.post("/<number>/unsent/<int:task_id>")
def keep(number: str, task_id: int) -> ResponseReturnValue:
    """Keep what a script still has of an answer whose step is no longer on the page.

    Answers 201 where somebody else closed the step, so that the page shows it; 204 where there is nothing to
    show.
    """
    engine, actor = context.engine(), context.actor()
    with engine.reading(actor) as work:
        cases.find(work, number)
        try:
            was = gone.of(work, task_id)
        except TaskNotFound:
            return "", 204
    if was.is_open or was.is_own:
        return "", 204
    return "", 201 if keep_refused(engine, actor, task_id, posted(request.form)) else 204


@bp.post("/<number>/unsent/<int:task_id>/forget")
def forget(number: str, task_id: int) -> Response:
    """Forget such an answer."""

    def call(work: Work) -> None:
        cases.find(work, number)
        drafts.discard_draft(work, task_id)

    context.engine().run(context.actor(), call)
    flash(gettext("已清除"))
    return redirect(url_for("resident.case", number=number))
