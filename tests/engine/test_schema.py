"""The migrations make the schema that the code was written for, on both stores, and can be taken back."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from engine.store import schema
from engine.store.database import Database
from engine.store.tables import metadata
from handlers import bootstrap


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Return a database without any table."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/empty.db")
    return Database(request.getfixturevalue("postgres").new_database())


def test_migrations_and_tables_agree(empty: Database) -> None:
    assert bootstrap.RECORDS
    schema.upgrade(empty)

    with empty.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert schema.current(connection) == schema.newest()
    empty.dispose()


def test_upgrading_again_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.upgrade(empty)

    with empty.reading() as connection:
        assert schema.current(connection) == schema.newest()
    empty.dispose()


def test_migrations_can_be_taken_back_and_made_again(empty: Database) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")
    with empty.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}

    schema.upgrade(empty)
    with empty.reading() as connection:
        assert inspect(connection).has_table("user_task")
    empty.dispose()
