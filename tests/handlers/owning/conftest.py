"""An owner on record who has no account yet."""

import pytest

from engine.work import Engine
from tests.handlers.estate_world import World
from tests.handlers.owning.owning_world import Owning


@pytest.fixture
def owning(engine: Engine, world: World) -> Owning:
    """The owner, and ways to register."""
    return Owning(engine, world)
