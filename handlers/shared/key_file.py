"""Opens the key file of an installation; only one that holds nothing yet is given a new one."""

from pathlib import Path
from typing import Any

from sqlalchemy import Column, exists, false, inspect, or_, select

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
    """Tell whether a column has a value that needs the ring; one that an older schema lacks has none."""
    if database.is_sqlite and not Path(database.url.database or "").exists():
        return False
    witnesses = _witnesses()
    names = sorted({column.table.name for column in witnesses})
    with database.reading() as connection:
        found = inspect(connection).get_multi_columns(filter_names=names)
        there = {(table, column["name"]) for (_, table), columns in found.items() for column in columns}
        known = [column for column in witnesses if (column.table.name, column.name) in there]
        filled = (exists().where(column.is_not(None)) for column in known)
        return bool(connection.execute(select(or_(false(), *filled))).scalar())


def _witnesses() -> list[Column[Any]]:
    """Name every column whose values need the ring: the sealed ones, and the chain of the access log."""
    return [*(table.c[name] for table, name in sealed_columns()), access_log.c.mac]
