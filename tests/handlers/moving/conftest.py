"""A desk with the real procedures deployed."""

import pytest

from engine.clock import SettableClock
from engine.work import Engine
from tests.handlers.moving.moving_world import Desk
from tests.handlers.repair.conftest import database
from tests.handlers.stock import Stock

__all__ = ["database"]


@pytest.fixture
def desk(stock: Stock, engine: Engine, clock: SettableClock) -> Desk:
    """A front desk at ten in the morning of a working Monday."""
    return stock.begin(Desk, engine, clock)
