"""An engine whose time is moved by hand, on both stores."""

import pytest

from engine.clock import SettableClock
from engine.store.database import Database
from engine.work import Engine
from tests.engine.cases.conftest import shop
from tests.engine.time import world

__all__ = ["engine", "shop", "sqlite_engine"]


@pytest.fixture
def engine(database: Database, clock: SettableClock) -> Engine:
    engine = world.new_engine(database, clock)
    world.prepare(engine)
    return engine


@pytest.fixture
def sqlite_engine(sqlite_database: Database, clock: SettableClock) -> Engine:
    engine = world.new_engine(sqlite_database, clock)
    world.prepare(engine)
    return engine
