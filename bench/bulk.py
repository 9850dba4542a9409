"""Writes millions of rows quickly: indexes are built afterwards, and keys of other tables not looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from bench.flow import Stand
from engine.ports import SYSTEM

_MEMORY_KB = 262_144


@contextmanager
def bulk(made: Stand, *tables: Table) -> Iterator[Connection]:
    """Give a connection for statements that insert very many rows into some tables, all or nothing.

    Indexes are gone meanwhile, other than those that hold rows unique. Foreign keys are not looked at.
    """
    indexes = [index for table in tables for index in table.indexes if not index.unique]
    begin = _sqlite if made.engine.database.is_sqlite else _postgresql
    with begin(made) as connection:
        for index in indexes:
            index.drop(connection)
        yield connection
        for index in indexes:
            index.create(connection)
    analyse(made)


@contextmanager
def _sqlite(made: Stand) -> Iterator[Connection]:
    """Write past the log, which would copy everything once more; nobody else may be at the file."""
    database = made.engine.database
    database.dispose()

    def hurry(raw: object, _entry: ConnectionPoolEntry) -> None:
        for pragma in (
            "journal_mode=OFF",
            "synchronous=OFF",
            "foreign_keys=OFF",
            f"cache_size=-{_MEMORY_KB}",
        ):
            raw.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # sqlite3.Connection

    event.listen(database.writer, "connect", hurry)
    try:
        with database.writing() as connection:
            yield connection
    finally:
        event.remove(database.writer, "connect", hurry)
        database.dispose()


@contextmanager
def _postgresql(made: Stand) -> Iterator[Connection]:
    with made.engine.work(SYSTEM) as work:
        for setting in (
            "statement_timeout = 0",
            "session_replication_role = replica",  # no triggers, so no foreign keys
            f"maintenance_work_mem = '{_MEMORY_KB}kB'",
            f"work_mem = '{_MEMORY_KB}kB'",
        ):
            work.connection.execute(text(f"SET LOCAL {setting}"))
        yield work.connection


def analyse(made: Stand) -> None:
    """Count rows for the planner and note which pages everybody may see.

    PostgreSQL does both by itself, but later.
    """
    database = made.engine.database
    if database.is_sqlite:
        return
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("RESET statement_timeout"))


def numbers(made: Stand, count: int) -> str:
    """Say a table `n` with the numbers from 1 in its column `i`."""
    if made.engine.database.is_sqlite:
        return (
            "(WITH RECURSIVE counted(i) AS (SELECT 1 UNION ALL"
            f" SELECT i + 1 FROM counted WHERE i < {count}) SELECT i FROM counted) n"
        )
    return f"generate_series(CAST(1 AS bigint), {count}) n(i)"
