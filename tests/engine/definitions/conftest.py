"""An engine to deploy on."""

import pytest

from engine.calendar import always, declare
from engine.clock import SettableClock
from engine.ports import Library
from engine.store.database import Database
from engine.work import Engine
from tests.engine.ports import FakeDirectory, MemoryOutbox, PlainVault

HANDLERS = ("repair.dispatch", "repair.notify", "repair.cancel", "repair.bill")


@pytest.fixture
def engine(sqlite_database: Database, clock: SettableClock) -> Engine:
    """An engine with the surroundings of the good procedure."""
    return engine_on(sqlite_database, clock)


@pytest.fixture
def each_engine(database: Database, clock: SettableClock) -> Engine:
    """The same once on each store, for what the store does."""
    return engine_on(database, clock)


def engine_on(database: Database, clock: SettableClock) -> Engine:
    """Put an engine together."""

    def nothing(*_arguments: object, **_inputs: object) -> dict[str, object]:
        return {}

    library = Library(dict.fromkeys(HANDLERS, nothing), {"repair.accept": nothing}, {"repair.facts": nothing})
    engine = Engine(database, FakeDirectory(), PlainVault(), MemoryOutbox(), library, clock)
    declare(engine, {"office": always(engine.zone)})
    return engine
