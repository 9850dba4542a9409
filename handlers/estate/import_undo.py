"""Takes an import back, as a whole and as long as nothing rests on it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, exists, select

from engine.ports import SYSTEM
from engine.store.metadata import metadata
from engine.work import Engine, Work
from handlers.errors import RecordConflict, RecordNotFound, RuleRefused
from handlers.estate import import_running
from handlers.estate.import_changes import TABLES, Changes, fingerprints, restored
from handlers.estate.records import (
    CheckState,
    ImportChange,
    ImportState,
    estate_building,
    estate_house,
    estate_import,
    estate_import_change,
    estate_import_problem,
    estate_person,
    estate_unit,
)
from handlers.shared import access_log, limits, long_work
from handlers.shared.long_work import Turn
from handlers.shared.permissions import Permission

UNDO = "estate_import_undo"
PART = 200  # changes in one transaction
_WRITTEN = (ImportChange.ADDED, ImportChange.CHANGED)


def until(released_at: datetime | None) -> datetime | None:
    """Return until when a released import can be taken back; one that is not released can be at any time."""
    return None if released_at is None else released_at + limits.IMPORT_UNDO


def may_undo(work: Work, row: Row[Any]) -> bool:
    """Tell whether the actor may take an import back now: who imported it, and who may release there."""
    communities = [int(one) for one in row.totals["communities"]]
    is_concerned = row.imported_by == work.actor.id or (
        bool(communities) and all(work.may(Permission.HOUSE_CHECK, one) for one in communities)
    )
    end = until(row.released_at)
    is_in_time = end is None or work.now < end
    is_whole = row.state in (ImportState.READING, ImportState.WAITING, ImportState.RELEASED)
    return is_concerned and is_whole and is_in_time


def begin_undo(work: Work, import_id: int) -> int:
    """Begin to take an import back in the background, and return the id of the long work.

    Raises:
        RuleRefused: something rests on what the import brought, or its day is over.
    """
    row = work.connection.execute(
        select(estate_import).where(estate_import.c.id == import_id).with_for_update()
    ).one_or_none()
    if row is None or not (row.imported_by == work.actor.id or _may_check(work, row)):
        raise RecordNotFound("import_not_found", "没有这次导入")
    end = until(row.released_at)
    if end is not None and work.now >= end:
        raise RuleRefused("undo_late", "放行已超过 24 小时，不能再整批撤销，请走信息更正")
    if row.state not in (ImportState.READING, ImportState.WAITING, ImportState.RELEASED):
        raise RecordConflict("import_undone", "这次导入已经撤销或正在撤销")
    _require_not_running(work, row)
    _require_nothing_rests(work, import_id)
    work.connection.execute(
        estate_import.update().where(estate_import.c.id == import_id).values(state=ImportState.UNDOING)
    )
    access_log.append(work, access_log.Entry("undo_import", "import", import_id))
    import_running.tell(work, import_running.SETTLED, import_id)
    return long_work.begin(work, UNDO, {"import_id": str(import_id), "state": row.state})


def undo(turn: Turn) -> None:
    """Take an import back, the last change first: the long work behind the button."""
    import_id = int(turn.args["import_id"])
    if turn.cursor is None:
        _look_through(turn, import_id)
    while not _undo_part(turn, import_id):
        if turn.is_over:
            return


def forget(engine: Engine, import_id: int) -> None:
    """Take back at once what an import that broke off has written."""

    def part(work: Work) -> int:
        changes = _last(work, import_id)
        for change in changes:
            _take_back(work, change)
        return len(changes)

    while engine.run(SYSTEM, part):
        pass

    def end(work: Work) -> None:
        _remove_empty_buildings(work, import_id)
        for table in (estate_import_problem, estate_import):
            column = table.c.id if table is estate_import else table.c.import_id
            work.connection.execute(table.delete().where(column == import_id))

    engine.run(SYSTEM, end)


def apply_proposals(work: Work, import_id: int) -> None:
    """Complete checked rows as an import that is being released proposes.

    Raises:
        RuleRefused: a row was changed since; the list has to be imported again.
    """
    proposed = _of(import_id) & (estate_import_change.c.kind == ImportChange.PROPOSED)
    for change in work.connection.execute(select(estate_import_change).where(proposed)).all():
        table = TABLES[change.record]
        mine = table.c.id == change.record_id
        before = work.connection.execute(select(table).where(mine).with_for_update()).one_or_none()
        if before is None or _now(work, change) != change.after:
            raise RuleRefused("proposal_stale", "导入之后有登记被改动，请撤销这次导入，再导入一次")
        changes = Changes(work, import_id)
        changes.changed(table, before)
        work.connection.execute(table.update().where(mine).values(restored(work, change)))
        work.connection.execute(estate_import_change.delete().where(estate_import_change.c.id == change.id))
        changes.write()


def forget_old(work: Work) -> int:
    """Forget the changes of imports that can no longer be taken back."""
    over = select(estate_import.c.id).where(
        estate_import.c.released_at <= work.now - limits.IMPORT_UNDO,
        estate_import.c.state == ImportState.RELEASED,
    )
    return work.connection.execute(
        estate_import_change.delete().where(estate_import_change.c.import_id.in_(over))
    ).rowcount


# --- what rests on an import --------------------------------------------------------------------------------


def is_cut_short(work: Work, row: Row[Any]) -> bool:
    """Tell whether the reading of an import ended before its list did."""
    is_reading = row.state == ImportState.READING and row.work_id is not None
    return is_reading and not long_work.is_open(work, row.work_id)


def _require_not_running(work: Work, row: Row[Any]) -> None:
    if row.state == ImportState.READING and row.work_id is not None and not is_cut_short(work, row):
        raise RecordConflict("import_running", "还在导入，请先停止再撤销")


def _require_nothing_rests(work: Work, import_id: int) -> None:
    later = estate_import_change.alias("later")
    mine = estate_import_change
    taken_over = exists().where(
        mine.c.import_id == import_id,
        later.c.record == mine.c.record,
        later.c.record_id == mine.c.record_id,
        later.c.import_id != import_id,
        later.c.id > mine.c.id,
        later.c.kind != ImportChange.DESCRIBED,
    )
    if work.connection.execute(select(taken_over)).scalar_one():
        raise RuleRefused("imported_again", "之后的导入接着改了这些数据，请先撤销那次导入")
    for table, reference in _references():
        if work.connection.execute(_resting(import_id, table, reference)).scalar_one():
            raise RuleRefused(
                "import_in_use", "已有其他记录（如账号、报修、车辆）用到这次导入的数据，不能整批撤销"
            )


def _references() -> Iterator[tuple[Table, ColumnElement[Any]]]:
    """Yield every column of any table that refers to a house, a person or a relation."""
    for table in metadata.tables.values():
        for column in table.columns:
            for key in column.foreign_keys:
                if key.column.table.name in TABLES and key.column.name == "id":
                    yield key.column.table, column
            if not column.foreign_keys and column.name == "house_id":
                yield estate_house, column
            if not column.foreign_keys and column.name.endswith("person_id"):
                yield estate_person, column


def _resting(import_id: int, table: Table, reference: Any) -> Select[tuple[bool]]:
    """Ask whether a row that is not the import's own refers to one that the import added."""
    own = _added(import_id, table.name)
    conditions = [reference.in_(own)]
    if reference.table.name in TABLES:
        conditions.append(reference.table.c.id.not_in(_added(import_id, reference.table.name)))
    return select(exists().where(*conditions))


