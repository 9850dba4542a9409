"""Pages of residents: report a fault, see how far it is, answer what is asked."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from engine import cases, drafts, instances
from engine.errors import TaskGone
from engine.ports import Json
from engine.work import Work
from handlers.repair import adding, appointments, commands, queries, report_drafts
from web import completing, context, errors, kept, unsent, uploads
from web.answers import posted
from web.numbers import posted_id, posted_moment
from web.repair_words import RELATIONS
from web.report_screen import report_screen, submit
from web.resident_screen import added_files, home_screen, reported_screen
from web.texts import gettext

_WORDS = frozenset({"added", "reason", "comment", "problem", "answer", "note"})  # what residents put in words

bp = Blueprint("resident", __name__, url_prefix="/home")


@bp.get("/")
def index() -> str:
    """Show danger first, then the button, then the resident's reports."""
    house = request.args.get("house", 0, int)
    with context.engine().reading(context.actor()) as work:
        screen = home_screen(work, house)
    return render_template("resident/home.html", screen=screen)


@bp.get("/report")
def report_form() -> str:
    """Show the form of a report."""
    wrong = errors.labelled(errors.field_errors())
    with context.engine().reading(context.actor()) as work:
        screen = report_screen(work, uploads.typed_answers(), is_asking="urgency" in wrong)
    return render_template("resident/report.html", screen=screen, errors=wrong, relations=RELATIONS)


@bp.post("/report")
@errors.shown_again_by(report_form)
def report() -> Response:
    """Take a report in."""
    engine, actor = context.engine(), context.actor()
    typed = posted(request.form, uploads.kept(engine, actor))
    number, is_known = engine.run(actor, lambda work: submit(work, typed, request.form.get("_key")))
    if is_known:
        flash(
            gettext(
                "这份报修刚才已收到，单号 %(number)s。还有一处坏了，请写明在哪里，再报一次。", number=number
            )
        )
    else:
        flash(gettext("已收到报修，单号 %(number)s", number=number))
    return redirect(url_for("resident.case", number=number))


@bp.post("/report/draft")
def keep_report() -> ResponseReturnValue:
    """Keep what was filled in so far."""
    answers, key = posted(request.form), request.form.get("_key")
    context.engine().run(context.actor(), lambda work: report_drafts.save(work, answers, key))
    return "", 204


@bp.post("/report/draft/discard")
def discard_report() -> Response:
    """Forget what was filled in, and begin anew."""
    context.engine().run(context.actor(), report_drafts.forget)
    flash(gettext("已清除，请重新填写"))
    return redirect(url_for("resident.report_form"))


@bp.get("/reports/<number>")
def case(number: str, task_id: int = 0) -> str:
    """Show a report and what is asked."""
    typed = uploads.typed_answers()
    is_gone = isinstance(errors.refusal(), TaskGone)
    is_kept = is_gone and _keep_refused(task_id, typed or {})
    with context.engine().reading(context.actor()) as work:
        screen = reported_screen(
            work, number, None if typed is None else (task_id, typed), errors.field_errors()
        )
        before = kept.added(number) if typed is None else {}
        files = added_files(work, typed if request.endpoint == "resident.add" else before)
    words = [text for key, text in errors.typed() if key in _WORDS and not is_kept]
    wanted = request.args.get("unsent", 0, int)
    again = next((one.words for one in screen.unsent if one.id == wanted), "")
    return render_template(
        "resident/case.html",
        screen=screen,
        errors=errors.field_errors(),
        is_gone=is_gone,
        words=words,
        kept=files,
        added=request.form.get("added", "") if typed is not None else before.get("added", again),
        is_unsent=bool(before),
        taken_up=wanted if again else 0,
    )


def _keep_refused(task_id: int, typed: dict[str, Json]) -> bool:
    return bool(task_id) and unsent.keep_refused(context.engine(), context.actor(), task_id, typed)


@bp.post("/reports/<number>/answer/<int:task_id>")
@errors.shown_again_by(case)
def answer(number: str, task_id: int) -> Response:
    """Answer a step: a quote, a confirmation with marks, more information."""
    engine, actor = context.engine(), context.actor()
    sent = completing.sent_by(engine, actor)
    engine.run(actor, lambda work: sent.complete(work, task_id))
    flash(gettext("谢谢，已收到您的答复"))
    return redirect(url_for("resident.case", number=number))


@bp.post("/reports/<number>/form/<int:task_id>")
def redraw(number: str, task_id: int) -> str:
    """Show the form again with what was chosen, for pages without scripts."""
    return case(number, task_id)


@bp.get("/state")
def state() -> Response:
    """Answer a poll: nothing while nothing happened to the reader's reports, or to one of them."""
    with context.engine().reading(context.actor()) as work:
        version = queries.own_version(work, request.args.get("number", ""))
    response = make_response(version)
    response.set_etag(version)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Cookie")
    return response.make_conditional(request)


@bp.post("/reports/<number>/add")
@errors.shown_again_by(case)
def add(number: str) -> Response:
    """Add a remark and photos to an open report, or to the complaint about it."""
    engine, actor = context.engine(), context.actor()
    text, key = request.form.get("added", ""), request.form.get("_key")
    photos = uploads.posted_ids(engine, actor, "photos[]")
    engine.run(actor, lambda work: _added(work, number, text, photos, key))
    flash(gettext("已补充，正在处理的人会看到"))
    there = redirect(url_for("resident.case", number=number))
    kept.forget_added(there)
    return there


def _added(work: Work, number: str, text: str, photos: tuple[int, ...], key: str | None) -> None:
    adding.add(work, number, text, photos, idempotency_key=key)
    sent = posted_id("unsent")
    if sent:
        drafts.discard_draft(work, sent)


@bp.post("/reports/<number>/visit")
@errors.shown_again_by(case)
def move_visit(number: str) -> Response:
    """Move the visit to another time."""
    visit_at, note, key = posted_moment("visit_at"), request.form.get("note", ""), request.form.get("_key")
    context.engine().run(
        context.actor(),
        lambda work: appointments.move(work, number, visit_at, note, idempotency_key=key),
    )
    flash(gettext("已改约，维修人员会按新的时间上门"))
    return redirect(url_for("resident.case", number=number))


@bp.post("/reports/<number>/withdraw")
@errors.shown_again_by(case)
def withdraw(number: str) -> Response:
    """Cancel a report that is not needed any more."""
    reason = request.form.get("reason", "")
    context.engine().run(
        context.actor(), lambda work: instances.cancel(work, cases.find(work, number).id, reason)
    )
    flash(gettext("报修已取消"))
    return redirect(url_for("resident.case", number=number))


@bp.post("/reports/<number>/reopen")
@errors.shown_again_by(case)
def reopen(number: str) -> Response:
    """Report a fault again that was said to be repaired."""
    text, key = request.form.get("reason", ""), request.form.get("_key")
    again = context.engine().run(
        context.actor(), lambda work: commands.reopen(work, number, text, idempotency_key=key)
    )
    flash(gettext("已重新报修，单号 %(number)s", number=again.number))
    return redirect(url_for("resident.case", number=again.number))
