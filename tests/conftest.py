"""Real databases and a clock moved by hand, for every test."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from engine import definitions
from engine.clock import SettableClock
from engine.store import schema
from engine.store.database import Database
from handlers import bootstrap
from tests.postgres import QUICK, PostgresServer

# The same examples in every run, however slow the machine is; WUYE_EXAMPLES=random looks for new ones.
settings.register_profile(
    "wuye",
    deadline=None,
    derandomize=os.environ.get("WUYE_EXAMPLES") != "random",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("wuye")

# Thousands of small databases are made; where there is memory for them, no disk has to take part.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
if MEMORY is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)

STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compile each bundle once for all tests: thousands of installations begin with the same files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(definitions, "compiled_files", lru_cache(maxsize=200)(definitions.compiled_files))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole run, on a free port, in a temporary folder."""
    with TemporaryDirectory(prefix="wuye-postgres-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), QUICK)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema and no rows, to be copied."""
    path = tmp_path_factory.mktemp("ready") / "wuye.db"
    _with_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def ready_postgres(postgres: PostgresServer) -> str:
    """A PostgreSQL database with the whole schema and no rows, to be copied."""
    url = postgres.new_database()
    _with_schema(url)
    return url


def _with_schema(url: str) -> None:
    assert bootstrap.RECORDS  # imported, so that every table is known
    database = Database(url)
    schema.create(database)
    database.dispose()


@pytest.fixture
def sqlite_database(tmp_path: Path, ready_sqlite: Path) -> Iterator[Database]:
    """An empty SQLite database with the whole schema."""
    shutil.copyfile(ready_sqlite, tmp_path / "wuye.db")
    database = Database(f"sqlite:///{tmp_path}/wuye.db")
    yield database
    database.dispose()


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with the whole schema, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    url = postgres.new_database(request.getfixturevalue("ready_postgres"))
    database = Database(url)
    yield database
    database.dispose()
    postgres.drop(url)


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at ten in the morning of a working Monday in China."""
    return SettableClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
