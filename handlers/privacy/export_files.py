"""Makes the file of an export in the background, marked so that a leaked one says where it came from."""

from collections.abc import Sequence

from sqlalchemy import select

from engine.ids import new_id
from engine.ports import SYSTEM, Json, OutboxItem
from engine.work import Work
from handlers.accounts import trust
from handlers.errors import RecordConflict
from handlers.privacy import export_rows, exports
from handlers.privacy.export_rows import Content
from handlers.privacy.exports import Export
from handlers.privacy.records import ExportState, privacy_export, privacy_export_person
from handlers.shared import access_log, work_files
from handlers.shared.messages import notification
from handlers.shared.outbox import ON_DEATH, JobContext, put
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, within
from handlers.shared.sealed import vault_of
from handlers.shared.spreadsheets import spreadsheet

JOB = "export_file"
FAILED_JOB = "export_failed"
_UNMADE = (ExportState.MAKING, ExportState.FAILED)


def have_made(work: Work, row: Export, key: str) -> None:
    """Have the file made in the background; where every attempt fails, the export says so.

    Args:
        key: of this making.
    """
    put(work, OutboxItem(JOB, {"number": row.number, ON_DEATH: FAILED_JOB}, f"{JOB}:{key}"))


def make_again(work: Work, number: str) -> None:
    """Try anew to make a file, for who asked for it; it can be fetched no longer for that.

    Raises:
        RecordConflict: it is not one that failed, or its time is over.
    """
    row = exports.own(work, number)
    trust.require_settled(work)
    if row.state != ExportState.FAILED or work.now >= row.link_until:
        raise RecordConflict("export_not_failed", "只有没有生成、还没有过期的文件可以重新生成")
    exports.change(work, row, state=ExportState.MAKING)
    access_log.append(work, access_log.Entry("remake_export", exports.RECORD, row.id, row.purpose))
    have_made(work, row, f"{row.id}:{new_id()}")


def fail(context: JobContext) -> None:
    """Note that every attempt to make the file failed, and tell who asked; run by the outbox."""

    def note(work: Work) -> None:
        row = exports.by_number(work, str(context.job.args["number"]), locked=True)
        if row.state == ExportState.MAKING:
            exports.change(work, row, state=ExportState.FAILED)
            access_log.append(work, access_log.Entry("fail_export", exports.RECORD, row.id, row.purpose))
            _tell(work, row, "export_failed", context.job.key)
        context.done(work)

    context.engine.run(SYSTEM, note)


def make(context: JobContext) -> None:
    """Make the file, seal it, and tell who asked; run by the outbox."""
    engine, number = context.engine, str(context.job.args["number"])
    with engine.reading(SYSTEM) as work:
        row = exports.by_number(work, number)
        is_wanted = row.state in _UNMADE
        content = export_rows.content_of(work, row, row.rows) if is_wanted else None
        file = _written(work, row, content) if content else b""
    if content is None:
        with engine.work(SYSTEM) as work:
            context.done(work)
        return
    files = work_files.of(engine)
    name = files.write([file])

    def keep(work: Work) -> bool:
        found = exports.by_number(work, number, locked=True)
        is_open = found.state in _UNMADE
        if is_open:
            _keep(work, found, name, content)
        context.done(work)
        return is_open

    if not engine.run(SYSTEM, keep):
        files.delete(name)


def whose(work: Work, addresses: Sequence[str]) -> list[str]:
    """Tell from which exports a leaked list may come: those that put these houses into just this order.

    Args:
        addresses: of the list's rows, from top to bottom; some may be missing, and each is named once.
    Returns:
        Numbers of exports, newest first.
    """
    require_somewhere(work, Permission.ACCESS_LOG_READ)
    vault = vault_of(work.engine)
    wanted = list(dict.fromkeys(one.strip() for one in addresses if one.strip()))
    rows = work.connection.execute(
        select(privacy_export.c.id, privacy_export.c.number)
        .where(
            privacy_export.c.fetched_at.is_not(None),
            within(work, Permission.ACCESS_LOG_READ, privacy_export.c.community_id),
        )
        .order_by(privacy_export.c.id.desc())
    )
    return [
        row.number
        for row in rows
        if sorted(wanted, key=lambda one: export_rows.mark(vault, row.id, one)) == wanted
    ]


def _keep(work: Work, row: Export, name: str, content: Content) -> None:
    exports.change(work, row, state=ExportState.READY, file_name=name, file_rows=len(content.rows))
    if content.people:
        people = [{"export_id": row.id, "person_id": one} for one in sorted(content.people)]
        work.connection.execute(privacy_export_person.insert(), people)
    detail: dict[str, Json] = {"rows": len(content.rows), "left_out": content.left_out}
    access_log.append(work, access_log.Entry("make_export", exports.RECORD, row.id, row.purpose, detail))
    _tell(work, row, "export_ready", str(row.id))


def _tell(work: Work, row: Export, template: str, key: str) -> None:
    who, case = [f"account:{row.asked_by}"], str(row.instance_id)
    told = notification(template, who, f"{template}:{key}", instance_id=case)
    work.engine.outbox.put_many(work.connection, [told], work.now)


def _written(work: Work, row: Export, content: Content) -> bytes:
    """Write the workbook; who it is for stands above and in every row, and on every printed page."""
    who = work.engine.directory.names(work.connection, [row.asked_by]).get(row.asked_by, "")
    at = work.now.astimezone(work.engine.zone).strftime("%Y-%m-%d %H:%M")
    chosen = export_rows.language_of(work, row.asked_by)
    warning = ("内部资料，不得转发，用后删除", "Internal; do not pass on; delete after use")[chosen]
    notice = f"{row.number} · {who} · {at} · {warning}"
    heads = (*content.heads, ("水印", "Mark")[chosen])
    lines = [(*line, f"{row.number} {who}") for line in content.rows]
    return spreadsheet(row.number, heads, lines, [24] * len(content.heads) + [28], notice=notice)
