"""What the page of notices shows: the house that was found, the form, and the cases that are open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.ids import new_id
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.estate import queries as estate
from handlers.estate.queries import House
from handlers.moving import queries
from handlers.moving.queries import Line
from handlers.moving.starting import CHANNELS, STARTS, TITLES, Notice
from handlers.moving.words import CHANNEL_NAMES
from handlers.shared.permissions import Permission
from web.words import ZONE, TimeLeft, time_left, written


@dataclass(frozen=True)
class MovingScreen:
    """The page.

    Attributes:
        found: houses that the search found; None while nothing was searched.
        house: the one that was chosen.
        what: procedures to begin, (code, name).
        typed: what stands in the form.
        key: sent back with a form, so that pressing twice begins one case.
    """

    query: str
    found: tuple[House, ...] | None
    house: House | None
    what: tuple[tuple[str, str], ...]
    channels: tuple[tuple[str, str], ...]
    typed: Mapping[str, str]
    open: tuple[tuple[Line, TimeLeft], ...]
    done: tuple[Line, ...]
    key: str


def moving_screen(work: Work, given: Mapping[str, str]) -> MovingScreen:
    """Find the house somebody asks for, and list what is open.

    Args:
        given: `q`, an address as people write it; `house_id`, a house that was chosen; what was typed.
    """
    query = given.get("q", "").strip()
    house_id = given.get("house_id", "")
    found = _houses(work, query) if query else None
    house = _house(work, house_id) if house_id.isdecimal() else None
    if found is not None and len(found) == 1 and house is None:
        house = found[0]
    now = work.now.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    defaults = {"what": STARTS[0], "channel": CHANNELS[0], "noticed_at": now}
    return MovingScreen(
        query=query,
        found=found,
        house=house,
        what=tuple((kind.value, written(TITLES[kind])) for kind in STARTS),
        channels=tuple((code, written(CHANNEL_NAMES[code])) for code in CHANNELS),
        typed={**defaults, **given},
        open=tuple(
            (one, time_left(work.now, one.due_at, one.noticed_at)) for one in queries.open_lines(work)
        ),
        done=tuple(queries.done_transfers(work)),
        key=str(new_id()),
    )


def posted_notice(form: Mapping[str, str]) -> Notice:
    """Read the form of a notice.

    Raises:
        FieldsInvalid: no house, or a moment that cannot be read.
    """
    house_id = form.get("house_id", "")
    if not house_id.isdecimal():
        raise FieldsInvalid({"house_id": ("请先选择房屋", {})})
    try:
        noticed_at = datetime.fromisoformat(form.get("noticed_at", ""))
    except ValueError as error:
        raise FieldsInvalid({"noticed_at": ("请填写接到通知的时间", {})}) from error
    moment = noticed_at if noticed_at.tzinfo else noticed_at.replace(tzinfo=ZONE)
    return Notice(int(house_id), moment, form.get("channel", ""))


def _houses(work: Work, query: str) -> tuple[House, ...]:
    return tuple(
        one
        for one in estate.houses_by_address(work, query)
        if work.may(Permission.OWNER_ENTER, one.community_id)
    )


def _house(work: Work, house_id: str) -> House:
    return estate.house(work, int(house_id))
