"""Real databases and a clock moved by hand, for every test."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from engine.clock import SettableClock
from engine.store import schema
from engine.store.database import Database
from tests.postgres import PostgresServer

# The same examples in every run, however slow the machine is; WUYE_EXAMPLES=random looks for new ones.
settings.register_profile(
    "wuye",
    deadline=None,
    derandomize=os.environ.get("WUYE_EXAMPLES") != "random",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("wuye")

STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole run, on a free port, in a temporary folder."""
    with TemporaryDirectory(prefix="wuye-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with the whole schema."""
    database = Database(f"sqlite:///{tmp_path}/wuye.db")
    schema.create(database)
    yield database
    database.dispose()


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with the whole schema, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/wuye.db"
    else:
        url = request.getfixturevalue("postgres").new_database()
    database = Database(url)
    schema.create(database)
    yield database
    database.dispose()


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at ten in the morning of a working Monday in China."""
    return SettableClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
