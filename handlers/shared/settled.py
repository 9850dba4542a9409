"""Asks whether an account is settled enough for something delicate, for subjects that know no accounts."""

from collections.abc import Callable

from engine.work import Engine, Work

_CACHE_KEY = "settled"

Rule = Callable[[Work], None]


def keep(engine: Engine, rule: Rule) -> None:
    """Tell an engine's modules the rule; it raises for an actor who has to wait."""
    engine.cache[_CACHE_KEY] = rule


def require(work: Work) -> None:
    """Refuse something delicate to an actor whose password was reset a short while ago."""
    rule = work.engine.cache[_CACHE_KEY]
    assert callable(rule)
    rule(work)
