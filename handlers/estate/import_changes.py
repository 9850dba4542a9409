"""Keeps what an import changed, so that all of it can be taken back as long as nothing rests on it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Date, Numeric, Row, Table, and_, select
from sqlalchemy.types import TypeEngine

from engine.ids import new_id
from engine.store.dialects import insert_many
from engine.store.types import UtcDateTime
from engine.work import Work
from handlers.estate.records import (
    ImportChange,
    estate_house,
    estate_import_change,
    estate_person,
    estate_relation,
)
from handlers.shared.sealed import vault_of

TABLES: Mapping[str, Table] = {table.name: table for table in (estate_house, estate_person, estate_relation)}
_BATCH = 500

# What releasing and importing again set by themselves; it is no change that somebody made.
_NOT_SEEN = frozenset({"check_state", "counts_since", "import_id"})


class Changes:
    """The changes of one step of an import, written down together at its end.

    Of each row that stays, a fingerprint of what the import made of it is kept, so that a later change by
    somebody else is noticed.
    """

    def __init__(self, work: Work, import_id: int) -> None:
        self._work = work
        self._import_id = import_id
        self._noted: list[tuple[ImportChange, Table, int, Mapping[str, Any] | None]] = []
        self._described: set[int] = set()
        self._proposals: dict[tuple[str, int], Mapping[str, Any]] = {}

    def added(self, table: Table, row_id: int) -> None:
        """Note a row that is new."""
        self._noted.append((ImportChange.ADDED, table, row_id, None))

    def changed(self, table: Table, before: Row[Any]) -> None:
        """Note a row that is about to change, as it is now."""
        self._noted.append((ImportChange.CHANGED, table, before.id, dict(before._mapping)))

    def removed(self, table: Table, before: Row[Any]) -> None:
        """Note a row that is about to be deleted, as it is now."""
        self._noted.append((ImportChange.REMOVED, table, before.id, dict(before._mapping)))

    def proposed(self, table: Table, row_id: int, values: Mapping[str, Any]) -> None:
        """Note what is to complete a checked row when the import is released; until then the row stays."""
        self._proposals[table.name, row_id] = values
        self._work.connection.execute(estate_import_change.delete().where(self._proposal_of(table, row_id)))
        self._noted = [
            one for one in self._noted if (one[0], one[1], one[2]) != (ImportChange.PROPOSED, table, row_id)
        ]
        self._noted.append((ImportChange.PROPOSED, table, row_id, values))

    def proposal(self, table: Table, row_id: int) -> Mapping[str, Any]:
        """Return what this import already proposes for a row, as the table would hold it."""
        if (table.name, row_id) not in self._proposals:
            query = select(estate_import_change).where(self._proposal_of(table, row_id))
            change = self._work.connection.execute(query).one_or_none()
            self._proposals[table.name, row_id] = {} if change is None else restored(self._work, change)
        return self._proposals[table.name, row_id]

    def adopted(self, table: Table, row_id: int, import_id: int | None) -> None:
        """Note a row of an earlier import that this one is to release."""
        self._noted.append((ImportChange.ADOPTED, table, row_id, {"import_id": import_id}))

    def described(self, person_id: int) -> None:
        """Note that the list has described a person: whatever it says of them again only completes that."""
        self._described.add(person_id)

    def is_described(self, person_id: int) -> bool:
        """Tell whether the list has described a person, in this step or an earlier one."""
        if person_id in self._described:
            return True
        known = select(estate_import_change.c.id).where(
            estate_import_change.c.import_id == self._import_id,
            estate_import_change.c.record == estate_person.name,
            estate_import_change.c.record_id == person_id,
        )
        return self._work.connection.execute(known.limit(1)).first() is not None

    def write(self) -> None:
        """Write the changes down."""
        fingerprints = self._fingerprints()
        written = {row_id for _, table, row_id, _ in self._noted if table is estate_person}
        rows = [
            self._row(kind, table, row_id, before, fingerprints.get((table.name, row_id)))
            for kind, table, row_id, before in self._noted
        ]
        rows += [
            self._row(ImportChange.DESCRIBED, estate_person, person_id, None, None)
            for person_id in sorted(self._described - written)
        ]
        for start in range(0, len(rows), _BATCH):
            insert_many(self._work.connection, estate_import_change, rows[start : start + _BATCH])

    def _proposal_of(self, table: Table, row_id: int) -> ColumnElement[bool]:
        return and_(
            estate_import_change.c.import_id == self._import_id,
            estate_import_change.c.kind == ImportChange.PROPOSED,
            estate_import_change.c.record == table.name,
            estate_import_change.c.record_id == row_id,
        )

    def _row(
        self,
        kind: ImportChange,
        table: Table,
        row_id: int,
        before: Mapping[str, Any] | None,
        after: str | None,
    ) -> dict[str, Any]:
        change_id = new_id()
        plain = None if before is None else orjson.dumps(opened(self._work, table, row_id, before)).decode()
        vault = self._work.engine.vault
        return {
            "id": change_id,
            "import_id": self._import_id,
            "kind": str(kind),
            "record": table.name,
            "record_id": row_id,
            "before": plain and vault.seal(estate_import_change.name, "before", change_id, plain),
            "after": after,
        }

    def _fingerprints(self) -> dict[tuple[str, int], str]:
        wanted: dict[Table, set[int]] = defaultdict(set)
        for kind, table, row_id, _ in self._noted:
            if kind in (ImportChange.ADDED, ImportChange.CHANGED, ImportChange.PROPOSED):
                wanted[table].add(row_id)
        return {
            (table.name, row_id): text
            for table, ids in wanted.items()
            for row_id, text in fingerprints(self._work, table, ids).items()
        }


def fingerprints(work: Work, table: Table, ids: Iterable[int]) -> dict[int, str]:
    """Return what equal rows have in common, for those of some rows that are there."""
    every = sorted(ids)
    vault = vault_of(work.engine)
    found = {}
    for start in range(0, len(every), _BATCH):
        batch = table.c.id.in_(every[start : start + _BATCH])
        for row in work.connection.execute(select(table).where(batch)):
            plain = opened(work, table, row.id, dict(row._mapping))
            kept = {name: value for name, value in plain.items() if name not in _NOT_SEEN}
            text = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()
            found[row.id] = vault.blind_index("import_change", text)
    return found


def opened(work: Work, table: Table, row_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a row as JSON can hold them, sealed ones in clear: to be sealed as a whole."""
    unseal = work.engine.vault.open
    return {
        str(name): unseal(table.name, name, row_id, value)
        if value is not None and table.c[name].info.get("sealed")
        else _said(value)
        for name, value in values.items()
    }


def restored(work: Work, change: Row[Any]) -> dict[str, Any]:
    """Return the values that a row had before, as its table holds them."""
    table = TABLES[change.record]
    vault = work.engine.vault
    plain = orjson.loads(vault.open(estate_import_change.name, "before", change.id, change.before))
    values: dict[str, Any] = {}
    for name, value in plain.items():
        column = table.c[name]
        if value is not None and column.info.get("sealed"):
            values[name] = vault.seal(table.name, name, change.record_id, value)
        else:
            values[name] = _read(column.type, value)
    return values


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value.normalize()) if isinstance(value, Decimal) else value


def _read(kind: TypeEngine[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Numeric):
        return Decimal(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
