"""What the cases of each procedure are about, for their pages: facts, photos, and what else can be done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.errors import NotFound
from engine.work import Work
from handlers.checking import corrections
from handlers.moving import queries as moving
from handlers.owning import help_steps, helping
from handlers.privacy import export_steps, exports, request_steps, requests
from handlers.privacy.records import ExportState
from handlers.repair import calls, commands, orders, queries, remarks, story
from handlers.safety import incidents
from handlers.shared.attachments import Attachment
from handlers.staffing import telling as staffing
from web.corrections_screen import correction_facts
from web.repair_words import desk_facts, event_said, tells
from web.texts import gettext
from web.words import said, written


@dataclass(frozen=True)
class Subject:
    """What a case is about.

    Attributes:
        contact: number of the record whose contact can be looked up, or "".
        name, phone: of that contact, masked.
        description: what was reported, in the words of who did.
        added: what the household added to it later, when and in its words.
        is_ringing: a phone of this person rings for it.
        entered: what was entered or decided when, in sentences.
        file_of: number of the export whose file waits for this reader, or "".
    """

    facts: tuple[tuple[str, str], ...] = ()
    photos: tuple[Attachment, ...] = ()
    contact: str = ""
    name: str = ""
    phone: str = ""
    description: str = ""
    added: tuple[tuple[datetime, str], ...] = ()
    is_ringing: bool = False
    entered: tuple[tuple[datetime, str], ...] = ()
    file_of: str = ""


def subject_of(work: Work, process_key: str, number: str) -> Subject:
    """Read what a case is about, as much as the actor may see of it."""
    read = _SUBJECTS.get(process_key)
    if read is None:
        return Subject()
    try:
        return read(work, number)
    except NotFound:
        # Somebody may see the course of a case, such as an old hand of it, and not what it was about.
        return Subject()


def _repair(work: Work, number: str) -> Subject:
    order = queries.order(work, number)
    row = orders.by_number(work.connection, number)
    told = [(one.at, event_said(one)) for one in story.story(work, number) if tells(one)]
    told += [(one.at, said(one.label) + gettext("：") + one.body) for one in remarks.of_order(work, row)]
    return Subject(
        facts=tuple(desk_facts(order)),
        photos=order.media,
        contact=number if order.contact_phone and commands.may_reveal(work, row) else "",
        name=order.contact_name,
        phone=order.contact_phone,
        description=order.description,
        added=tuple((one.at, one.text) for one in orders.notes(work, row.id, orders.ADDED)),
        is_ringing=work.actor.id in calls.ringing(work, row),
        entered=tuple(told),
    )


def _moving(work: Work, number: str) -> Subject:
    facts = moving.case_facts(work, number)
    return Subject(facts=tuple((said(label), written(text)) for label, text in facts))


def _incident(work: Work, number: str) -> Subject:
    return Subject(facts=tuple((said(label), written(text)) for label, text in incidents.told(work, number)))


def _correction(work: Work, number: str) -> Subject:
    correction, photos = corrections.seen(work, number)
    return Subject(facts=tuple(correction_facts(correction)), photos=tuple(photos))


def _export(work: Work, number: str) -> Subject:
    row = exports.seen(work, number)
    is_waiting = row.asked_by == work.actor.id and row.state == ExportState.READY
    return Subject(
        facts=tuple((said(label), written(text)) for label, text in export_steps.said(work, row)),
        file_of=number if is_waiting else "",
    )


def _request(work: Work, number: str) -> Subject:
    facts = request_steps.said(work, requests.seen(work, number))
    return Subject(facts=tuple((said(label), written(text)) for label, text in facts))


def _help(work: Work, number: str) -> Subject:
    facts = help_steps.said(work, helping.seen(work, number))
    return Subject(facts=tuple((said(label), written(text)) for label, text in facts))


def _staffing(work: Work, number: str) -> Subject:
    return Subject(facts=tuple((said(label), written(text)) for label, text in staffing.told(work, number)))


_SUBJECTS: Mapping[str, Callable[[Work, str], Subject]] = {
    "repair": _repair,
    "ownership_transfer": _moving,
    "transfer_reversal": _moving,
    "move_in": _moving,
    "tenant_change": _moving,
    "security_incident": _incident,
    "staff_onboarding": _staffing,
    "staff_offboarding": _staffing,
    "data_correction": _correction,
    "data_export": _export,
    "password_help": _help,
    "privacy_request": _request,
}
