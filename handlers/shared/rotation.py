"""Makes a new key and seals every value with it again, while the platform runs; a kill costs nothing."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Table, select

from engine.store.metadata import metadata
from engine.work import SYSTEM, Engine, Work
from handlers import settings
from handlers.shared.sealed import KeyRing, vault_of

PART = 500  # rows in one transaction

# Sealed columns of the engine's own tables.
_OF_ENGINE = {"task_history": "extra", "task_draft": "body", "case_comment": "body", "inbox_filter": "body"}


def rotate(engine: Engine) -> int:
    """Seal with a new key whatever is sealed with an older one, and return how many values that were.

    While values of an older key are left, because a rotation was cut off, it goes on with the key that was
    made then. Older keys stay on the ring: files, and what the access log quotes, are opened with them.
    """
    if not any(_is_left(engine, table, column) for table, column in sealed_columns()):
        _make_key(engine)
    return sum(_reseal(engine, table, column) for table, column in sealed_columns())


def _make_key(engine: Engine) -> None:
    """Put a new key on the ring and into its file; other processes find it there when they meet it."""
    configured = settings.of(engine)
    vault = vault_of(engine)
    vault.ring = KeyRing.load(configured.key_file).with_new_key(configured.algorithm)
    _write(configured.key_file, vault.ring.dump())


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sealed_columns() -> Iterator[tuple[Table, str]]:
    """Yield every column of the schema that holds sealed values."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.info.get("sealed") or _OF_ENGINE.get(table.name) == column.name:
                yield table, column.name


def _is_left(engine: Engine, table: Table, column: str) -> bool:
    current = f"1.{vault_of(engine).ring.active}.%"
    query = select(table.c.id).where(table.c[column].is_not(None), table.c[column].not_like(current))
    with engine.reading(SYSTEM) as work:
        return work.connection.execute(query.limit(1)).first() is not None


def _reseal(engine: Engine, table: Table, column: str) -> int:
    vault = vault_of(engine)
    current = f"1.{vault.ring.active}.%"
    done, last = 0, 0
    while True:
        query = (
            select(table.c.id, table.c[column])
            .where(table.c.id > last, table.c[column].is_not(None), table.c[column].not_like(current))
            .order_by(table.c.id)
            .limit(PART)
        )

        def part(work: Work, query: object = query) -> tuple[int, int]:
            rows = work.connection.execute(query).all()  # type: ignore[call-overload]  # a default
            changed = 0
            for row_id, old in rows:
                plain = vault.open(table.name, column, row_id, old)
                # Only what is still as it was read: somebody may have changed it meanwhile.
                mine = (table.c.id == row_id) & (table.c[column] == old)
                fresh = {column: vault.seal(table.name, column, row_id, plain)}
                changed += work.connection.execute(table.update().where(mine).values(fresh)).rowcount
            return changed, rows[-1][0] if rows else 0

        changed, end = engine.run(SYSTEM, part)
        if not end:
            return done
        done, last = done + changed, end
