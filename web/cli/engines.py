"""Builds the engine that a command works on, or says what has to be done first."""

from pathlib import Path

from engine.errors import RuleBroken
from engine.store import schema
from engine.store.database import Database
from engine.work import Engine
from handlers import bootstrap, settings
from handlers.settings import Settings
from handlers.shared import database_copies


def is_made(configured: Settings) -> bool:
    """Tell whether an installation has its tables; leaves nothing behind where there is none."""
    return _revision(Database(configured.database_url)) is not None


def installed() -> Engine:
    """Return the engine of the installation that the environment names.

    Raises:
        RuleBroken: nothing was installed yet, an older version was, or a restore was cut off.
    """
    configured = settings.from_environment()
    database = Database(configured.database_url)
    revision = _revision(database)
    if revision is None:
        raise RuleBroken("not_installed", "尚未安装，请先运行 wuye init")
    with database.reading() as connection:
        if database_copies.is_unfinished(connection):
            raise RuleBroken(
                "restore_unfinished",
                "恢复没有做完：已注销的登录和已删除的人可能又在其中。请清空数据目录和数据库后重新恢复",
            )
    if revision != schema.newest():
        schema.require_known(revision)
        raise RuleBroken("not_upgraded", "数据库版本较旧，请先运行 wuye init 升级")
    return bootstrap.build(configured, database=database)


def _revision(database: Database) -> str | None:
    """Return the revision of a database; SQLite would make the file by looking into it."""
    if database.is_sqlite and not Path(database.url.database or "").exists():
        return None
    with database.reading() as connection:
        return schema.current(connection)