def _added(import_id: int, record: str) -> Select[tuple[int]]:
    return select(estate_import_change.c.record_id).where(
        _of(import_id),
        estate_import_change.c.record == record,
        estate_import_change.c.kind == ImportChange.ADDED,
    )


def _look_through(turn: Turn, import_id: int) -> None:
    """Find out, before anything is undone, whether somebody changed a row since; then there is no undoing."""
    try:
        with turn.engine.reading(turn.actor) as work:
            total = _require_unchanged(work, import_id)
    except RuleRefused:
        state = turn.args["state"]
        turn.engine.run(
            turn.actor,
            lambda work: work.connection.execute(
                estate_import.update().where(estate_import.c.id == import_id).values(state=state)
            ),
        )
        raise
    turn.engine.run(turn.actor, lambda work: turn.save(work, {"undone": 0, "total": total}, 0, total))


def _require_unchanged(work: Work, import_id: int) -> int:
    """Compare every row with what the import left; return how many changes there are."""
    last: dict[tuple[str, int], str] = {}
    written = select(estate_import_change).where(_of(import_id)).order_by(estate_import_change.c.id)
    total = 0
    for change in work.connection.execute(written):
        total += 1
        if change.kind in _WRITTEN:
            last[change.record, change.record_id] = change.after
    for name, table in TABLES.items():
        ids = {row_id for record, row_id in last if record == name}
        found = fingerprints(work, table, ids)
        changed = [row_id for row_id in ids if found.get(row_id) != last[name, row_id]]
        if changed:
            raise RuleRefused(
                "import_changed", "导入之后有 {count} 条数据被改动，不能整批撤销", count=len(changed)
            )
    return total


