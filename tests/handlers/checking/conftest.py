"""An estate with the real procedures deployed, on both databases; each test starts from a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.database import Database
from tests.conftest import STORES
from tests.handlers.repair.conftest import deployed_postgres, deployed_sqlite
from tests.postgres import PostgresServer

__all__ = ["deployed_postgres", "deployed_sqlite"]


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the procedures deployed, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "wuye.db"
        shutil.copyfile(request.getfixturevalue("deployed_sqlite"), path)
        database = Database(f"sqlite:///{path}")
        yield database
        database.dispose()
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    url = postgres.new_database(request.getfixturevalue("deployed_postgres"))
    database = Database(url)
    yield database
    database.dispose()
    postgres.drop(url)
