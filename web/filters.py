"""Filters of the inbox: kept under a name or for a while, and deleted; the list itself shows them."""

from flask import Blueprint, flash, redirect, url_for
from werkzeug import Response

from engine import saved_filters
from web import context, errors, inbox
from web.filter_screen import posted_filter
from web.texts import gettext

bp = Blueprint("filters", __name__, url_prefix="/inbox/filters")


@bp.post("/")
@errors.shown_again_by(inbox.index)
def keep() -> Response:
    """Narrow the inbox to what was asked for; the address says nothing of it."""
    found = posted_filter()
    filter_id = context.engine().run(context.actor(), lambda work: saved_filters.keep(work, found))
    if found.name:
        flash(gettext("筛选“%(name)s”已保存", name=found.name))
    return redirect(url_for("inbox.index", filter=filter_id))


@bp.post("/<int:filter_id>/delete")
def delete(filter_id: int) -> Response:
    """Delete a filter."""
    context.engine().run(context.actor(), lambda work: saved_filters.remove(work, filter_id))
    flash(gettext("筛选已删除"))
    return redirect(url_for("inbox.index"))