# --- taking back --------------------------------------------------------------------------------------------


def _undo_part(turn: Turn, import_id: int) -> bool:
    """Take the last changes back; tell whether that was all."""

    def part(work: Work) -> bool:
        changes = _last(work, import_id)
        for change in changes:
            _take_back(work, change)
        undone = turn.cursor["undone"] + len(changes)
        total = max(turn.cursor["total"], undone)
        turn.save(work, {"undone": undone, "total": total}, undone, total)
        if len(changes) == PART:
            return False
        _remove_empty_buildings(work, import_id)
        work.connection.execute(
            estate_import.update()
            .where(estate_import.c.id == import_id)
            .values(state=ImportState.UNDONE, undone_at=work.now, undone_by=work.actor.id)
        )
        turn.finish(work, import_id=str(import_id))
        return True

    return turn.engine.run(turn.actor, part)


def _last(work: Work, import_id: int) -> list[Row[Any]]:
    query = select(estate_import_change).where(_of(import_id)).order_by(estate_import_change.c.id.desc())
    return list(work.connection.execute(query.limit(PART)))


def _take_back(work: Work, change: Row[Any]) -> None:
    table = TABLES[change.record]
    mine = table.c.id == change.record_id
    if change.kind == ImportChange.ADDED:
        work.connection.execute(table.delete().where(mine))
    elif change.kind == ImportChange.REMOVED:
        work.connection.execute(table.insert().values(restored(work, change)))
    elif change.kind == ImportChange.CHANGED:
        work.connection.execute(table.update().where(mine).values(restored(work, change)))
    elif change.kind == ImportChange.ADOPTED:
        values = {**restored(work, change), "check_state": CheckState.PENDING}
        work.connection.execute(table.update().where(mine).values(values))
    work.connection.execute(estate_import_change.delete().where(estate_import_change.c.id == change.id))


def _remove_empty_buildings(work: Work, import_id: int) -> None:
    """Remove units and buildings of the import's communities that have no house and no other use."""
    communities = [int(one) for one in _totals(work, import_id)["communities"]]
    buildings = select(estate_building.c.id).where(estate_building.c.community_id.in_(communities))
    work.connection.execute(
        estate_unit.delete().where(estate_unit.c.building_id.in_(buildings), *_unused(estate_unit))
    )
    work.connection.execute(
        estate_building.delete().where(
            estate_building.c.community_id.in_(communities), *_unused(estate_building)
        )
    )


def _unused(table: Table) -> list[ColumnElement[bool]]:
    """Say that nothing refers to a row of a table."""
    return [
        ~exists().where(column == table.c.id)
        for other in metadata.tables.values()
        for column in other.columns
        for key in column.foreign_keys
        if key.column.table is table
    ]


def _now(work: Work, change: Row[Any]) -> str | None:
    return fingerprints(work, TABLES[change.record], [change.record_id]).get(change.record_id)


def _totals(work: Work, import_id: int) -> Mapping[str, Any]:
    totals: Mapping[str, Any] = work.connection.execute(
        select(estate_import.c.totals).where(estate_import.c.id == import_id)
    ).scalar_one()
    return totals


def _may_check(work: Work, row: Row[Any]) -> bool:
    communities = [int(one) for one in row.totals["communities"]]
    return bool(communities) and all(work.may(Permission.HOUSE_CHECK, one) for one in communities)


def _of(import_id: int) -> ColumnElement[bool]:
    return estate_import_change.c.import_id == import_id
