"""Takes a developer's hand-over list over, lets another person release it, and lists past imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Table, select

from engine.errors import RuleBroken
from engine.ports import Actor
from engine.work import Engine, Work
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate import import_running, import_undo, relation_log
from handlers.estate.import_rows import RowProblem
from handlers.estate.import_running import IMPORT, NewImport
from handlers.estate.import_totals import Difference, Uncomputed
from handlers.estate.import_writing import Totals
from handlers.estate.records import (
    CheckState,
    ImportState,
    estate_community,
    estate_house,
    estate_import,
    estate_relation,
)
from handlers.estate.workbooks import WorkbookRefused
from handlers.shared import access_log, limits, long_work, work_files
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere

_ZIP = b"PK\x03\x04"  # how every .xlsx begins


@dataclass(frozen=True)
class ImportReport:
    """What an import did, and every row that it left out."""

    import_id: int
    totals: Totals
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True)
class PastImport:
    """An import as pages show it.

    Attributes:
        work_id: of the long work that took it over, for its owner; None from the command line.
        release_note: why it was released although not all of its list was taken over, or "".
        may_release: the actor is a second person who may say that all of it is right.
        may_undo: the actor may take all of it back, as far as nothing rests on it.
        differing: totals of the list itself that its rows do not add up to.
        uncomputed: total rows of it that could not be compared: a formula has no stored result.
        undo_until: None while it is not released: then it may be taken back at any time.
        is_cut_short: its reading failed or was stopped before the end of the list.
    """

    id: int
    state: ImportState
    file_name: str
    work_id: int | None
    imported_at: datetime
    imported_by: int
    released_at: datetime | None
    released_by: int | None
    release_note: str
    undone_at: datetime | None
    undone_by: int | None
    undo_until: datetime | None
    communities: frozenset[int]
    totals: Totals
    differing: tuple[Difference, ...]
    uncomputed: tuple[Uncomputed, ...]
    may_release: bool
    may_undo: bool
    is_cut_short: bool


def import_estate(engine: Engine, actor: Actor, content: bytes, community: str = "") -> ImportReport:
    """Take a file over in this process; what it holds counts for nothing until somebody else releases it.

    The same or a corrected file may be taken over again: what is known is not entered twice, and what no
    one has checked yet becomes what the file says now. Whatever goes wrong on the way, nothing stays.

    Args:
        community: of the rows that name none.
    Raises:
        WorkbookRefused: the file as a whole cannot be taken.
    """
    with engine.reading(actor) as work:
        require_somewhere(work, Permission.ESTATE_IMPORT)
        today = work.now.astimezone(engine.zone).date()
    listed = import_running.read([content], today, community)
    new = NewImport(sha256(content).hexdigest())
    import_id = engine.run(actor, lambda work: import_running.open_import(work, new))
    try:
        engine.run(actor, lambda work: import_running.note_list(work, import_id, listed))
        for start in range(0, len(listed.houses), import_running.PART):
            part = listed.houses[start : start + import_running.PART]
            engine.run(actor, partial(import_running.take_part, import_id=import_id, houses=part))
        engine.run(actor, lambda work: import_running.close(work, import_id))
    except BaseException:
        import_undo.forget(engine, import_id)
        raise
    with engine.reading(actor) as work:
        totals = work.connection.execute(
            select(estate_import.c.totals).where(estate_import.c.id == import_id)
        ).scalar_one()
        return ImportReport(import_id, Totals.read(totals), import_running.problems_of(work, import_id))


@dataclass(frozen=True)
class Upload:
    """A file that somebody uploads.

    Attributes:
        community_id: of the rows that name none; None when every row or sheet names its own.
    """

    content: bytes
    file_name: str
    community_id: int | None = None


def begin_import(engine: Engine, actor: Actor, upload: Upload) -> int:
    """Begin to take an uploaded file over in the background.

    The same file sent twice by the same person, while it is being taken over, is one import.

    Returns:
        The id of the long work.
    Raises:
        WorkbookRefused: the file is too large, or no .xlsx at all.
    """
    with engine.reading(actor) as work:
        community = _community(work, upload.community_id)
    if len(upload.content) > limits.IMPORT_BYTES:
        size = limits.IMPORT_BYTES // 1024 // 1024
        raise WorkbookRefused("workbook_large", "文件最大 {size} MB，请拆分后再导入", size=size)
    if not upload.content.startswith(_ZIP):
        raise WorkbookRefused("workbook_unreadable", "无法读取此文件，请另存为 Excel 工作簿（.xlsx）")
    files = work_files.of(engine)
    name = files.write([upload.content])
    checksum = sha256(upload.content).hexdigest()

    def begin(work: Work) -> tuple[int, bool]:
        known = _running(work, checksum)
        if known is not None:
            return known, False
        return _begin(work, NewImport(checksum, upload.file_name[:200]), name, community), True

    try:
        work_id, is_new = engine.run(actor, begin)
    except BaseException:
        files.delete(name)
        raise
    if not is_new:
        files.delete(name)
    return work_id


def release_import(work: Work, import_id: int, difference: str = "") -> int:
    """Confirm, as somebody else than who imported it, that what an import brought is right.

    Args:
        difference: why it may count although not all of the list was taken over; needed then.
    Returns:
        How many relations count from now on.
    Raises:
        FieldsInvalid: something of the list is missing and nobody said why.
    Source: the totals of a list are compared twice, policy D1.
    """
    require_somewhere(work, Permission.HOUSE_CHECK)
    row = _row(work, import_id, lock=True)
    if not _may_in_all(work, row.totals, Permission.HOUSE_CHECK):
        raise RecordNotFound("import_not_found", "没有这次导入")
    if row.imported_by == work.actor.id:
        raise ActionNotAllowed("second_check", "须由另一人核对，录入人不能核对自己的录入")
    if row.state != ImportState.WAITING:
        raise RecordConflict("import_not_waiting", "这次导入已经放行、撤销，或还没有读完")
    _require_reason(row, difference)
    return _release(work, import_id, difference)


def release_first(work: Work, import_id: int, difference: str = "") -> int:
    """Let the first list of an installation count without a second person: nobody could be one yet.

    Args:
        difference: why it may count although not all of the list was taken over; needed then.
    Raises:
        FieldsInvalid: something of the list is missing and nobody said why.
    """
    require_first(work)
    _require_reason(_row(work, import_id, lock=True), difference)
    return _release(work, import_id, difference)


def _require_reason(row: Row[Any], difference: str) -> None:
    if not Totals.read(row.totals).is_whole and not difference.strip():
        raise FieldsInvalid({"difference": ("清单没有全部读入，请写明差在哪里、为什么可以放行", {})})


def require_first(work: Work) -> None:
    """Refuse to go without a second person once anything was checked, or anywhere but on the command line.

    Raises:
        RuleBroken: not from the command line.
        RuleRefused: there are houses that somebody has checked, so there is somebody to check this list.
    """
    if work.actor.kind != "system":
        raise RuleBroken("not_from_pages", "首次导入的放行只能在命令行上进行")
    checked = select(estate_house.c.id).where(estate_house.c.check_state == CheckState.CHECKED)
    if work.connection.execute(checked.limit(1)).first() is not None:
        raise RuleRefused("not_first", "已有核对过的房屋，须由另一人在导入页放行")


def imports(work: Work) -> list[PastImport]:
    """List the newest imports, for whoever imports or releases in all the communities concerned."""
    rows = work.connection.execute(
        select(estate_import).order_by(estate_import.c.id.desc()).limit(limits.PAGE_ROWS)
    ).all()
    return [_shown(work, row) for row in rows if _may_see(work, row)]


def one_import(work: Work, import_id: int) -> PastImport:
    """Return an import.

    Raises:
        RecordNotFound: there is none, or the actor has nothing to do with it.
    """
    row = _row(work, import_id)
    if not _may_see(work, row):
        raise RecordNotFound("import_not_found", "没有这次导入")
    return _shown(work, row)


def problems(
    work: Work, import_id: int, after: int = 0, count: int | None = None
) -> list[tuple[int, RowProblem]]:
    """Return rows that an import left out, each with its number from 1.

    Args:
        after: number of the last row that was shown.
        count: at most so many.
    """
    one_import(work, import_id)
    every = import_running.problems_of(work, import_id)
    numbered = list(enumerate(every, start=1))[after:]
    return numbered if count is None else numbered[:count]


def _community(work: Work, community_id: int | None) -> str:
    """Return the name of a community in which the actor imports."""
    require_somewhere(work, Permission.ESTATE_IMPORT)
    if community_id is None:
        return ""
    work.require(Permission.ESTATE_IMPORT, community_id)
    name: str | None = work.connection.execute(
        select(estate_community.c.name).where(estate_community.c.id == community_id)
    ).scalar_one_or_none()
    if name is None:
        raise RecordNotFound("community_not_found", "没有这个小区")
    return name


def _running(work: Work, checksum: str) -> int | None:
    found: int | None = work.connection.execute(
        select(estate_import.c.work_id).where(
            estate_import.c.checksum == checksum,
            estate_import.c.imported_by == work.actor.id,
            estate_import.c.state == ImportState.READING,
            estate_import.c.work_id.is_not(None),
        )
    ).scalar()
    return found


def _begin(work: Work, new: NewImport, file: str, community: str) -> int:
    import_id = import_running.open_import(work, new)
    args = {"import_id": str(import_id), "file": file, "community": community}
    work_id = long_work.begin(work, IMPORT, args)
    mine = estate_import.c.id == import_id
    work.connection.execute(estate_import.update().where(mine).values(work_id=work_id))
    return work_id


def _release(work: Work, import_id: int, difference: str = "") -> int:
    import_undo.apply_proposals(work, import_id)
    _check(work, estate_house, import_id)
    relations = _check(work, estate_relation, import_id, counts_since=work.now)
    relation_log.note_counts(work, estate_relation.c.import_id == import_id)
    seal = work.engine.vault.seal
    note = seal("estate_import", "release_note", import_id, difference) if difference else None
    work.connection.execute(
        estate_import.update()
        .where(estate_import.c.id == import_id)
        .values(state=ImportState.RELEASED, released_at=work.now, released_by=work.actor.id)
        .values(release_note=note)
    )
    access_log.append(work, access_log.Entry("release_import", "import", import_id))
    import_running.tell(work, import_running.SETTLED, import_id)
    return relations


def _check(work: Work, table: Table, import_id: int, **more: datetime) -> int:
    return work.connection.execute(
        table.update()
        .where(table.c.import_id == import_id, table.c.check_state == CheckState.PENDING)
        .values(check_state=CheckState.CHECKED, **more)
    ).rowcount


def _row(work: Work, import_id: int, *, lock: bool = False) -> Row[Any]:
    query = select(estate_import).where(estate_import.c.id == import_id)
    row = work.connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise RecordNotFound("import_not_found", "没有这次导入")
    return row


def _may_see(work: Work, row: Row[Any]) -> bool:
    return row.imported_by == work.actor.id or any(
        _may_in_all(work, row.totals, permission)
        for permission in (Permission.ESTATE_IMPORT, Permission.HOUSE_CHECK)
    )


def _may_in_all(work: Work, totals: Mapping[str, Any], permission: Permission) -> bool:
    """Tell whether the actor holds a permission in every community that an import concerns."""
    if not totals["communities"]:
        return work.may(permission)
    return all(work.may(permission, int(community_id)) for community_id in totals["communities"])


def _shown(work: Work, row: Row[Any]) -> PastImport:
    unseal = work.engine.vault.open
    checks = _may_in_all(work, row.totals, Permission.HOUSE_CHECK)
    totals = Totals.read(row.totals)
    return PastImport(
        row.id,
        ImportState(row.state),
        unseal("estate_import", "file_name", row.id, row.file_name) if row.file_name else "",
        row.work_id if row.imported_by == work.actor.id else None,
        row.imported_at,
        row.imported_by,
        row.released_at,
        row.released_by,
        unseal("estate_import", "release_note", row.id, row.release_note) if row.release_note else "",
        row.undone_at,
        row.undone_by,
        import_undo.until(row.released_at),
        frozenset(int(one) for one in row.totals["communities"]),
        totals,
        tuple(Difference.restored(one) for one in row.totals.get("differences", ())),
        tuple(Uncomputed.restored(one) for one in row.totals.get("uncomputed", ())),
        checks
        and row.state == ImportState.WAITING
        and row.imported_by != work.actor.id
        and totals.taken_houses > 0,
        import_undo.may_undo(work, row),
        import_undo.is_cut_short(work, row),
    )
