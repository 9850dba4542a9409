"""Keeps the two persons of a second check apart, substitutes included."""

from collections.abc import Collection

from engine.work import Work
from handlers.checking import rules
from handlers.errors import ActionNotAllowed
from handlers.shared.permissions import Permission


def entering_for(work: Work, community_id: int) -> int | None:
    """Return the absent person for whom the actor enters data, or None when it is their own right."""
    return _first(rules.capacities(work.memberships, Permission.OWNER_ENTER, community_id))


def checking_for(work: Work, permission: Permission, community_id: int, first: Collection[int]) -> int | None:
    """Return the absent person for whom the actor may be the second person, or None: their own right.

    Args:
        first: who entered the data, and for whom.
    Raises:
        ActionNotAllowed: the actor is one of these, or may check only in the place of one of these.
        NotPermitted: the actor may not check this at all.
    """
    if work.actor.kind != "staff" or work.actor.id in first:
        raise ActionNotAllowed("second_check", "须由另一人核对，录入人不能核对自己的录入")
    held = rules.capacities(work.memberships, permission, community_id)
    if not held:
        work.require(permission, community_id)
    others = tuple(one for one in held if one not in first)
    if not others:
        raise ActionNotAllowed("second_check_stand_in", "您正替录入人代班，须由第三人核对")
    return _first(others)


def _first(held: tuple[int | None, ...]) -> int | None:
    return None if None in held or not held else held[0]
