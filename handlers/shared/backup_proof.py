"""Proves that what was restored from a backup is whole, and notes when that was done last."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table, func, select
from sqlalchemy.engine import make_url

from engine.ids import new_id
from engine.store.database import sqlite_url
from engine.work import SYSTEM, Engine, Work
from handlers import settings
from handlers.errors import RuleRefused
from handlers.settings import Settings
from handlers.shared import database_copies, log_anchors, rotation
from handlers.shared.backup import TEMPORARY, Manifest
from handlers.shared.records import attachment, backup_run
from handlers.shared.sealed import SealedVault, Unsealable, vault_of
from handlers.shared.sealed_files import SealedFiles

BACKUP = "backup"
RESTORE_TEST = "restore_test"
_FILES_LOOKED_AT = 200


@dataclass(frozen=True)
class Failure:
    """Something of a restored copy that does not hold.

    Attributes:
        code: rows | sealed | file | log.
        what: the table, the column or the file.
    """

    code: str
    what: str


@contextmanager
def scratch(installation: Settings) -> Iterator[Settings]:
    """Give the settings of an empty place beside an installation; whatever was put there is removed.

    Raises:
        RuleRefused: the database account may not make a database.
    """
    with TemporaryDirectory(prefix=TEMPORARY, dir=installation.data_dir) as folder:
        place = Path(folder)
        if database_copies.path_of(installation.database_url) is not None:
            url = sqlite_url(place / database_copies.SQLITE_FILE)
            yield replace(installation, data_dir=place, database_url=url, anchor_file=None)
            return
        with _new_database(installation.database_url) as url:
            yield replace(installation, data_dir=place, database_url=url, anchor_file=None)


@contextmanager
def _new_database(url: str) -> Iterator[str]:
    name = f"wuye_restore_test_{token_hex(6)}"
    own = make_url(url)
    conninfo = own.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise RuleRefused(
                "may_not_create_database",
                "数据库账号无权建库，恢复演练需要建一个临时库：请授予 CREATEDB 权限，或换有此权限的账号运行",
            ) from error
        try:
            yield own.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def missing_rows(engine: Engine, manifest: Manifest) -> list[Failure]:
    """Name the tables of a restored database that have not the rows that they had."""
    counts = manifest.counts
    if counts is None:
        return []
    found = database_copies.count_rows(engine.database.url.render_as_string(hide_password=False))
    return [Failure("rows", name) for name in sorted(counts) if found.get(name) != counts[name]]


def prove(engine: Engine) -> list[Failure]:
    """Look whether a restored installation opens what is sealed, has its files, and an unbroken log."""
    return [*_unopened(engine), *_broken_files(engine), *_broken_log(engine)]


def note(work: Work, kind: str, size: int, failures: list[Failure], made_at: str = "") -> None:
    """Note in the installation that a backup was made, or a restore tested."""
    work.connection.execute(
        backup_run.insert().values(
            id=new_id(),
            kind=kind,
            at=work.now,
            size=size,
            made_at=datetime.fromisoformat(made_at) if made_at else None,
            failures=[f"{one.code}:{one.what}" for one in failures],
        )
    )


def last_good(work: Work, kind: str) -> datetime | None:
    """Return when a backup was last made, or a restore last tested, and all was well."""
    rows = work.connection.execute(
        select(backup_run.c.at, backup_run.c.failures)
        .where(backup_run.c.kind == kind)
        .order_by(backup_run.c.at.desc())
        .limit(50)
    )
    return next((row.at for row in rows if not row.failures), None)


def _unopened(engine: Engine) -> list[Failure]:
    """Open the first and the last value of each sealed column: a key that is missing is found at once."""
    vault = vault_of(engine)
    with engine.reading(SYSTEM) as work:
        return [
            Failure("sealed", f"{table.name}.{column}")
            for table, column in rotation.sealed_columns()
            if not all(_opens(vault, table, column, row) for row in _ends(work, table, column))
        ]


def _ends(work: Work, table: Table, column: str) -> Iterator[Any]:
    filled = table.c[column].is_not(None)
    for end in (func.min(table.c.id), func.max(table.c.id)):
        last = select(end).where(filled).scalar_subquery()
        yield from work.connection.execute(select(table.c.id, table.c[column]).where(table.c.id == last))


def _opens(vault: SealedVault, table: Table, column: str, row: Any) -> bool:
    try:
        vault.open(table.name, column, row.id, row[1])
    except Unsealable:
        return False
    return True


def _broken_files(engine: Engine) -> list[Failure]:
    """Read the newest attachments from end to end."""
    from_disk = SealedFiles(settings.of(engine).attachments_dir, vault_of(engine))
    with engine.reading(SYSTEM) as work:
        names = work.connection.execute(
            select(attachment.c.file_name).order_by(attachment.c.id.desc()).limit(_FILES_LOOKED_AT)
        ).scalars()
        return [Failure("file", name) for name in names if not _reads(from_disk, name)]


def _reads(files: SealedFiles, name: str) -> bool:
    try:
        for _block in files.read(name):
            pass
    except Unsealable:
        return False
    return True


def _broken_log(engine: Engine) -> list[Failure]:
    return [Failure("log", f"{one.day}/{one.number}") for one in log_anchors.verify(engine)]
