"""Takes a list over step by step: on the command line in one go, from the page as long work in turns."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select

from engine.ids import new_id
from engine.ports import Json, OutboxItem
from engine.store.dialects import insert_many
from engine.work import Work
from handlers.estate.import_list import HandOverList, ListedHouse, read_list
from handlers.estate.import_rows import RowProblem
from handlers.estate.import_writing import TakeOver, Totals, totals_of
from handlers.estate.records import ImportState, estate_import, estate_import_problem
from handlers.estate.workbooks import read_workbook
from handlers.shared import access_log, work_files
from handlers.shared.long_work import Turn
from handlers.shared.outbox import put

# Jobs by which the second check follows an import.
WAITS = "import_waits"
SETTLED = "import_settled"
IMPORT = "estate_import"
PART = 50  # houses in one transaction, so that others never wait long
_BATCH = 500
_MOST_DIFFERENCES = 50  # of totals that a list states itself; how many there are is counted
_LONGEST = {"sheet": 100, "column": 50, "value": 200, "message": 200}
_CACHE_KEY = "estate_import_list"


@dataclass(frozen=True)
class NewImport:
    """What is noted of a file when its import begins."""

    checksum: str
    file_name: str = ""
    work_id: int | None = None


def open_import(work: Work, new: NewImport) -> int:
    """Note that a file is going to be taken over, and return the import's id."""
    import_id = new_id()
    seal = work.engine.vault.seal
    work.connection.execute(
        estate_import.insert().values(
            id=import_id,
            checksum=new.checksum,
            state=ImportState.READING,
            file_name=(new.file_name and seal("estate_import", "file_name", import_id, new.file_name))
            or None,
            work_id=new.work_id,
            imported_at=work.now,
            imported_by=work.actor.id,
            totals={**Totals().stored(), "communities": []},
        )
    )
    return import_id


def note_list(work: Work, import_id: int, listed: HandOverList) -> None:
    """Note what a list says, and every row of it that cannot be read."""
    said = {
        "differences": [one.stored() for one in listed.differing[:_MOST_DIFFERENCES]],
        "uncomputed": [one.stored() for one in listed.uncomputed[:_MOST_DIFFERENCES]],
    }
    _add(work, import_id, totals_of(listed), set(), said)
    _note_problems(work, import_id, listed.problems)


def take_part(work: Work, import_id: int, houses: tuple[ListedHouse, ...]) -> int:
    """Take a part of a list over, and return how many of its houses were left out."""
    part = TakeOver(work, import_id, houses)
    part.run()
    _add(work, import_id, part.totals, part.communities)
    _note_problems(work, import_id, part.problems)
    return len(part.problems)


def close(work: Work, import_id: int) -> None:
    """Let a whole import wait for the second person."""
    work.connection.execute(
        estate_import.update()
        .where(estate_import.c.id == import_id)
        .values(state=ImportState.WAITING, finished_at=work.now)
    )
    access_log.append(work, access_log.Entry("import_estate", "import", import_id))
    tell(work, WAITS, import_id)


def tell(work: Work, job: str, import_id: int) -> None:
    """Let the second check know, after the commit, that an import waits for it or does not any more."""
    put(work, OutboxItem(job, {"import_id": str(import_id)}, f"{job}:{import_id}:{new_id()}"))


def take_over(turn: Turn) -> None:
    """Take an uploaded file over: the long work behind the page."""
    import_id = int(turn.args["import_id"])
    listed = _list_of(turn, import_id)
    total = len(listed.houses)
    if turn.cursor is None:
        _step(
            turn,
            listed,
            partial(note_list, import_id=import_id, listed=listed),
            0,
            totals_of(listed).problems,
        )
    while turn.cursor["at"] < total:
        begin, bad = turn.cursor["at"], turn.cursor["bad"]
        part = listed.houses[begin : begin + PART]
        _step(
            turn,
            listed,
            partial(take_part, import_id=import_id, houses=part),
            begin + len(part),
            bad,
        )
        if turn.is_over and turn.cursor["at"] < total:
            return

    def end(work: Work) -> None:
        close(work, import_id)
        turn.finish(work, import_id=str(import_id))

    turn.engine.run(turn.actor, end)
    turn.engine.cache.pop(_CACHE_KEY, None)
    work_files.of(turn.engine).delete(str(turn.args["file"]))


def read(content: Iterable[bytes], today: date, community: str) -> HandOverList:
    """Read a file.

    Raises:
        WorkbookRefused: the file as a whole cannot be taken.
    """
    return read_list(read_workbook(b"".join(content)), today, community)


def problems_of(work: Work, import_id: int) -> tuple[RowProblem, ...]:
    """Return every row that an import left out, in the order of the file."""
    rows = work.connection.execute(
        select(estate_import_problem)
        .where(estate_import_problem.c.import_id == import_id)
        .order_by(
            estate_import_problem.c.sheet, estate_import_problem.c.row_number, estate_import_problem.c.id
        )
    )
    return tuple(RowProblem(*row[2:]) for row in rows)


def _step(turn: Turn, listed: HandOverList, do: Callable[[Work], int | None], at: int, bad: int) -> None:
    def call(work: Work) -> None:
        now_bad = bad + (do(work) or 0)
        turn.save(
            work, {"at": at, "bad": now_bad}, at, len(listed.houses), rows=listed.rows, problems=now_bad
        )

    turn.engine.run(turn.actor, call)


def _list_of(turn: Turn, import_id: int) -> HandOverList:
    """Read the file once in a process, however many turns the import takes there."""
    known: Any = turn.engine.cache.get(_CACHE_KEY)
    if known is not None and known[0] == import_id:
        listed: HandOverList = known[1]
        return listed
    with turn.engine.reading(turn.actor) as work:
        query = select(estate_import.c.imported_at).where(estate_import.c.id == import_id)
        imported_at = work.connection.execute(query).scalar_one()
    # The day of the upload, so that every turn reads the same.
    today = imported_at.astimezone(turn.engine.zone).date()
    content = work_files.of(turn.engine).read(str(turn.args["file"]))
    listed = read(content, today, str(turn.args["community"]))
    turn.engine.cache[_CACHE_KEY] = (import_id, listed)
    return listed


def _add(
    work: Work,
    import_id: int,
    totals: Totals,
    communities: set[int],
    said: Mapping[str, list[dict[str, Json]]] | None = None,
) -> None:
    mine = estate_import.c.id == import_id
    stored: Mapping[str, Any] = work.connection.execute(
        select(estate_import.c.totals).where(mine)
    ).scalar_one()
    known = {*stored["communities"], *(str(one) for one in communities)}
    values: dict[str, Any] = {**Totals.read(stored).plus(totals).stored(), "communities": sorted(known)}
    for name in ("differences", "uncomputed"):
        values[name] = [*stored.get(name, ()), *(said or {}).get(name, ())]
    work.connection.execute(estate_import.update().where(mine).values(totals=values))


def _note_problems(work: Work, import_id: int, problems: Iterable[RowProblem]) -> None:
    rows = [
        {
            "id": new_id(),
            "import_id": import_id,
            "sheet": one.sheet[: _LONGEST["sheet"]],
            "row_number": one.row,
            "column_name": one.column[: _LONGEST["column"]],
            "value": one.value[: _LONGEST["value"]],
            "message": one.message,
            "params": {name: str(value) for name, value in one.params.items()},
        }
        for one in problems
    ]
    for start in range(0, len(rows), _BATCH):
        insert_many(work.connection, estate_import_problem, rows[start : start + _BATCH])
