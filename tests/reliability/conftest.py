"""The shop of the engine's own tests, for races and random walks."""

from tests.engine.cases.conftest import shop

__all__ = ["shop"]
