"""What the pages of corrections show: what can be corrected, person by person, and how far each one is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel.speaklater import LazyString

from engine.work import Work
from handlers.checking import corrections
from handlers.checking.correction_choices import Choice, choices
from handlers.checking.correction_records import CorrectionState
from handlers.checking.corrections import Correction
from handlers.checking.fields import FIELD_NAMES, Field
from handlers.estate import communities, queries
from web.house_words import RELATIONS
from web.texts import gettext, lazy_gettext
from web.words import either

_STATES: Mapping[str, tuple[LazyString, str]] = {
    CorrectionState.OPEN: (lazy_gettext("待核对"), "soon"),
    CorrectionState.CORRECTED: (lazy_gettext("已更正"), "fine"),
    CorrectionState.REFUSED: (lazy_gettext("未更正"), "late"),
    CorrectionState.WITHDRAWN: (lazy_gettext("已撤回"), ""),
}


@dataclass(frozen=True)
class Group:
    """What can be corrected of one person: (code, label) for each field."""

    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Line:
    """One correction.

    Attributes:
        answer: what is missing, or why not; for who asked.
        asks: photos are missing.
    """

    number: str
    field: str
    state: str
    look: str
    at: datetime
    answer: str
    is_open: bool
    asks: bool


@dataclass(frozen=True)
class Part:
    """One house with what can be corrected there."""

    house_id: int
    address: str
    groups: tuple[Group, ...]
    data: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Screen:
    """Houses, and the corrections of before."""

    parts: tuple[Part, ...]
    lines: tuple[Line, ...]


def desk_screen(work: Work, house_id: int, person_id: int) -> Screen:
    """Read the page of the desk for a house, for one of its people if one is named."""
    house = queries.house(work, house_id)
    found = choices(work, house_id)
    if any(one.person_id == person_id for one in found):
        found = [one for one in found if one.person_id == person_id]
    part = Part(house_id, f"{house.community} {house.address}", _groups(found), ())
    return Screen((part,), _lines(work, corrections.of_house(work, house_id), frozenset()))


def own_screen(work: Work) -> Screen:
    """Read the page of a resident."""
    person = corrections.own_person(work)
    parts = []
    for house in communities.own_houses(work):
        found = choices(work, house.id)
        data = tuple((_name(one.field), one.now) for one in found if one.person_id == person and one.now)
        parts.append(Part(house.id, house.address, _groups(found), data))
    mine = corrections.own(work)
    return Screen(tuple(parts), _lines(work, mine, corrections.asking_for_evidence(work, mine)))


def correction_facts(correction: Correction) -> list[tuple[str, str]]:
    """Say on the page of its case what a correction is about; never a value."""
    return [
        (gettext("更正栏目"), _name(Field(correction.field))),
        (gettext("状态"), str(_STATES[correction.state][0])),
    ]


def _groups(found: Iterable[Choice]) -> tuple[Group, ...]:
    people: dict[tuple[int, str], list[Choice]] = {}
    for one in found:
        people.setdefault((one.person_id, f"{one.who} · {RELATIONS[one.kind]}"), []).append(one)
    return tuple(
        Group(label, tuple((one.code, _option(one)) for one in mine)) for (_, label), mine in people.items()
    )


def _option(one: Choice) -> str:
    return f"{_name(one.field)} · {one.now}" if one.now else _name(one.field)


def _name(field: Field) -> str:
    return either(*FIELD_NAMES[field])


def _lines(work: Work, found: Iterable[Correction], asking: frozenset[int]) -> tuple[Line, ...]:
    return tuple(
        Line(
            number=one.number,
            field=_name(Field(one.field)),
            state=str(_STATES[one.state][0]),
            look=_STATES[one.state][1],
            at=one.requested_at,
            answer=corrections.opened(work, one, "answer"),
            is_open=one.state == CorrectionState.OPEN,
            asks=one.id in asking,
        )
        for one in found
    )
