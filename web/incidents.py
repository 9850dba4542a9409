"""What is stuck and why: retry it, or give the case up with a reason; never skip a step."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine import external_tasks, incidents
from web import context, errors
from web.texts import gettext, lazy_gettext

bp = Blueprint("incidents", __name__, url_prefix="/incidents")

KINDS = {
    "handler": lazy_gettext("自动步骤失败"),
    "timer": lazy_gettext("定时失败"),
    "step": lazy_gettext("步骤无法执行"),
    "external": lazy_gettext("外部系统失败"),
    "deadline": lazy_gettext("时限提醒失败，步骤仍可办理"),
    "unpause": lazy_gettext("恢复计时失败，步骤仍可办理"),
}


@bp.get("/")
def index() -> str:
    """Show open incidents, oldest first."""
    with context.engine().reading(context.actor()) as work:
        listed, outside = incidents.open_incidents(work), external_tasks.open_tasks(work)
    return render_template("incidents.html", incidents=listed, outside=outside, kinds=KINDS)


@bp.post("/<int:incident_id>/retry")
@errors.shown_again_by(lambda **_: index())
def retry(incident_id: int) -> Response:
    """Run the failed step again."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: incidents.retry(work, incident_id, reason))
    flash(gettext("重试成功，流程已继续"))
    return redirect(url_for("incidents.index"))


@bp.post("/<int:incident_id>/cancel")
@errors.shown_again_by(lambda **_: index())
def cancel(incident_id: int) -> Response:
    """Give the case up."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: incidents.cancel_case(work, incident_id, reason))
    flash(gettext("流程已取消"))
    return redirect(url_for("incidents.index"))


@bp.post("/outside/<int:task_id>/unlock")
@errors.shown_again_by(lambda **_: index())
def unlock(task_id: int) -> Response:
    """Take outside work from the program that has it, so that another one can fetch it."""
    context.engine().run(context.actor(), lambda work: external_tasks.unlock(work, task_id))
    flash(gettext("已解除锁定，其他程序可以领取"))
    return redirect(url_for("incidents.index"))
