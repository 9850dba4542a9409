"""Proposes houses while their address is being typed; people are never proposed."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from engine.work import Work
from handlers.estate.records import estate_building, estate_community, estate_house, estate_unit
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, within

MOST = 8
LONGEST = 20
_PARTS = re.compile(r"[0-9A-Z]+")
_NAME = re.compile(r"[^\W\d_A-Z栋幢号楼座单元门室房]{2,}")
_PHONE = re.compile(r"\d{7,}")


@dataclass(frozen=True)
class Suggestion:
    """A house whose address begins as somebody typed it; `short` is 3-2-502."""

    address: str
    short: str
    community: str


def suggestions(work: Work, text: str) -> list[Suggestion]:
    """Propose the first few houses of an address that is not complete; none for names and phones.

    Raises:
        NotPermitted: the actor reads houses nowhere.
    """
    require_somewhere(work, Permission.HOUSE_READ)
    typed = unicodedata.normalize("NFKC", text).upper()
    parts = _PARTS.findall(typed)
    if not 0 < len(parts) <= 3 or len(typed) > LONGEST or _PHONE.search(typed):
        return []
    names = [estate_community.c.name.contains(name, autoescape=True) for name in _NAME.findall(typed)]
    is_within = within(work, Permission.HOUSE_READ, estate_house.c.community_id)
    rows = work.connection.execute(_houses().where(is_within, _begins(parts), *names)).all()
    return [
        Suggestion(row.address, "-".join(filter(None, (row.building, row.unit, row.room))), row.community)
        for row in rows
    ]


def _houses() -> Select[*tuple[Any, ...]]:
    return (
        select(
            estate_house.c.address,
            estate_house.c.room,
            estate_unit.c.name.label("unit"),
            estate_building.c.name.label("building"),
            estate_community.c.name.label("community"),
        )
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .join(estate_unit, estate_unit.c.id == estate_house.c.unit_id)
        .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
        .order_by(estate_community.c.name, estate_house.c.address, estate_house.c.id)
        .limit(MOST)
    )


def _begins(parts: list[str]) -> ColumnElement[bool]:
    """Say that the last part is the beginning of something, and those before it are whole."""
    building, unit, room = estate_building.c.name, estate_unit.c.name, estate_house.c.room
    first, *rest = parts
    if not rest:
        return or_(building == first, room.startswith(first, autoescape=True))
    if len(rest) == 1:
        return and_(building == first, or_(unit == rest[0], room.startswith(rest[0], autoescape=True)))
    return and_(building == first, unit == rest[0], room.startswith(rest[1], autoescape=True))
