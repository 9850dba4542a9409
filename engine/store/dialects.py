"""What the engine has to say differently to SQLite and to PostgreSQL."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    Executable,
    Table,
    any_,
    cast,
    extract,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from engine.ids import new_ids

Names = tuple[str, ...]
Values = tuple[object, ...]
_Binder = Callable[[Any], Any] | None


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows with one statement; all have the same keys and name each column that is not null."""
    if rows:
        insert_rows(connection, table, tuple(rows[0]), [tuple(map(row.__getitem__, rows[0])) for row in rows])


def insert_rows(connection: Connection, table: Table, names: Names, rows: Sequence[Values]) -> None:
    """Insert many rows with one statement, at a fraction of what SQLAlchemy's own way costs.

    Args:
        names: of the columns, in the order of the values; an `id` that is not among them is drawn here.
    """
    _insert(connection, table, names, rows, "")


def insert_unknown(connection: Connection, table: Table, names: Names, rows: Sequence[Values]) -> None:
    """Do the same, passing over rows whose unique key is there already."""
    _insert(connection, table, names, rows, " ON CONFLICT DO NOTHING")


def _insert(connection: Connection, table: Table, names: Names, rows: Sequence[Values], ending: str) -> None:
    if not rows:
        return
    columns: list[Iterable[object]] = list(zip(*rows, strict=True))
    if "id" in table.c and "id" not in names:
        names, columns = ("id", *names), [new_ids(len(rows)), *columns]
    binders = _binders(connection.dialect, table, names)
    bound = (map(bind, values) if bind else values for bind, values in zip(binders, columns, strict=True))
    ready = zip(*bound, strict=True)
    listed = ", ".join(names)
    into = f"INSERT INTO {table.name} ({listed})"
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"{into} VALUES ({marks}){ending}", list(ready))
        return
    # As one parameter this takes a third of the time of executemany, which sends each row by itself.
    query = f"SELECT {listed} FROM json_populate_recordset(NULL::{table.name}, CAST($1 AS json))"  # noqa: S608  # names of our own tables and columns
    objects = [dict(zip(names, row, strict=True)) for row in ready]
    connection.exec_driver_sql(f"{into} {query}{ending}", (orjson.dumps(objects).decode(),))


@lru_cache(maxsize=64)
def _binders(dialect: Dialect, table: Table, names: Names) -> tuple[_Binder, ...]:
    """Return what turns values of each column into what the driver, or the one JSON parameter, takes."""
    as_json = None if dialect.name == "postgresql" else _as_json
    types = [table.c[name].type for name in names]
    return tuple(
        as_json if isinstance(kind, JSON) else kind.dialect_impl(dialect).bind_processor(dialect)
        for kind in types
    )


def _as_json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def one_of(connection: Connection, column: Column[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """Say that a column is one of many ids, with one parameter however many there are."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(ids), postgresql.ARRAY(BigInteger)))
    return column.in_(select(text("value")).select_from(func.json_each(orjson.dumps(list(ids)).decode())))


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
    return len(connection.execute(_insert_new(table, connection.dialect.name), list(rows)).all())


@lru_cache(maxsize=64)
def _insert_new(table: Table, dialect: str) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)


def one_at_a_time(connection: Connection, table: Table) -> None:
    """Make other writers of a table that ask the same wait for the end of this transaction.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))


def overwrite_deleted(connection: Connection) -> None:
    """Leave nothing of deleted rows in SQLite's file, from now on over this connection."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


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
