"""Makes and upgrades the schema through Alembic's migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, select, table

from engine.errors import RuleBroken
from engine.store.database import Database
from engine.store.tables import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision, in one transaction; again changes nothing.

    Raises:
        RuleBroken: a newer version of the product has been here.
    """
    with database.writing() as connection:
        require_known(current(connection))
        command.upgrade(_config(connection), "head")


def downgrade(database: Database, revision: str) -> None:
    """Take migrations back to a revision, or to nothing with "base"."""
    with database.writing() as connection:
        command.downgrade(_config(connection), revision)


def newest() -> str | None:
    """Return the newest revision that this version of the product knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def require_known(revision: str | None) -> None:
    """Refuse a database that a newer version of the product has upgraded.

    Raises:
        RuleBroken: this version knows no such revision.
    """
    if revision is None:
        return
    known = {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision not in known:
        raise RuleBroken(
            "schema_newer",
            "数据库已被更新的版本升级到 {revision}，本程序不认识；请安装新版本，或从备份恢复",
            revision=revision,
        )


def current(connection: Connection) -> str | None:
    """Return the revision a database is at, or None where there is no schema yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()


def create(database: Database) -> None:
    """Create every table that is registered and missing."""
    with database.writing() as connection:
        metadata.create_all(connection)
