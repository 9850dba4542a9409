"""The steps of data_export.bpmn: approve, make, destroy, say that it was deleted."""

from datetime import timedelta

from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts import trust
from handlers.checking.rules import capacities
from handlers.errors import ActionNotAllowed, FieldsInvalid, RuleRefused
from handlers.estate import communities
from handlers.privacy import export_files, exports
from handlers.privacy.exports import RECORD, Export
from handlers.privacy.records import ExportState
from handlers.privacy.words import CONTENTS, EXPORT_STATES, FIELDS, PURPOSES
from handlers.shared import access_log, limits, work_files
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, Pairs, local, names, pairs
from handlers.shared.messages import notification
from handlers.shared.permissions import Permission


@form_data("privacy.export_facts")
def export_facts(context: Context) -> Facts:
    """Say what is asked for, by whom, for what and for whom."""
    return {"facts": said(context.work, _of(context))}


def said(work: Work, row: Export) -> Pairs:
    """Say what an export is; for queries that have asked who may."""
    places = {one.id: one.name for one in communities.every(work)}
    buildings = dict(exports.building_names(work, row.community_id))
    fields = [FIELDS[one] for one in row.fields]
    return pairs(
        ("编号", row.number),
        ("状态", EXPORT_STATES[row.state]),
        ("导出内容", CONTENTS[row.content]),
        ("范围", " ".join((places.get(row.community_id, ""), buildings.get(row.building_id, "")))),
        ("字段", ("、".join(one[0] for one in fields), ", ".join(one[1] for one in fields))),
        ("行数", str(row.rows) if row.rows else ""),
        ("用途", PURPOSES[row.purpose]),
        ("为什么需要", exports.opened(work, row, "reason")),
        ("谁使用", exports.opened(work, row, "recipient")),
        ("提供给公司以外", ("是", "Yes") if row.outside else ("否", "No")),
        ("保存天数", str(row.keep_days)),
        ("申请人", names(work, [row.asked_by])),
        ("申请时间", local(work, row.asked_at)),
        ("答复", exports.opened(work, row, "answer")),
        ("下载截止", local(work, row.link_until)),
        ("下载时间", local(work, row.fetched_at)),
        ("删除期限", local(work, row.delete_until)),
        ("确认删除", local(work, row.deleted_at)),
    )


@completion("privacy.approve_export")
def approve_export(context: Context, answers: dict[str, Json]) -> None:
    """Take the word of an approver, who is never the one who asked.

    Raises:
        ActionNotAllowed: the actor asked for it, or stands in for who did.
    Source: policy C4.
    """
    work, row, given = context.work, _of(context), Answers(answers)
    _require_other(work, row)
    trust.require_settled(work)
    action = "approve_export" if given.outcome == "approve" else "refuse_export"
    access_log.append(work, access_log.Entry(action, RECORD, row.id, row.purpose, {"step": context.step}))
    if given.outcome == "refuse":
        sealed = work.engine.vault.seal("privacy_export", "answer", row.id, given.text("reason"))
        exports.change(work, row, answer=sealed)


@service_task("privacy.make_export")
def make_export(context: Context) -> dict[str, Json]:
    """Have the file made in the background.

    Returns:
        {"link_until"}: until when it can be fetched; {"delete_until"}: until when it must be deleted.
    """
    work, row = context.work, _of(context)
    link_until = row.link_until or context.now + limits.EXPORT_LINK
    delete_until = row.delete_until or context.now + timedelta(days=row.keep_days)
    if row.state == ExportState.OPEN:
        exports.change(work, row, state=ExportState.MAKING, link_until=link_until, delete_until=delete_until)
        export_files.have_made(work, row, f"{row.id}")
    return {"link_until": link_until.isoformat(), "delete_until": delete_until.isoformat()}


@completion("privacy.fetch_export")
def fetch_export(context: Context, answers: dict[str, Json]) -> None:
    """Note that the file was fetched, or is not needed.

    Raises:
        RuleRefused: it was not fetched.
    """
    row = _of(context)
    if Answers(answers).outcome == "fetched" and row.fetched_at is None:
        raise RuleRefused("not_fetched", "请先在“数据导出”页下载文件")


@service_task("privacy.lapse_export")
def lapse_export(context: Context) -> None:
    """Destroy a file that nobody fetched."""
    work, row = context.work, _of(context)
    if row.state not in (ExportState.MAKING, ExportState.FAILED, ExportState.READY):
        return
    exports.change(work, row, state=ExportState.LAPSED, file_name=None)
    access_log.append(work, access_log.Entry("lapse_export", RECORD, row.id, row.purpose))
    name = row.file_name
    if name is not None:
        work.after_commit(lambda: work_files.of(work.engine).delete(name))


@completion("privacy.confirm_export")
def confirm_export(context: Context, answers: dict[str, Json]) -> None:
    """Note that the file and every copy of it are gone.

    Raises:
        FieldsInvalid: it is not said.
    """
    if not Answers(answers).flag("deleted"):
        raise FieldsInvalid({"deleted": ("请先删除文件和所有副本", {})})
    work, row = context.work, _of(context)
    exports.change(work, row, state=ExportState.DELETED, deleted_at=context.now)
    access_log.append(work, access_log.Entry("confirm_export_deletion", RECORD, row.id, row.purpose))


@service_task("privacy.refuse_export")
def refuse_export(context: Context) -> None:
    """Tell who asked that it was refused; why stands on the page."""
    work, row = context.work, _of(context)
    exports.change(work, row, state=ExportState.REFUSED)
    told = notification(
        "export_refused",
        [f"account:{row.asked_by}"],
        f"export_refused:{row.id}",
        instance_id=str(context.instance_id),
    )
    work.engine.outbox.put_many(work.connection, [told], work.now)


@service_task("privacy.withdraw_export")
def withdraw_export(context: Context, reason: str) -> None:
    """End it because it is not wanted any more.

    Raises:
        ActionNotAllowed: somebody else asked for it.
    """
    work, row = context.work, _of(context)
    if row.asked_by != work.actor.id and not work.may(Permission.INSTANCE_OPERATE, row.community_id):
        raise ActionNotAllowed("not_yours", "这次导出是别人申请的")
    sealed = work.engine.vault.seal("privacy_export", "answer", row.id, reason)
    exports.change(work, row, state=ExportState.WITHDRAWN, answer=sealed)


def _of(context: Context) -> Export:
    return exports.by_number(context.work, context.business_key)


def _require_other(work: Work, row: Export) -> None:
    """Refuse who asked, and who could approve only in the place of who asked."""
    held = capacities(work.memberships, Permission.EXPORT_APPROVE, row.community_id)
    if work.actor.id == row.asked_by or not [one for one in held if one != row.asked_by]:
        raise ActionNotAllowed("own_export", "导出须由另一人审批，申请人和替其代班的人不能审批")
