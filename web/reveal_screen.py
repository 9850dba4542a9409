"""What is asked before a number is shown, and what is shown with it: who looks, when, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel.speaklater import LazyString

from engine.work import Work
from handlers.estate import house_record, queries, revealing, unit_contacts
from handlers.estate.house_record import Unit
from handlers.estate.people import MaskedPerson
from handlers.estate.queries import House
from handlers.estate.revealing import Field
from handlers.estate.unit_contacts import Opened
from web.house_words import RELATIONS, SCOPES, age_words
from web.texts import lazy_gettext
from web.words import moment

FIELDS = {
    Field.PHONE: lazy_gettext("电话"),
    Field.OTHER_PHONE: lazy_gettext("备用电话"),
    Field.ID_NUMBER: lazy_gettext("证件号码"),
}


@dataclass(frozen=True)
class AskScreen:
    """What somebody has to say before they see a number.

    Attributes:
        choices: (code, label, whether it is open to them).
    """

    house: House
    person: MaskedPerson
    field: Field
    label: LazyString
    choices: tuple[tuple[str, LazyString, bool], ...]
    needs_case: bool
    asks_case: bool
    takes_reason: bool


@dataclass(frozen=True)
class ContactLine:
    """An owner in the list of a unit."""

    house_id: int
    address: str
    name: str
    relation: str
    phones: tuple[str, ...]
    said_no: bool
    age: str
    age_look: str


@dataclass(frozen=True)
class ContactsScreen:
    """The contacts of a unit, or what is asked before.

    Attributes:
        left: until they leave the screen.
    """

    unit: Unit
    choices: tuple[tuple[str, LazyString, bool], ...]
    opened: Opened | None
    lines: tuple[ContactLine, ...]
    purpose: str
    mark: str
    left: timedelta


def ask_screen(work: Work, person_id: int, house_id: int, field: Field) -> AskScreen:
    """Read what is asked before a number of a person is shown."""
    asking = revealing.asking(work, person_id, house_id, field)
    choices = tuple((one.purpose.value, SCOPES[one.purpose], one.is_open) for one in asking.choices)
    return AskScreen(
        house_record.house_record(work, house_id).house,
        queries.person_of_house(work, house_id, person_id),
        field,
        FIELDS[field],
        choices,
        asking.needs_case,
        asking.asks_case,
        any(code == "emergency" for code, _, _ in choices),
    )


def contacts_screen(work: Work, unit_id: int) -> ContactsScreen:
    """Read the contacts of a unit if they are open."""
    opened = unit_contacts.contacts(work, unit_id)
    return ContactsScreen(
        unit=house_record.unit(work, unit_id),
        choices=tuple((code.value, SCOPES[code], True) for code in unit_contacts.PURPOSES),
        opened=opened,
        lines=_lines(opened, work.now) if opened else (),
        purpose=str(SCOPES[opened.purpose]) if opened else "",
        mark=watermark(work),
        left=opened.until - work.now if opened else timedelta(),
    )


def watermark(work: Work) -> str:
    """Say who looks at this moment, for across the page."""
    name = work.engine.directory.names(work.connection, [work.actor.id])[work.actor.id]
    return f"{name} {moment(work.now)}"


def _lines(opened: Opened, now: datetime) -> tuple[ContactLine, ...]:
    return tuple(
        ContactLine(
            one.house_id,
            one.address,
            one.name,
            str(RELATIONS[one.kind]),
            one.phones,
            one.said_no,
            *age_words(one.checked_at, now),
        )
        for one in opened.lines
    )
