"""A shop with the real procedure deployed; each test starts from a copy of one database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import definitions
from engine.clock import SettableClock, SystemClock
from engine.ports import SYSTEM
from engine.store import schema
from engine.store.database import Database
from engine.work import Engine
from handlers import bootstrap
from handlers.settings import Settings
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.tables import PROCESSES
from tests.postgres import PostgresServer


def deploy(database: Database, folder: Path) -> None:
    """Make the schema and deploy the procedures of the product."""
    schema.create(database)
    settings = Settings(database_url=database.url.render_as_string(hide_password=False), data_dir=folder)
    engine = bootstrap.build(settings, SystemClock(), database)
    files = {
        path.name: path.read_bytes()
        for path in PROCESSES.iterdir()
        if path.suffix in {".bpmn", ".dmn", ".form"} or path.name == "topics.toml"
    }
    with engine.work(SYSTEM) as work:
        definitions.deploy(work, "built-in", files)


@pytest.fixture(scope="session")
def deployed_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the procedures deployed and nobody in it."""
    folder = tmp_path_factory.mktemp("deployed")
    database = Database(f"sqlite:///{folder}/wuye.db")
    deploy(database, folder)
    database.dispose()
    return folder / "wuye.db"


@pytest.fixture(scope="session")
def deployed_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PostgreSQL database with the procedures deployed and nobody in it."""
    url = postgres.new_database()
    database = Database(url)
    deploy(database, tmp_path_factory.mktemp("deployed"))
    database.dispose()
    return url


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the procedures deployed: SQLite, or what a test asks for by indirect parameters."""
    if getattr(request, "param", "sqlite") == "sqlite":
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


@pytest.fixture
def shop(engine: Engine, clock: SettableClock) -> Shop:
    """A repair shop at ten in the morning of a working Monday."""
    return Shop(engine, clock)
