"""What a person sees of their own shifts."""

from dataclasses import dataclass
from datetime import datetime

from engine.work import Work
from handlers.accounts import roster
from handlers.accounts.roster import Shift
from handlers.estate import communities
from handlers.estate.communities import Community


@dataclass(frozen=True)
class ShiftScreen:
    """The page.

    Attributes:
        now_on: the shift that runs now, or None.
    """

    communities: tuple[Community, ...]
    now_on: Shift | None
    coming: tuple[Shift, ...]


def shift_screen(work: Work, until: datetime) -> ShiftScreen:
    """Read one's own shifts from now on, in every community one works in."""
    places = communities.of_posts(work)
    own = sorted(
        (
            shift
            for place in places
            for shift in roster.shifts(work, place.id, work.now, until)
            if shift.account_id == work.actor.id
        ),
        key=lambda shift: shift.starts_at,
    )
    now_on = next((shift for shift in own if shift.starts_at <= work.now < shift.ends_at), None)
    return ShiftScreen(tuple(places), now_on, tuple(shift for shift in own if shift is not now_on))
