"""One case: its story, its diagram, its steps; remarks and ending it early."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from engine import cases, drafts, idempotency, instances
from web import context, errors, repeats
from web.case_screen import case_screen
from web.diagrams import in_readers_language
from web.texts import gettext

bp = Blueprint("cases", __name__, url_prefix="/cases")


@bp.get("/")
def find() -> BaseResponse:
    """Go to the case with the number that was typed."""
    return redirect(url_for("cases.show", number=request.args.get("q", "").strip() or "-"))


@bp.get("/<number>")
def show(number: str) -> str:
    """Show a case."""
    with context.engine().reading(context.actor()) as work:
        screen = case_screen(work, number, request.args.get("sheet", ""))
    return render_template("case.html", screen=screen)


@bp.get("/<number>/diagram/<process>")
def diagram(number: str, process: str) -> Response:
    """Give the diagram that the case runs on."""
    with context.engine().reading(context.actor()) as work:
        content = cases.diagram(work, cases.find(work, number), process)
    return Response(in_readers_language(content), mimetype="application/xml")


@bp.post("/<number>/comment")
@errors.shown_again_by(show)
def comment(number: str) -> BaseResponse:
    """Add a remark."""
    text, key, digest = request.form.get("text", ""), repeats.key(), repeats.digest()
    context.engine().run(
        context.actor(),
        lambda work: idempotency.once(
            work, key, "comment", digest, lambda: drafts.comment(work, cases.find(work, number).id, text)
        ),
    )
    flash(gettext("备注已保存"))
    return redirect(url_for("cases.show", number=number))


@bp.post("/<number>/cancel")
@errors.shown_again_by(show)
def cancel(number: str) -> BaseResponse:
    """End the case early, with a reason."""
    reason = request.form.get("reason", "")
    context.engine().run(
        context.actor(), lambda work: instances.cancel(work, cases.find(work, number).id, reason)
    )
    flash(gettext("已取消"))
    return redirect(url_for("cases.show", number=number))


@bp.post("/<number>/suspend")
@errors.shown_again_by(show)
def suspend(number: str) -> BaseResponse:
    """Hold the case."""
    reason = request.form.get("reason", "")
    context.engine().run(
        context.actor(), lambda work: instances.suspend(work, cases.find(work, number).id, reason)
    )
    flash(gettext("流程已中止，恢复前没有人能办理"))
    return redirect(url_for("cases.show", number=number))


@bp.post("/<number>/resume")
@errors.shown_again_by(show)
def resume(number: str) -> BaseResponse:
    """Let the case go on."""
    context.engine().run(context.actor(), lambda work: instances.resume(work, cases.find(work, number).id))
    flash(gettext("流程已恢复"))
    return redirect(url_for("cases.show", number=number))
