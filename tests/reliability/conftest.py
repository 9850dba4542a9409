"""The shop of the engine's own tests, for races and random walks."""

from tests.engine.cases.conftest import shop
from tests.engine.time.conftest import visit

__all__ = ["shop", "visit"]
