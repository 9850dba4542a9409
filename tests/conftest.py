"""Real databases and a clock moved by hand, for every test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from engine import definitions
from engine.clock import SettableClock, SystemClock
from engine.store import schema
from engine.store.database import Database
from handlers import bootstrap, built_in
from handlers.settings import Settings
from handlers.shared.sealed import KeyRing
from tests.databases import PostgresAnew, SqliteAnew
from tests.handlers.stock import Stock
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


# Their tests are about the store: each copy of them is part of `make test`.
ALWAYS_ON_BOTH = (Path(__file__).parent / "engine", Path(__file__).parent / "reliability")


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave copies on PostgreSQL that are not about the store to the long run; begin with the longest."""
    elsewhere = {_function_of(item) for item in items if STORES[0] in _values_of(item)}
    for item in items:
        is_copy = STORES[1] in _values_of(item) and _function_of(item) in elsewhere
        if is_copy and not _is_about_the_store(item):
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


def _values_of(item: pytest.Item) -> list[object]:
    return list(item.callspec.params.values()) if hasattr(item, "callspec") else []


def _function_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _is_about_the_store(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("both_stores") is not None
    return marked or any(folder in item.path.parents for folder in ALWAYS_ON_BOTH)


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
def ready_postgresql(postgres: PostgresServer) -> str:
    """A PostgreSQL database with the whole schema and no rows, to be copied."""
    url = postgres.new_database()
    _with_schema(url)
    return url


@pytest.fixture(scope="session")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that the migrations made, with no rows, to be copied."""
    path = tmp_path_factory.mktemp("upgraded") / "wuye.db"
    _upgraded(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def upgraded_postgresql(postgres: PostgresServer) -> str:
    """A PostgreSQL database that the migrations made, with no rows, to be copied."""
    url = postgres.new_database()
    _upgraded(url)
    return url


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file, to be copied."""
    settings = Settings("sqlite://", tmp_path_factory.mktemp("keys"))
    KeyRing.first(settings.key_file, settings.algorithm)
    return settings.key_file


def with_keys(settings: Settings, key_file: Path) -> Settings:
    """Copy a key file: an installation that has none looks through its whole database before it makes one."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy2(key_file, settings.key_file)
    return settings


def _upgraded(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    database.dispose()


def _with_schema(url: str) -> None:
    assert bootstrap.RECORDS  # imported, so that every table is known
    database = Database(url)
    schema.create(database)
    database.dispose()


@pytest.fixture(scope="session")
def deployed_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the procedures deployed and nobody in it."""
    folder = tmp_path_factory.mktemp("deployed")
    deploy_built_in(f"sqlite:///{folder}/wuye.db", folder)
    return folder / "wuye.db"


@pytest.fixture(scope="session")
def deployed_postgresql(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PostgreSQL database with the procedures deployed and nobody in it."""
    url = postgres.new_database()
    deploy_built_in(url, tmp_path_factory.mktemp("deployed"))
    return url


def deploy_built_in(url: str, folder: Path) -> None:
    """Make the schema and deploy the procedures of the product."""
    database = Database(url)
    schema.create(database)
    engine = bootstrap.build(Settings(database_url=url, data_dir=folder), SystemClock(), database)
    built_in.deploy_built_in(engine)
    database.dispose()


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """The worlds with which tests of this process begin, each made once."""
    return Stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture(scope="session")
def sqlite_anew(tmp_path_factory: pytest.TempPathFactory) -> SqliteAnew:
    """The SQLite file that each test of this process finds as it asks for it."""
    return SqliteAnew(tmp_path_factory.mktemp("anew") / "wuye.db")


@pytest.fixture(scope="session")
def postgresql_anew(postgres: PostgresServer) -> PostgresAnew:
    """The PostgreSQL database that each test of this process finds as it asks for it."""
    return PostgresAnew(postgres)


@pytest.fixture
def sqlite_database(sqlite_anew: SqliteAnew, ready_sqlite: Path) -> Iterator[Database]:
    """An empty SQLite database with the whole schema."""
    with sqlite_anew.like(ready_sqlite) as database:
        yield database


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with the whole schema, once on SQLite and once on PostgreSQL."""
    with begun_like(request, "ready", request.param) as database:
        yield database


def begun_like(request: pytest.FixtureRequest, ready: str, store: str) -> AbstractContextManager[Database]:
    """Give the database of this process with the content of a ready one, `ready_sqlite` for example."""
    anew: SqliteAnew | PostgresAnew = request.getfixturevalue(f"{store}_anew")
    return anew.like(request.getfixturevalue(f"{ready}_{store}"))


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at ten in the morning of a working Monday in China."""
    return SettableClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
