"""What the pages about people's own data show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.work import Work
from handlers.checking.corrections import own_person
from handlers.estate import queries
from handlers.estate.authorisation import AgreementState, agreements
from handlers.privacy import handing_out, requests
from handlers.privacy.records import RequestState
from handlers.privacy.requests import Request
from handlers.privacy.words import KINDS, ON_BEHALF, PURPOSES, REQUEST_STATES
from web.house_words import RELATIONS
from web.words import either

_LOOKS: Mapping[str, str] = {
    RequestState.OPEN: "soon",
    RequestState.GRANTED: "fine",
    RequestState.RESTRICTED: "soon",
    RequestState.REFUSED: "late",
}

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Line:
    """A request, in words.

    Attributes:
        has_file: the person's data wait to be downloaded, until `file_until`.
    """

    number: str
    kind: str
    state: str
    look: str
    at: datetime
    answer_by: datetime
    answer: str
    is_open: bool
    has_file: bool
    file_until: datetime | None


@dataclass(frozen=True)
class OwnScreen:
    """A resident's page: consents in force, what can be asked, and what was."""

    consents: Options
    kinds: Options
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class DeskScreen:
    """The desk's page for a house."""

    house_id: int
    address: str
    people: Options
    kinds: Options
    scopes: Options
    on_behalf: Options
    lines: tuple[Line, ...]


def own_screen(work: Work) -> OwnScreen:
    """Read a resident's page."""
    person_id = own_person(work)
    said = agreements(work, [person_id]).get(person_id, {}) if person_id is not None else {}
    given = [purpose for purpose, one in said.items() if one.state is AgreementState.GIVEN]
    consents = tuple((str(purpose), either(*PURPOSES[purpose])) for purpose in PURPOSES if purpose in given)
    kinds = tuple((code, either(*names)) for code, names in KINDS.items() if code != "withdraw")
    return OwnScreen(consents, kinds, _lines(work, requests.own(work)))


def desk_screen(work: Work, house_id: int) -> DeskScreen:
    """Read the page of the desk for a house."""
    house = queries.house(work, house_id)
    found = queries.people_of_house(work, house_id)
    people = {one.person.id: f"{one.person.name} · {RELATIONS[one.kind]}" for one in found}
    asked = [row for person_id in people for row in requests.of_person(work, house_id, person_id)]
    return DeskScreen(
        house_id,
        f"{house.community} {house.address}",
        tuple((str(person_id), name) for person_id, name in people.items()),
        _options(KINDS),
        _options(PURPOSES),
        _options(ON_BEHALF),
        _lines(work, sorted(asked, key=lambda row: row.asked_at, reverse=True)),
    )


def hand_out_options(work: Work) -> Options:
    """Name the files that wait to be handed out in person, with until when."""
    return tuple(
        (row.number, f"{row.number} · {either(*KINDS[row.kind])} · {_day(work, row.file_until)}")
        for row in handing_out.waiting(work)
    )


def _day(work: Work, moment: datetime) -> str:
    return f"{moment.astimezone(work.engine.zone):%m-%d %H:%M}"


def _lines(work: Work, found: Iterable[Request]) -> tuple[Line, ...]:
    return tuple(
        Line(
            one.number,
            either(*KINDS[one.kind]),
            either(*REQUEST_STATES[one.state]),
            _LOOKS.get(one.state, ""),
            one.asked_at,
            one.answer_by,
            requests.answer_of(work, one),
            one.state == RequestState.OPEN,
            one.file_name is not None and work.now < one.file_until,
            one.file_until,
        )
        for one in found
    )


def _options(words: Mapping[str, tuple[str, str]]) -> Options:
    return tuple((str(code), either(*names)) for code, names in words.items())
