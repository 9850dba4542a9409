"""Procedures: what they look like, who does what within which limit, and how a change comes into force."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse

from engine import cases, procedures, proposals
from engine.errors import DefinitionNotFound, RuleBroken
from web import context, errors
from web.diagrams import in_readers_language
from web.process_screen import procedure_rows, procedure_screen
from web.proposal_screen import proposal_rows, proposal_screen
from web.refused_sheets import refused_sheets
from web.texts import gettext

bp = Blueprint("processes", __name__, url_prefix="/processes")
_OF_OWNERS = (".bpmn", ".dmn", ".form")


@bp.get("/")
def index() -> str:
    """List the procedures."""
    with context.engine().reading(context.actor()) as work:
        rows, changes = procedure_rows(work), proposal_rows(work)
    return render_template("processes/index.html", rows=rows, changes=changes)


@bp.get("/deploy")
def deploy_form() -> str:
    """Show where files are chosen, and what was wrong with those that were refused."""
    problems = getattr(errors.refusal(), "problems", ())
    sheets = refused_sheets(_sent_files(), problems) if problems else ()
    return render_template("processes/deploy.html", problems=problems, sheets=sheets)


def _sent_files() -> dict[str, bytes]:
    """Return the files of this request by name, however often they are asked for."""
    files = {}
    for file in request.files.getlist("files"):
        if file.filename:
            file.stream.seek(0)
            files[file.filename] = file.read()
    return files


@bp.post("/deploy")
@errors.shown_again_by(deploy_form)
def deploy() -> BaseResponse:
    """Check the files and lay them before a second person."""
    files = _sent_files()
    if not files:
        raise RuleBroken("no_files", "请选择要部署的文件")
    name = request.form.get("name", "").strip()
    engine, actor = context.engine(), context.actor()
    with engine.reading(actor) as work:
        checked = proposals.check(work, files)
    made = engine.run(actor, lambda work: proposals.propose(work, name, files, checked))
    flash(gettext("检查通过，已提交。另一个人批准后新的事项就用它"))
    return redirect(url_for("processes.change", change_id=made))


@bp.get("/changes/<int:change_id>")
def change(change_id: int) -> str:
    """Show a change that was proposed, beside what is in force."""
    with context.engine().reading(context.actor()) as work:
        screen = proposal_screen(work, change_id)
    return render_template("processes/change.html", screen=screen)


@bp.post("/changes/<int:change_id>/approve")
@errors.shown_again_by(change)
def approve(change_id: int) -> BaseResponse:
    """Put a change into force for new cases."""
    engine, actor = context.engine(), context.actor()
    with engine.reading(actor) as work:
        checked = proposals.check_again(work, change_id)
    engine.run(actor, lambda work: proposals.approve(work, change_id, checked))
    flash(gettext("已批准，新的事项从现在起按它办"))
    return redirect(url_for("processes.index"))


@bp.post("/changes/<int:change_id>/refuse")
@errors.shown_again_by(change)
def refuse(change_id: int) -> BaseResponse:
    """Refuse a change with a reason."""
    reason = request.form.get("reason", "")
    context.engine().run(context.actor(), lambda work: proposals.refuse(work, change_id, reason))
    flash(gettext("已退回，提交人会看到原因"))
    return redirect(url_for("processes.index"))


@bp.post("/changes/<int:change_id>/withdraw")
@errors.shown_again_by(change)
def withdraw(change_id: int) -> BaseResponse:
    """Take one's own change back."""
    context.engine().run(context.actor(), lambda work: proposals.withdraw(work, change_id))
    flash(gettext("已撤回"))
    return redirect(url_for("processes.index"))


@bp.get("/<key>")
def show(key: str) -> str:
    """Show a procedure."""
    with context.engine().reading(context.actor()) as work:
        screen = procedure_screen(work, key, request.args.get("sheet", ""))
        version = request.args.get("version", screen.version, int)
        found = procedures.files(work, key, version)
    return render_template("processes/show.html", screen=screen, files=_offered(found), files_of=version)


@bp.get("/<key>/<int:version>/files/<name>")
def file(key: str, version: int, name: str) -> Response:
    """Give a file of one version, to be changed and handed in again.

    Raises:
        DefinitionNotFound: that version has no such file, or it is not one that owners change.
    """
    with context.engine().reading(context.actor()) as work:
        found = _offered(procedures.files(work, key, version))
    if name not in found:
        raise DefinitionNotFound("file_not_found", "这一版没有文件“{name}”", name=name)
    answer = Response(found[name], mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _offered(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out of the files of a version what belongs to the platform, such as topics.toml."""
    return {name: content for name, content in files.items() if name.endswith(_OF_OWNERS)}


@bp.get("/<key>/diagram/<process>")
def diagram(key: str, process: str) -> Response:
    """Give a diagram of the newest version."""
    with context.engine().reading(context.actor()) as work:
        newest = procedures.versions(work, key)[0]
        content = cases.bundle_diagram(work, newest.bundle_id, process)
    return Response(in_readers_language(content), mimetype="application/xml")
