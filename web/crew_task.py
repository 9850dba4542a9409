"""What a step of repair staff shows besides its form: the ways it can end as buttons, the call, the map."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from engine.inbox import TaskDetail
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.repair import jobs, signing
from web.filling import Choice, Filling, Part
from web.words import written

_OUTCOME = "outcome"
_FEW = 4  # as many ways fit beside the thumb; a longer list stays in the form as well
_SIGNS = {
    "taken": "check",
    "soon": "right",
    "fixed": "calendar",
    "met": "pin",
    "absent": "user",
    "repair": "wrench",
    "quote": "money",
    "parts": "box",
    "purchase": "box",
    "transfer": "swap",
    "return": "back",
    "extra": "money",
    "stop": "alert",
    "done": "done",
}


@dataclass(frozen=True)
class Way:
    """One way in which the step can end."""

    value: str
    label: str
    sign: str


@dataclass(frozen=True)
class CrewTask:
    """A step of repair staff.

    Attributes:
        ways: as the options of the form's outcome; empty where it has none.
        are_few: the buttons say it all, the list in the form need not repeat them.
        map_address: what a map looks for; empty where the community has no address.
        statement: what an owner signs at this step, with "{charge}" for the amount; empty where nobody signs.
    """

    ways: tuple[Way, ...]
    are_few: bool
    community: str
    map_address: str
    statement: str

    @property
    def geo(self) -> str:
        """The address for the phone's own map."""
        return f"geo:0,0?q={quote(self.map_address)}"

    @property
    def web_map(self) -> str:
        """The address of a map on the web, for devices without one of their own."""
        return f"https://uri.amap.com/search?keyword={quote(self.map_address)}"


def crew_task(work: Work, detail: TaskDetail, filling: Filling | None) -> CrewTask | None:
    """Read what belongs to a step of repair staff; None for steps of others."""
    if detail.task.group_code != Post.RP:
        return None
    number = detail.case.business_key
    spot = jobs.spots(work, [number]).get(number)
    parts = filling.parts if filling else ()
    ways = _ways(parts)
    is_signed = any(part.drawn for part in parts)
    return CrewTask(
        ways=ways,
        are_few=len(ways) <= _FEW,
        community=spot.community if spot else "",
        map_address=spot.address if spot else "",
        statement=written(signing.wording(work, number)) if is_signed else "",
    )


def _ways(parts: Sequence[Part]) -> tuple[Way, ...]:
    outcome = next((part for part in parts if part.name == _OUTCOME and part.type == "radio"), None)
    return tuple(_way(option) for option in outcome.options) if outcome else ()


def _way(option: Choice) -> Way:
    return Way(option.value, option.submit or option.label, _SIGNS.get(option.value, ""))
