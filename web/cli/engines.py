"""Builds the engine that a command works on, or says what has to be done first."""

from pathlib import Path

from engine.errors import RuleBroken
from engine.store import schema
from engine.store.database import Database
from engine.work import Engine
from handlers import bootstrap, settings
from handlers.settings import Settings


def is_made(configured: Settings) -> bool:
    """Tell whether an installation has its tables; leaves nothing behind where there is none."""
    return _revision(Database(configured.database_url)) is not None


def installed() -> Engine:
    """Return the engine of the installation that the environment names.

    Raises:
        RuleBroken: nothing was installed yet, or an older version was.
    """
    configured = settings.from_environment()
    database = Database(configured.database_url)
    revision = _revision(database)
    if revision is None:
        raise RuleBroken("not_installed", "尚未安装，请先运行 wuye init")
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
