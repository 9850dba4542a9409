"""Opens the key file of an installation; only one that holds nothing yet is given a new one."""

from pathlib import Path

from sqlalchemy import Column, Connection, Table, inspect, select

from engine.store.database import Database
from handlers.errors import RuleRefused
from handlers.settings import Settings
from handlers.shared.records import access_log
from handlers.shared.rotation import sealed_columns
from handlers.shared.sealed import KeyRing


def ring_of(settings: Settings, database: Database) -> KeyRing:
    """Return the ring of an installation, made where nothing was ever sealed.

    Raises:
        RuleRefused: the database holds what was sealed with keys that are not here. With new ones nothing of
            it could be opened, and the access log would seem to be tampered with.
        Unsealable: the file is damaged.
    """
    path = settings.key_file
    # Looked for once more at the end: another process may have made the installation meanwhile.
    if not path.exists() and _holds_sealed(database) and not path.exists():
        raise RuleRefused(
            "keys_missing",
            "数据库 {database} 已有数据，但缺少它的密钥文件 {file}；请从备份恢复该文件，或检查 WUYE_DATA_DIR",
            database=database.url.render_as_string(hide_password=True),
            file=str(path),
        )
    return KeyRing.first(path, settings.algorithm)


def _holds_sealed(database: Database) -> bool:
    if database.is_sqlite and not Path(database.url.database or "").exists():
        return False
    with database.reading() as connection:
        there = set(inspect(connection).get_table_names())
        return any(
            _is_any(connection, table, column) for table, column in _witnesses() if table.name in there
        )


def _witnesses() -> list[tuple[Table, Column[str]]]:
    """Name every column whose values need the ring: the sealed ones, and the chain of the access log."""
    sealed = [(table, table.c[name]) for table, name in sealed_columns()]
    return [*sealed, (access_log, access_log.c.mac)]


def _is_any(connection: Connection, table: Table, column: Column[str]) -> bool:
    """Tell whether a column has a value; one that an older schema lacks has none."""
    if column.name not in {one["name"] for one in inspect(connection).get_columns(table.name)}:
        return False
    return connection.execute(select(column).where(column.is_not(None)).limit(1)).first() is not None
