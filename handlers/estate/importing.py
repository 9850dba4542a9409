"""Takes a hand-over list of the developer over, lets another person release it, and lists past imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Table, select

from engine.ports import Actor
from engine.work import Engine, Work
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound
from handlers.estate.import_list import read_list
from handlers.estate.import_writing import ImportReport, TakeOver
from handlers.estate.records import CheckState, estate_house, estate_import, estate_relation
from handlers.estate.workbooks import read_workbook
from handlers.shared import access_log, limits
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere


@dataclass(frozen=True)
class PastImport:
    """An import as the page of imports lists it."""

    id: int
    imported_at: datetime
    imported_by: int
    released_at: datetime | None
    released_by: int | None
    totals: Mapping[str, int]


def import_estate(engine: Engine, actor: Actor, content: bytes, community: str = "") -> ImportReport:
    """Take a file over; what it holds counts for nothing until somebody else releases it.

    The same or a corrected file may be taken over again: what is known is not entered twice, and what no
    one has checked yet becomes what the file says now.

    Args:
        community: of the rows that name none.
    Raises:
        WorkbookRefused: the file as a whole cannot be taken.
    """
    with engine.reading(actor) as work:
        require_somewhere(work, Permission.ESTATE_IMPORT)
        today = work.now.date()
    listed = read_list(read_workbook(content), today, community)
    checksum = sha256(content).hexdigest()
    return engine.run(actor, lambda work: TakeOver(work, listed, checksum).run())


def release_import(work: Work, import_id: int) -> int:
    """Confirm, as somebody else than who imported it, that what an import brought is right.

    Returns:
        How many relations count from now on.
    """
    require_somewhere(work, Permission.HOUSE_CHECK)
    row = work.connection.execute(
        select(estate_import).where(estate_import.c.id == import_id).with_for_update()
    ).one_or_none()
    if row is None or not _may_in_all(work, row.totals, Permission.HOUSE_CHECK):
        raise RecordNotFound("import_not_found", "没有这次导入")
    if row.imported_by == work.actor.id:
        raise ActionNotAllowed("second_check", "须由另一人核对，录入人不能核对自己的录入")
    if row.released_at is not None:
        raise RecordConflict("import_released", "这次导入已经放行")
    _release(work, estate_house, import_id)
    relations = _release(work, estate_relation, import_id)
    work.connection.execute(
        estate_import.update()
        .where(estate_import.c.id == import_id)
        .values(released_at=work.now, released_by=work.actor.id)
    )
    access_log.append(work, access_log.Entry("release_import", "import", import_id))
    return relations


def imports(work: Work) -> list[PastImport]:
    """List the newest imports, for whoever imports or releases in all the communities concerned."""
    rows = work.connection.execute(
        select(estate_import).order_by(estate_import.c.id.desc()).limit(limits.PAGE_ROWS)
    ).all()
    return [
        PastImport(
            row.id,
            row.imported_at,
            row.imported_by,
            row.released_at,
            row.released_by,
            {name: count for name, count in row.totals.items() if name != "communities"},
        )
        for row in rows
        if _may_in_all(work, row.totals, Permission.ESTATE_IMPORT)
        or _may_in_all(work, row.totals, Permission.HOUSE_CHECK)
    ]


def _may_in_all(work: Work, totals: Mapping[str, list[str]], permission: Permission) -> bool:
    """Tell whether the actor holds a permission in every community that an import concerns."""
    if not totals["communities"]:
        return work.may(permission)
    return all(work.may(permission, int(community_id)) for community_id in totals["communities"])


def _release(work: Work, table: Table, import_id: int) -> int:
    return work.connection.execute(
        table.update()
        .where(table.c.import_id == import_id, table.c.check_state == CheckState.PENDING)
        .values(check_state=CheckState.CHECKED)
    ).rowcount
