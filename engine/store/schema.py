"""Makes and upgrades the schema."""

from engine.store.database import Database
from engine.store.tables import metadata


def create(database: Database) -> None:
    """Create every table that is registered and missing."""
    with database.writing() as connection:
        metadata.create_all(connection)
