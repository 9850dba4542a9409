"""Reads rows past SQLAlchemy's own way of running a statement, for lists that are asked for all day.

It composes a statement, its parameters and its rows anew each time: for a page of the inbox that took longer
than reading it. Here the text is composed once, and the driver is asked for it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Select

_Turn = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as one driver takes it, with what turns values into the driver's and back.

    Attributes:
        names: of its parameters, in their order.
        fixed: those that SQLAlchemy put there itself.
    """

    sql: str
    names: tuple[str, ...]
    fixed: dict[str, Any]
    binders: tuple[_Turn, ...]
    readers: tuple[_Turn, ...]


def rows(connection: Connection, statement: Select[Any], known: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a statement as plain tuples.

    Args:
        statement: kept by the caller, since its text is kept with it; its columns are numbers, texts and
            moments, and it has no list among its parameters.
        known: its parameters by name, and perhaps others.

    Raises:
        DBAPIError: as SQLAlchemy would, having done whatever it does about such an error.
    """
    text = _text(statement, connection.dialect)
    given = {**text.fixed, **known}
    values = [
        bind(given[name]) if bind else given[name]
        for name, bind in zip(text.names, text.binders, strict=True)
    ]
    raw: Any = connection.connection.dbapi_connection
    is_postgresql = isinstance(raw, psycopg.Connection)
    # In PostgreSQL's binary form moments need not be written out by the server and read in again.
    cursor: Any = raw.cursor(binary=True) if is_postgresql else raw.cursor()
    try:
        if is_postgresql:
            # Planning takes as long as running; the driver would let it be done anew five times before that.
            cursor.execute(text.sql, values, prepare=True)
        else:
            cursor.execute(text.sql, values)
        found = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, text.sql, values, cursor, None)
    finally:
        cursor.close()
    return list(zip(*_read(text, zip(*found, strict=True)), strict=True)) if found else []


def _read(text: _Text, columns: Iterable[tuple[Any, ...]]) -> Iterable[Iterable[Any]]:
    return (map(read, values) if read else values for read, values in zip(text.readers, columns, strict=True))


@lru_cache(maxsize=512)
def _text(statement: Select[Any], dialect: Dialect) -> _Text:
    compiled = statement.compile(dialect=dialect)
    names = tuple(compiled.positiontup or ())
    return _Text(
        str(compiled),
        names,
        {name: compiled.binds[name].value for name in names if not compiled.binds[name].required},
        tuple(compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names),
        tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        ),
    )
