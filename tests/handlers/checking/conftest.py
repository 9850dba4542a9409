"""An estate with the real procedures deployed, on both databases; each test starts from a copy."""

from collections.abc import Iterator

import pytest

from engine.store.database import Database
from tests.conftest import STORES, begun_like


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the procedures deployed, once on SQLite and once on PostgreSQL."""
    with begun_like(request, "deployed", request.param) as database:
        yield database
