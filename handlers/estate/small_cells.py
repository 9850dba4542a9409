"""Hides small counts of a statistic, and one more, so that no sum gives them away."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

SMALL = 5  # a count below this could point to somebody


@dataclass(frozen=True)
class Published(Generic[Key]):
    """A statistic as it may be shown.

    Attributes:
        cells: each count that is not nought, by its key; None where it is hidden.
        total: None where it would give hidden cells away.
    """

    cells: tuple[tuple[Key, int | None], ...]
    total: int | None


def published(counts: Mapping[Key, int], rank: Callable[[Key], str]) -> Published[Key]:
    """Hide every small count, and one that is not small, so that subtracting leaves open which is which.

    The one is chosen without regard to its size: were it the smallest, that alone would narrow the hidden
    ones down.

    Args:
        rank: orders the keys in a way that readers cannot know.
    """
    shown = {key: count for key, count in counts.items() if count > 0}
    hidden = {key for key, count in shown.items() if count < SMALL}
    large = sorted((key for key in shown if key not in hidden), key=rank)
    if hidden:
        hidden |= set(large[:1])
    cells = tuple((key, None if key in hidden else count) for key, count in shown.items())
    total = sum(shown.values())
    # If each hidden cell has to be small to make up the sum, the sum says too much.
    unknown = sum(shown[key] for key in hidden)
    is_open = not hidden or (len(hidden) > 1 and unknown - (len(hidden) - 1) >= SMALL)
    return Published(cells, total if is_open else None)
