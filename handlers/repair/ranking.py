"""Ranks the people who could be sent: able, on shift, familiar with the building, least busy."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from handlers.accounts.skills import is_able


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the repair staff, seen from one order.

    Attributes:
        open_orders: how many orders are in their hands now.
        visits_here: how many orders of this building they finished lately.
    """

    id: int
    skills: frozenset[str]
    is_on_shift: bool
    is_away: bool
    open_orders: int
    visits_here: int


def ranked(candidates: Iterable[Candidate], skill: str, not_again: Collection[int] = ()) -> list[Candidate]:
    """Order those who can be sent now, the best first.

    The least busy able person on shift goes; of equally busy ones who knows the building. Nobody who is away
    is ever proposed.

    Args:
        not_again: accounts that gave the order back, or whose repair did not hold.
    """
    able = [
        candidate
        for candidate in candidates
        if candidate.is_on_shift
        and not candidate.is_away
        and candidate.id not in not_again
        and is_able(candidate.skills, skill)
    ]
    return sorted(able, key=lambda one: (one.open_orders, -one.visits_here, one.id))
