"""A shop with the real procedure deployed; each test starts from a copy of one database."""

from collections.abc import Iterator

import pytest

from engine.clock import SettableClock
from engine.store.database import Database
from engine.work import Engine
from tests.conftest import begun_like
from tests.handlers.repair.repair_world import Shop
from tests.handlers.stock import Stock


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the procedures deployed: SQLite, or what a test asks for by indirect parameters."""
    with begun_like(request, "deployed", getattr(request, "param", "sqlite")) as database:
        yield database


@pytest.fixture
def shop(stock: Stock, engine: Engine, clock: SettableClock) -> Shop:
    """A repair shop at ten in the morning of a working Monday."""
    return stock.begin(Shop, engine, clock)
