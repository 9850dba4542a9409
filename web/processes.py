"""Procedures: what they look like, who does what within which limit, and how a new version is deployed."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from engine import cases, definitions, procedures
from engine.errors import RuleBroken
from web import context, errors
from web.diagrams import in_readers_language
from web.process_screen import procedure_rows, procedure_screen
from web.texts import gettext

bp = Blueprint("processes", __name__, url_prefix="/processes")


@bp.get("/")
def index() -> str:
    """List the procedures."""
    with context.engine().reading(context.actor()) as work:
        rows = procedure_rows(work)
    return render_template("processes/index.html", rows=rows)


@bp.get("/deploy")
def deploy_form() -> str:
    """Show where files are chosen, and what was wrong with those that were refused."""
    return render_template("processes/deploy.html", problems=getattr(errors.refusal(), "problems", ()))


@bp.post("/deploy")
@errors.shown_again_by(deploy_form)
def deploy() -> BaseResponse:
    """Check the files and put them into force for new cases."""
    files = {file.filename: file.read() for file in request.files.getlist("files") if file.filename}
    if not files:
        raise RuleBroken("no_files", "请选择要部署的文件")
    name = request.form.get("name", "").strip() or "web"
    context.engine().run(context.actor(), lambda work: definitions.deploy(work, name, files, source="web"))
    flash(gettext("已部署 %(count)s 个文件，新的流程立即采用", count=len(files)))
    return redirect(url_for("processes.index"))


@bp.get("/<key>")
def show(key: str) -> str:
    """Show a procedure."""
    with context.engine().reading(context.actor()) as work:
        screen = procedure_screen(work, key, request.args.get("sheet", ""))
    return render_template("processes/show.html", screen=screen)


@bp.get("/<key>/diagram/<process>")
def diagram(key: str, process: str) -> Response:
    """Give a diagram of the newest version."""
    with context.engine().reading(context.actor()) as work:
        newest = procedures.versions(work, key)[0]
        content = cases.bundle_diagram(work, newest.bundle_id, process)
    return Response(in_readers_language(content), mimetype="application/xml")
