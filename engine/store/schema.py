"""Makes and upgrades the schema through Alembic's migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, select, table

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
    """Bring the schema to the newest revision, in one transaction; again changes nothing."""
    with database.writing() as connection:
        command.upgrade(_config(connection), "head")


def downgrade(database: Database, revision: str) -> None:
    """Take migrations back to a revision, or to nothing with "base"."""
    with database.writing() as connection:
        command.downgrade(_config(connection), revision)


def newest() -> str | None:
    """Return the newest revision that this version of the product knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(connection: Connection) -> str | None:
    """Return the revision a database is at, or None where there is no schema yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()


def create(database: Database) -> None:
    """Create every table that is registered and missing."""
    with database.writing() as connection:
        metadata.create_all(connection)
