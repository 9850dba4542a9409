"""A desk with the real procedures deployed."""

import pytest

from engine.clock import SettableClock
from engine.work import Engine
from tests.handlers.moving.moving_world import Desk
from tests.handlers.repair.conftest import database

__all__ = ["database"]


@pytest.fixture
def desk(engine: Engine, clock: SettableClock) -> Desk:
    """A front desk at ten in the morning of a working Monday."""
    return Desk(engine, clock)
