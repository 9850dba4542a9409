"""What the engine has to say differently to SQLite and to PostgreSQL."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Table,
    cast,
    extract,
    func,
    insert,
    text,
)
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


def take_time(connection: Connection) -> None:
    """Let statements of this transaction run as long as they need; SQLite does anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def local_day(connection: Connection, moment: ColumnElement[datetime], zone: ZoneInfo) -> ColumnElement[date]:
    """Say the day of a moment in a zone."""
    if connection.dialect.name == "postgresql":
        return cast(func.timezone(zone.key, moment), Date)

    def day(written: str) -> str:
        return datetime.fromisoformat(written).astimezone(zone).date().isoformat()

    _teach(connection, "local_day", 1, day)
    return func.local_day(moment, type_=Date)


def seconds_between(
    connection: Connection, earlier: ColumnElement[Any], later: ColumnElement[Any]
) -> ColumnElement[int]:
    """Say the whole seconds between two moments."""
    if connection.dialect.name == "postgresql":
        return cast(func.trunc(extract("epoch", later.op("-")(earlier))), BigInteger)

    def seconds(before: str, after: str) -> int:
        return int((datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds())

    _teach(connection, "seconds_between", 2, seconds)
    return func.seconds_between(earlier, later, type_=BigInteger)


def _teach(connection: Connection, name: str, arguments: int, function: Callable[..., Any]) -> None:
    raw: Any = connection.connection.dbapi_connection
    raw.create_function(name, arguments, function, deterministic=True)


def first_of_month(connection: Connection, day: ColumnElement[date]) -> ColumnElement[date]:
    """Say the first day of the month of a day."""
    if connection.dialect.name == "postgresql":
        return cast(func.date_trunc("month", day), Date)
    return func.date(day, "start of month", type_=Date)
