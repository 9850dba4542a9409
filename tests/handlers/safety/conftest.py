"""An office with the procedures of the product deployed; each test starts from a copy of one database."""

import pytest

from engine.clock import SettableClock
from engine.work import Engine
from tests.handlers.office import Office
from tests.handlers.repair.conftest import database
from tests.handlers.stock import Stock

__all__ = ["database"]


@pytest.fixture
def office(stock: Stock, engine: Engine, clock: SettableClock) -> Office:
    """An office on a working Monday."""
    return stock.begin(Office, engine, clock)
