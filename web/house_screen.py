"""What the page of a house shows: people by class of data and time, agreements, repairs, what to begin."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from engine.work import Work
from handlers.accounts.house_access import HouseAccess, house_access
from handlers.estate import communities
from handlers.estate import house_record as records
from handlers.estate.authorisation import Purpose
from handlers.estate.consents import HOW_WORDS
from handlers.estate.house_record import HouseRecord, Standing
from handlers.estate.queries import Period
from handlers.estate.revealing import Field, may_reveal
from handlers.repair import queries as repairs
from handlers.repair.queries import OrderLine
from handlers.shared.permissions import Permission
from web.house_links import links_of
from web.house_words import (
    RELATIONS,
    SCOPES,
    age_words,
    agreement_words,
    rights_words,
    span_words,
    time_words,
    why_words,
)
from web.words import either, local_date


@dataclass(frozen=True)
class Scope:
    """One use of somebody's contacts, and what they said to it."""

    code: Purpose
    label: str
    state: str
    look: str
    since: str
    is_given: bool
    papers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Role:
    """What a person is to the house."""

    relation: str
    share: str
    through: str
    time: str
    is_checked: bool
    is_payer: bool


@dataclass(frozen=True)
class Resident:
    """A person of the house, with everything they are to it.

    Attributes:
        given: the uses agreed to, in words; "" when there are none.
        never_asked: they have said nothing to any use yet.
        is_now: one of the roles has begun.
    """

    id: int
    name: str
    phone: str
    other_phone: str
    age: str
    age_look: str
    roles: tuple[Role, ...]
    scopes: tuple[Scope, ...]
    given: tuple[str, ...]
    has_id: bool
    never_asked: bool
    is_now: bool


@dataclass(frozen=True)
class HouseScreen:
    """The page.

    Attributes:
        people, related: those of now and to come; None for who may not read that class.
        ended: relations of before, as (name, relation, time).
        day: the one for which `acting` says who might act, as (name, relation, rights, time).
        staff: whose posts let them see the house on that day, as (name, post and why, time); None for who may
            not know.
        orders: None for who may not read service records.
        reveals: what the reader may see of people in clear, with a purpose.
        may_enter: keep agreements and confirm data.
        may_keep: vehicles and parking places.
    """

    record: HouseRecord
    people: tuple[Resident, ...] | None
    related: tuple[Resident, ...] | None
    ended: tuple[tuple[str, str, str], ...]
    day: date
    acting: tuple[tuple[str, str, str, str], ...]
    staff: tuple[tuple[str, str, str], ...] | None
    orders: tuple[OrderLine, ...] | None
    links: tuple[tuple[str, str, str], ...]
    may_enter: bool
    may_keep: bool
    reveals: tuple[Field, ...]
    reads_units: bool

    @property
    def ways_to_agree(self) -> tuple[tuple[str, str], ...]:
        """In which ways somebody may agree, as (code, words)."""
        return tuple((code, either(*words)) for code, words in HOW_WORDS.items())

    @property
    def keepers(self) -> tuple[Resident, ...]:
        """Whose vehicle one may be: everybody who belongs to the house now, each once."""
        people = {one.id: one for one in (*(self.people or ()), *(self.related or ())) if one.is_now}
        return tuple(people.values())


def house_screen(work: Work, house_id: int, day: date | None) -> HouseScreen:
    """Read the page of a house, and who might act for it on a day; today when none is asked for."""
    record = records.house_record(work, house_id)
    scope = record.house.community_id
    during = Period.of_day(day or local_date(work.now), communities.zone_of(work, scope))
    access = house_access(work, house_id, during)
    reads_service = work.may(Permission.SERVICE_READ, scope)
    day = day or local_date(work.now)
    ended = [one for one in (*(record.basic or ()), *(record.related or ())) if one.is_over]
    return HouseScreen(
        record=record,
        people=None if record.basic is None else _residents(record.basic, work.now),
        related=None if record.related is None else _residents(record.related, work.now),
        ended=tuple((one.person.name, str(RELATIONS[one.kind]), time_words(one)) for one in ended),
        day=day,
        acting=_acting(record, access),
        staff=_staff(work, access),
        orders=tuple(repairs.of_house(work, house_id)) if reads_service else None,
        links=links_of(work, scope, house_id),
        reveals=tuple(field for field in Field if may_reveal(work, field, scope)),
        may_keep=work.may(Permission.FAMILY_EDIT, scope),
        may_enter=work.may(Permission.OWNER_ENTER, scope),
        reads_units=work.may(Permission.HOUSE_READ, scope),
    )


def _acting(record: HouseRecord, access: HouseAccess) -> tuple[tuple[str, str, str, str], ...]:
    names = {one.relation_id: one.person.name for one in (*(record.basic or ()), *(record.related or ()))}
    return tuple(
        (
            names.get(one.relation_id, ""),
            str(RELATIONS[one.kind]),
            rights_words(one.kind),
            span_words(one.acts_from, one.acts_until),
        )
        for one in access.acting
    )


def _staff(work: Work, access: HouseAccess) -> tuple[tuple[str, str, str], ...] | None:
    if access.staff is None:
        return None
    names = work.engine.directory.names(work.connection, {one.account_id for one in access.staff})
    return tuple(
        (names[one.account_id], why_words(one), span_words(one.begins_at, one.ends_at))
        for one in access.staff
    )


def _residents(standings: Iterable[Standing], now: datetime) -> tuple[Resident, ...]:
    found: dict[int, list[Standing]] = {}
    for one in standings:
        if not one.is_over:
            found.setdefault(one.person.id, []).append(one)
    return tuple(_resident(roles, now) for roles in found.values())


def _resident(roles: list[Standing], now: datetime) -> Resident:
    person, agreed = roles[0].person, roles[0].agreed
    age, age_look = age_words(person.checked_at, now)
    scopes = tuple(
        Scope(
            code,
            str(label),
            *agreement_words(agreed.get(code)),
            is_given=_is_given(roles[0], code),
            papers=agreed[code].papers if code in agreed else (),
        )
        for code, label in SCOPES.items()
    )
    return Resident(
        id=person.id,
        name=person.name,
        phone=person.phone,
        other_phone=person.other_phone,
        age=age,
        age_look=age_look,
        roles=tuple(_role(one) for one in roles),
        scopes=scopes,
        given=tuple(scope.label for scope in scopes if scope.is_given),
        has_id=person.has_id,
        never_asked=not agreed,
        is_now=any(one.is_now for one in roles),
    )


def _is_given(one: Standing, code: Purpose) -> bool:
    return code in one.agreed and one.agreed[code].state == "given"


def _role(one: Standing) -> Role:
    return Role(
        str(RELATIONS[one.kind]), one.share, one.through, time_words(one), one.is_checked, one.is_payer
    )
