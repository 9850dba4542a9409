"""Asks for data in bulk, the only way out for them: for what, which fields, for whom, for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, or_, select

from engine import definitions, instances
from engine.ids import new_id
from engine.ports import Json
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts import trust
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate.records import estate_building
from handlers.privacy.export_rows import count_rows
from handlers.privacy.records import ExportState, privacy_export
from handlers.privacy.words import CONTENTS, EXPORT_PURPOSES, FIELDS, SENSITIVE
from handlers.shared import access_log, limits, tally, work_files
from handlers.shared.numbers import next_number
from handlers.shared.permissions import Permission
from handlers.shared.scopes import within

PROCESS = "data_export"
START = "export_asked"
RECORD = "privacy_export"
_LETTER = "E"
_LONGEST = 500
_WATCHERS = (Permission.ACCESS_LOG_READ, Permission.AUDIT_READ, Permission.SECURITY_LOG_READ)

Export = Row[Any]


@dataclass(frozen=True)
class Asked:
    """An export that somebody asks for.

    Attributes:
        building_id: None for the whole community.
        recipient: who gets the file, by name.
        outside: the recipient does not belong to the company.
        keep_days: after so many days the file is deleted, and somebody says so.
    """

    community_id: int
    building_id: int | None
    content: str
    fields: tuple[str, ...]
    purpose: str
    reason: str
    recipient: str
    outside: bool
    keep_days: int


def ask(work: Work, asked: Asked) -> str:
    """Ask for an export and start its procedure.

    Returns:
        The number of the export.
    Raises:
        FieldsInvalid: something is missing.
        StillCooling: the actor's password was reset within the last day.
        RuleRefused: there is nothing to export, more than one file may hold, or too much for one day.
    Source: policy C4.
    """
    work.require(Permission.EXPORT_ASK, asked.community_id)
    trust.require_settled(work)
    _require_complete(work, asked)
    since = work.now - timedelta(days=1)
    tally.one_at_a_time(work)
    if access_log.count(work, "ask_export", since) >= limits.EXPORTS_PER_DAY:
        raise RuleRefused(
            "many_exports", "一天最多申请 {count} 次导出，请明天再申请", count=limits.EXPORTS_PER_DAY
        )
    facts = _facts(work, asked)
    most = most_rows(work, None, facts)
    if int(str(facts["rows"])) > most:
        raise RuleRefused("too_many_rows", "一个文件最多 {most} 行，请按楼栋分开申请", most=most)
    export_id, number = _written(work, asked, int(str(facts["rows"])))
    title, title_en = ("数据导出", "Export of data")
    started = instances.start(
        work,
        PROCESS,
        instances.Subject(number, asked.community_id, title=title, title_en=title_en),
        message=START,
        variables={**facts, "asker_id": str(work.actor.id)},
    )
    mine = privacy_export.c.id == export_id
    work.connection.execute(privacy_export.update().where(mine).values(instance_id=started.id))
    return number


def withdraw(work: Work, number: str, reason: str) -> None:
    """Withdraw an export as who asked for it, before it was approved."""
    instances.cancel(work, own(work, number).instance_id, reason)


def fetch(work: Work, number: str) -> bytes:
    """Hand out the file, once, to who asked for it.

    Raises:
        RecordConflict: it is not there yet, not any more, or was handed out.
    Source: policy C4.
    """
    row = own(work, number)
    trust.require_settled(work)
    if row.state != ExportState.READY or row.file_name is None or work.now >= row.link_until:
        raise RecordConflict("export_not_ready", "文件还没有生成、已下载过或已销毁")
    files, name = work_files.of(work.engine), row.file_name
    content = b"".join(files.read(name))
    change(work, row, state=ExportState.FETCHED, fetched_at=work.now, file_name=None)
    detail: dict[str, Json] = {"rows": row.file_rows}
    access_log.append(work, access_log.Entry("fetch_export", RECORD, row.id, row.purpose, detail))
    work.after_commit(lambda: files.delete(name))
    return content


def close_links(work: Work) -> None:
    """Let no file that waits to be fetched be fetched any more; for the command that restores."""
    is_open = privacy_export.c.link_until > work.now
    work.connection.execute(privacy_export.update().where(is_open).values(link_until=work.now))


def fetch_task(work: Work, number: str) -> int:
    """Return the open step in which the file is fetched.

    Raises:
        RecordConflict: it is not open.
    """
    row = own(work, number)
    found = work.connection.execute(
        select(user_task.c.id).where(
            user_task.c.instance_id == row.instance_id, user_task.c.step_id == "fetch"
        )
    ).scalar_one_or_none()
    if found is None:
        raise RecordConflict("export_not_ready", "文件还没有生成、已下载过或已销毁")
    return int(found)


def seen(work: Work, number: str) -> Export:
    """Return an export for who asked for it, who approves there, and who watches over access.

    Raises:
        RecordNotFound: there is none for this actor.
    """
    row = by_number(work, number)
    may_see = row.asked_by == work.actor.id or work.may(Permission.EXPORT_APPROVE, row.community_id)
    if not may_see and not any(work.may(one, row.community_id) for one in _WATCHERS):
        raise _not_found()
    return row


def listed(work: Work) -> list[Export]:
    """List exports, newest first: one's own, and those one approves or watches over."""
    place = privacy_export.c.community_id
    readers = (Permission.EXPORT_APPROVE, *_WATCHERS)
    rows = work.connection.execute(
        select(privacy_export)
        .where(
            or_(
                privacy_export.c.asked_by == work.actor.id,
                *(within(work, one, place) for one in readers),
            )
        )
        .order_by(privacy_export.c.asked_at.desc(), privacy_export.c.id.desc())
        .limit(limits.PAGE_ROWS)
    )
    return list(rows)


