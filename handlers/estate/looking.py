"""Notes who opened which house and how many owners a list showed (policy S2)."""

from engine.work import Work
from handlers.shared import access_log, limits, tally

OPEN_HOUSE = "open_house"


def note_opened(work: Work, house_id: int) -> None:
    """Note that the actor looks at a house; again only when some time has passed."""
    if access_log.newest(work, OPEN_HOUSE, house_id, limits.SAME_LOOK) is None:
        access_log.append(work, access_log.Entry(OPEN_HOUSE, "house", house_id))


def note_rows(work: Work, owners: int) -> None:
    """Note how many owners a list has just shown to the actor."""
    tally.add(work, "rows", owners)
