"""An installation with a community, a few houses and people in them, and staff of several posts."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from engine.clock import SettableClock
from engine.store.database import Database
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts.passwords import Hasher
from handlers.settings import Settings
from tests.conftest import with_keys
from tests.handlers.estate_world import World


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The settings of an installation in a temporary folder."""
    return Settings(
        database_url=database.url.render_as_string(hide_password=False), data_dir=tmp_path / "var", demo=True
    )


@pytest.fixture
def engine(database: Database, settings: Settings, clock: SettableClock, key_file: Path) -> Engine:
    """The engine of an empty installation; passwords are hashed cheaply."""
    engine = bootstrap.build(with_keys(settings, key_file), clock, database)
    engine.cache["password_hasher"] = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return engine


@pytest.fixture
def world(engine: Engine) -> World:
    """One community with two houses, and ways to put people and staff there."""
    return World(engine)
