"""An engine whose time is moved by hand, on both stores."""

import pytest

from engine.clock import SettableClock
from engine.ports import Grants, Membership
from engine.store.database import Database
from engine.work import Engine
from tests.engine.cases.conftest import COMMUNITY, Shop, shop
from tests.engine.time import world
from tests.engine.time.tables import LADDERS, PAUSES
from tests.engine.time.visit import LEAD, VISIT

__all__ = ["engine", "shop", "sqlite_engine", "visit"]


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


@pytest.fixture
def visit(shop: Shop) -> Shop:
    """A case whose one step is due in two hours, is given up after four, and can be paused."""
    shop.deploy(VISIT, LADDERS, PAUSES)
    shop.start("visit")
    rights = {"task.move_due", "task.approve_pause"}
    shop.directory.give(
        LEAD,
        Grants((Membership("csl", COMMUNITY),), frozenset((right, COMMUNITY) for right in rights)),
    )
    return shop
