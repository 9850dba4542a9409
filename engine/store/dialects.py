"""What the engine has to say differently to SQLite and to PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows with one statement; all have the same keys and name each column that is not null."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), list(rows))
        return
    # As one JSON parameter this takes a third of the time of executemany, which sends each row by itself.
    names = ", ".join(table.c[name].name for name in rows[0])
    statement = (
        f"INSERT INTO {table.name} ({names}) "  # noqa: S608  # names of our own tables and columns
        f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows AS jsonb))"
    )
    connection.execute(text(statement), {"rows": orjson.dumps(list(rows)).decode()})


def add_up(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], sums: Collection[str]
) -> None:
    """Insert rows, or where their primary key is there already, add the columns `sums` to it."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    added = {name: table.c[name] + statement.excluded[name] for name in sums}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=added), list(rows)
    )


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Insert rows, passing over those whose unique key is there already; return how many were new.

    Waits for other transactions that have inserted the same key and not ended yet.
    """
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    return len(connection.execute(statement, list(rows)).all())


def one_at_a_time(connection: Connection, table: Table) -> None:
    """Make other writers of a table that ask the same wait for the end of this transaction.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
