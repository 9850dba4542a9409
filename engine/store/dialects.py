"""What the engine has to say differently to SQLite and to PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


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
