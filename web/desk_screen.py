"""What the desk sees when the phone rings: the number, who it belongs to, what is open there."""

from dataclasses import dataclass

from engine.ids import new_id
from engine.work import Work
from handlers.estate import communities
from handlers.estate.communities import Community
from handlers.repair import intake
from handlers.repair.intake import Caller, CallInHand
from handlers.shared.permissions import Permission
from web.words import TimeLeft, time_left, written


@dataclass(frozen=True)
class DeskScreen:
    """The page.

    Attributes:
        community_id: the one that was chosen before.
        key: sent back with the call, so that pressing twice opens one task.
        may_look_up: who dispatches without answering the phone does not.
        found: None while no number was looked up.
        in_hand: calls that were picked up and not entered yet, each with the time left.
        outages: what is known to be broken for many: number and words.
    """

    communities: tuple[Community, ...]
    community_id: int | None
    number: str
    may_look_up: bool
    found: tuple[Caller, ...] | None
    in_hand: tuple[tuple[CallInHand, TimeLeft], ...]
    outages: tuple[tuple[str, str], ...]
    key: str


def desk_screen(
    work: Work, number: str, community_id: int | None, found: tuple[Caller, ...] | None
) -> DeskScreen:
    """Show where calls are taken in the communities the actor dispatches for, and who was found."""
    places = communities.with_permission(work, Permission.REPAIR_DISPATCH)
    in_hand = tuple(
        (one, time_left(work.now, one.due_at, one.called_at)) for one in intake.calls_in_hand(work)
    )
    outages = tuple(
        (one.number, written(one.text)) for place in places for one in intake.open_outages(work, place.id)
    )
    may_look_up = bool(intake.desks(work))
    return DeskScreen(
        tuple(places), community_id, number, may_look_up, found, in_hand, outages, str(new_id())
    )
