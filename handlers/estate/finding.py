"""Finds houses from one field: an address, or the phone or the whole name of somebody on record there."""

from dataclasses import dataclass

from engine import filters
from engine.work import Work
from handlers.estate.identity import InvalidIdentity, normalised_phone
from handlers.estate.queries import House, Related, houses_by_address, people_by_name, people_by_phone
from handlers.shared import access_log
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, scopes_with

SEARCH_PERSON = "search_person"
_AMONG = "people"


@dataclass(frozen=True)
class Found:
    """What a search led to.

    Attributes:
        people: whose number or name it is, with the house of each.
    """

    text: str
    houses: tuple[House, ...]
    people: tuple[Related, ...]


def begin(work: Work, text: str) -> int:
    """Keep a search and return its id; who looked for a person is noted, without the number or name.

    Raises:
        NotPermitted: the actor reads neither houses nor owners anywhere.
        RuleBroken: nothing was typed, or too much.
    """
    _require_reader(work)
    search_id = filters.keep_search(work, text, _AMONG)
    kind = "phone" if _is_phone(text) else "name"
    if not houses_by_address(work, text.strip()):
        access_log.append(work, access_log.Entry(SEARCH_PERSON, "house", 0, detail={"kind": kind}))
    return search_id


def found(work: Work, search_id: int) -> Found:
    """Return what was looked for and what matches, as far as the actor may see it.

    Raises:
        NotPermitted: the actor reads neither houses nor owners anywhere.
    """
    _require_reader(work)
    text = filters.search_text(work, search_id, _AMONG)
    if not text:
        return Found("", (), ())
    houses = tuple(houses_by_address(work, text))
    if houses:
        return Found(text, houses, ())
    people = people_by_phone(work, text) if _is_phone(text) else people_by_name(work, text)
    return Found(text, (), tuple(people))


def _require_reader(work: Work) -> None:
    if scopes_with(work, Permission.OWNER_READ) == frozenset():
        require_somewhere(work, Permission.HOUSE_READ)


def _is_phone(text: str) -> bool:
    try:
        normalised_phone(text)
    except InvalidIdentity:
        return False
    return True
