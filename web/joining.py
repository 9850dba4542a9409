"""Asking that somebody may join, and noting that somebody leaves."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from handlers.accounts.permissions import POST_NAMES, Post
from handlers.estate import communities
from handlers.staffing import joining, leaving
from handlers.staffing.joining import Newcomer
from web import context, errors
from web.lists import post_name
from web.numbers import posted_id, posted_moment
from web.staff import show
from web.texts import gettext

bp = Blueprint("joining", __name__, url_prefix="/staff")


@bp.get("/joining")
def form() -> str:
    """Show the form that asks for somebody new."""
    with context.engine().reading(context.actor()) as work:
        places = communities.of_posts(work)
    posts = [(str(post), post_name(post)) for post in POST_NAMES if post in set(Post)]
    return render_template("staff/joining.html", places=places, posts=posts, wrong=errors.field_errors())


@bp.post("/joining")
@errors.shown_again_by(form)
def ask() -> Response:
    """Ask that somebody may join."""
    newcomer = Newcomer(
        name=request.form.get("name", ""),
        phone=request.form.get("phone", ""),
        department=request.form.get("department", ""),
        post=_post("post"),
        more=_post("more"),
        community_id=posted_id("community_id") or None,
    )
    number = context.engine().run(context.actor(), lambda work: joining.ask(work, newcomer))
    flash(gettext("已提出入职，编号 %(number)s", number=number))
    return redirect(url_for("joining.form"))


@bp.post("/<int:account_id>/leave")
@errors.shown_again_by(show)
def leave(account_id: int) -> Response:
    """Note that somebody leaves."""
    leaves_at = None if "immediate" in request.form else posted_moment("leaves_at")
    number = context.engine().run(context.actor(), lambda work: leaving.ask(work, account_id, leaves_at))
    flash(gettext("已开始办理离职，编号 %(number)s", number=number))
    return redirect(url_for("staff.show", account_id=account_id))


def _post(name: str) -> Post | None:
    code = request.form.get(name, "")
    return Post(code) if code in set(Post) else None
