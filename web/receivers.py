"""Whom several steps of a list can be handed to, and how many of them each may take."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from engine import handing
from engine.work import Work
from web.words import person_names


@dataclass(frozen=True)
class Receiver:
    """Somebody who may take steps of a list.

    Attributes:
        count: how many of those that are listed.
    """

    id: int
    name: str
    count: int


@dataclass(frozen=True)
class Receivers:
    """Who may take the steps of a list, who may take the most first.

    Attributes:
        of_step: the ids of who may take each step, by its id, with blanks between them; a script counts them.
        total: how many steps there are.
    """

    people: tuple[Receiver, ...]
    of_step: dict[int, str]
    total: int


def receivers(work: Work, task_ids: Collection[int]) -> Receivers:
    """Read who may take the steps of a list from the actor."""
    found = handing.choices(work, task_ids)
    counts = Counter(one for people in found.values() for one in people)
    names = person_names(work, counts)
    people = [Receiver(one, names[one], count) for one, count in counts.items()]
    return Receivers(
        tuple(sorted(people, key=lambda one: (-one.count, one.name))),
        {task_id: " ".join(map(str, found.get(task_id, ()))) for task_id in task_ids},
        len(task_ids),
    )
