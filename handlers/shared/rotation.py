"""Makes a new key and seals every value with it again, while the platform runs; a kill costs nothing."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Table, select

from engine.store.metadata import metadata
from engine.work import SYSTEM, Engine, Work
from handlers import settings
from handlers.errors import RuleRefused
from handlers.shared.folders import sync_folder
from handlers.shared.sealed import KeyRing, Unsealable, vault_of
from handlers.shared.sealed_files import SealedFiles

PART = 500  # rows in one transaction
FRESH = timedelta(hours=1)  # by then everything is over that sealed with an older key before it was made

# Sealed columns of the engine's own tables.
_OF_ENGINE = {"task_history": "extra", "task_draft": "body", "case_comment": "body", "inbox_filter": "body"}


@dataclass(frozen=True)
class Rotated:
    """What a rotation did.

    Attributes:
        values, files: sealed again.
        broken: names of files that cannot be opened; they stay as they are.
    """

    values: int
    files: int
    broken: tuple[str, ...] = ()


def rotate(engine: Engine) -> Rotated:
    """Seal with a new key whatever is sealed with an older one, values and files.

    While something of an older key is left, because a rotation was cut off, it goes on with the key that was
    made then. Older keys stay on the ring: whatever was sealed before and is stored meanwhile is opened with
    them.
    """
    folders = _folders(engine)
    if not _is_any_left(engine, folders):
        _make_key(engine)
    values = sum(_reseal(engine, table, column) for table, column in sealed_columns())
    files, broken = 0, []
    for folder in folders:
        for name in folder.names():
            try:
                files += folder.reseal(name)
            except Unsealable:
                broken.append(name)
    return Rotated(values, files, tuple(broken))


def forget_old_keys(engine: Engine) -> int:
    """Take the older keys off the ring once nothing is sealed with them, and return how many those were.

    Raises:
        RuleRefused: something is, or the newest key is so young that older work may not be stored yet.
    """
    configured = settings.of(engine)
    age = engine.clock.now().timestamp() - configured.key_file.stat().st_mtime
    ring = KeyRing.load(configured.key_file)
    vault_of(engine).ring = ring
    if len(ring.keys) > 1 and age < FRESH.total_seconds():
        raise RuleRefused("key_fresh", "新密钥启用不足一小时，请稍后再去掉旧密钥")
    if _is_any_left(engine, _folders(engine)):
        raise RuleRefused("keys_in_use", "仍有资料用旧密钥加密，请先运行 wuye keys rotate")
    if len(ring.keys) > 1:
        _write(configured.key_file, ring.without_old_keys().dump())
        vault_of(engine).ring = ring.without_old_keys()
    return len(ring.keys) - 1


def _folders(engine: Engine) -> tuple[SealedFiles, ...]:
    """Return every folder of sealed files: attachments, and what long work reads and makes."""
    configured, vault = settings.of(engine), vault_of(engine)
    return tuple(SealedFiles(path, vault) for path in (configured.attachments_dir, configured.work_dir))


def _is_any_left(engine: Engine, folders: tuple[SealedFiles, ...]) -> bool:
    if any(_is_left(engine, table, column) for table, column in sealed_columns()):
        return True
    return any(_is_old(folder, name) for folder in folders for name in folder.names())


def _is_old(folder: SealedFiles, name: str) -> bool:
    try:
        return not folder.is_current(name)
    except Unsealable:
        return False  # it is no sealed file at all, and no rotation will make it one


def _make_key(engine: Engine) -> None:
    """Put a new key on the ring and into its file; other processes find it there before they seal."""
    configured = settings.of(engine)
    ring = KeyRing.load(configured.key_file).with_new_key(configured.algorithm)
    _write(configured.key_file, ring.dump())
    vault_of(engine).ring = ring


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


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