def buildings(work: Work, community_id: int) -> list[tuple[int, str]]:
    """List the buildings of a community in which the actor may ask for an export."""
    work.require(Permission.EXPORT_ASK, community_id)
    return building_names(work, community_id)


def building_names(work: Work, community_id: int) -> list[tuple[int, str]]:
    """Return the buildings of a community by id; for queries that have asked who may."""
    query = select(estate_building.c.id, estate_building.c.name)
    rows = work.connection.execute(query.where(estate_building.c.community_id == community_id))
    return sorted((row.id, row.name) for row in rows)


def by_number(work: Work, number: str, *, locked: bool = False) -> Export:
    """Return the row of an export; for steps of its case, and whoever has asked who may see it."""
    query = select(privacy_export).where(privacy_export.c.number == number)
    row = work.connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise _not_found()
    return row


def own(work: Work, number: str) -> Export:
    """Return and lock an export of the actor.

    Raises:
        RecordNotFound: somebody else asked for it, or there is none.
    """
    row = by_number(work, number, locked=True)
    if row.asked_by != work.actor.id:
        raise _not_found()
    return row


def change(work: Work, row: Export, **values: object) -> None:
    """Change the row of an export."""
    work.connection.execute(privacy_export.update().where(privacy_export.c.id == row.id).values(**values))


def opened(work: Work, row: Export, column: str) -> str:
    """Open a sealed column; empty where there is nothing."""
    sealed = getattr(row, column)
    return "" if sealed is None else work.engine.vault.open("privacy_export", column, row.id, sealed)


def most_rows(work: Work, instance_id: int | None, facts: Mapping[str, Json]) -> int:
    """Return how many rows a file may hold, as the table of the procedure says."""
    if instance_id is None:
        table = definitions.decision(work.engine, work.connection, PROCESS)
    else:
        table = instances.table_of(work, instance_id, PROCESS)
    (row,) = table.evaluate(dict(facts))
    return int(str(row["most_rows"]))


def _facts(work: Work, asked: Asked) -> dict[str, Json]:
    """Return what the table of approvers asks."""
    is_statistics = asked.content == "statistics"
    rows = 0 if is_statistics else count_rows(work, asked.community_id, asked.building_id, asked.content)
    if not rows and not is_statistics:
        raise RuleRefused("nothing_to_export", "这个范围内没有可以导出的记录")
    return {
        "rows": rows,
        "sensitive": not SENSITIVE.isdisjoint(asked.fields),
        "outside": asked.outside,
        "statistics": is_statistics,
    }


def _require_complete(work: Work, asked: Asked) -> None:
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if asked.content not in CONTENTS:
        wrong["content"] = ("请选择导出什么", {})
    elif asked.content != "statistics" and (not asked.fields or not set(asked.fields) <= set(FIELDS)):
        wrong["fields"] = ("请选择需要的字段，只选用得着的", {})
    if asked.purpose not in EXPORT_PURPOSES:
        wrong["purpose"] = ("请选择用途", {})
    for name, value, message in (
        ("reason", asked.reason, "请写明为什么需要"),
        ("recipient", asked.recipient, "请写明谁使用"),
    ):
        if not value.strip() or len(value) > _LONGEST:
            wrong[name] = (message, {})
    if not 1 <= asked.keep_days <= limits.EXPORT_KEPT_DAYS:
        wrong["keep_days"] = ("请填写 1 至 {most} 天", {"most": limits.EXPORT_KEPT_DAYS})
    places = {known for known, _ in buildings(work, asked.community_id)}
    if asked.building_id is not None and asked.building_id not in places:
        wrong["building_id"] = ("请选择楼栋", {})
    if wrong:
        raise FieldsInvalid(wrong)


def _written(work: Work, asked: Asked, rows: int) -> tuple[int, str]:
    export_id, number = new_id(), next_number(work, _LETTER)
    seal = work.engine.vault.seal
    fields: Sequence[str] = (
        [] if asked.content == "statistics" else [one for one in FIELDS if one in asked.fields]
    )
    work.connection.execute(
        privacy_export.insert().values(
            id=export_id,
            number=number,
            community_id=asked.community_id,
            building_id=asked.building_id,
            state=ExportState.OPEN,
            content=asked.content,
            fields=list(fields),
            purpose=asked.purpose,
            reason=seal("privacy_export", "reason", export_id, asked.reason.strip()),
            outside=asked.outside,
            recipient=seal("privacy_export", "recipient", export_id, asked.recipient.strip()),
            rows=rows,
            keep_days=asked.keep_days,
            asked_by=work.actor.id,
            asked_at=work.now,
        )
    )
    detail: dict[str, Json] = {"content": asked.content, "fields": list(fields), "rows": rows}
    access_log.append(work, access_log.Entry("ask_export", RECORD, export_id, asked.purpose, detail))
    return export_id, number


def _not_found() -> RecordNotFound:
    return RecordNotFound("export_not_found", "没有这次导出")
