"""What is stuck and why: retry it, or give the case up with a reason; never skip a step."""

import json
from contextlib import suppress

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from engine import cases, external_tasks, facts, incidents
from engine.bpmn.expressions import ValueType
from engine.ports import Json
from engine.work import Work
from web import context, errors
from web.texts import gettext, lazy_gettext

bp = Blueprint("incidents", __name__, url_prefix="/incidents")

_AS_JSON = {ValueType.NUMBER, ValueType.BOOLEAN, ValueType.LIST, ValueType.ANY}

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
        known = {one.id: facts.facts(work, one.id) for one in listed}
        numbers = {one.business_key for one in listed} | {one.business_key for one in outside}
        readable = {number for number in numbers if cases.is_open_to(work, number)}
    return render_template(
        "incidents.html",
        incidents=listed,
        known=known,
        readable=readable,
        shown=_shown,
        outside=outside,
        kinds=KINDS,
    )


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _read(text: str, kind: ValueType) -> Json:
    """Read a value as its type is written: no text is no value, and what does not fit stays text."""
    if not text:
        return None
    if kind in _AS_JSON:
        with suppress(ValueError):
            value: Json = json.loads(text)
            return value
    return text


@bp.post("/<int:incident_id>/retry")
@errors.shown_again_by(lambda **_: index())
def retry(incident_id: int) -> Response:
    """Run the failed step again."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: incidents.retry(work, incident_id, reason))
    flash(gettext("重试成功，流程已继续"))
    return redirect(url_for("incidents.index"))


@bp.post("/<int:incident_id>/correct")
@errors.shown_again_by(lambda **_: index())
def correct(incident_id: int) -> Response:
    """Put a fact of the case right and run the failed step again."""
    name, reason = request.form.get("name", ""), request.form.get("reason", "")
    written = request.form.get("value", "").strip()

    def act(work: Work) -> None:
        types = {fact.name: fact.type for fact in facts.facts(work, incident_id)}
        facts.correct(work, incident_id, name, _read(written, types.get(name, ValueType.ANY)), reason)

    context.engine().run(context.actor(), act)
    flash(gettext("数据已更正，流程已继续"))
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
