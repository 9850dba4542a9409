"""The form of a report: what it offers, and how what was posted is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.estate import communities
from handlers.estate.communities import OwnHouse
from handlers.repair import catalogue, contacts, report_drafts, reporting
from handlers.repair.contacts import Contact
from handlers.repair.records import Area
from handlers.repair.writing import FirstLook, first_look
from handlers.shared import attachments
from handlers.shared.attachments import Attachment
from web import fault_tiles
from web.fault_tiles import UNSURE, Tile
from web.numbers import ids
from web.words import either

SOMEBODY_ELSE = "other"


@dataclass(frozen=True)
class Asked:
    """The one question that settles whether a report is urgent."""

    text: str
    urgency: str


@dataclass(frozen=True)
class ReportScreen:
    """The form of a report.

    Attributes:
        contacts: whom to call, for each of the houses; oneself first.
        standing: house -> how the reader stands to it: owner, family, ...
        typed: what was posted and refused, or begun before.
        begun_at: when that was kept, if it was begun before; None for what was just posted.
        reader: account of who sees this.
        kept: files that were uploaded with it and are still there.
        has_lost: others have lapsed since.
        accept_within: by when the desk accepts a report.
    """

    houses: tuple[OwnHouse, ...]
    contacts: tuple[Contact, ...]
    standing: Mapping[int, str]
    tiles: tuple[Tile, ...]
    question: Asked | None
    typed: Mapping[str, Json]
    begun_at: datetime | None
    kept: tuple[Attachment, ...]
    has_lost: bool
    key: str
    reader: int
    accept_within: timedelta

    @property
    def contact(self) -> str:
        """The contact that is chosen at first: what was typed, else oneself."""
        known = [str(one.person_id) for one in self.contacts]
        typed = str(self.typed.get("contact") or "")
        return typed if typed in (*known, SOMEBODY_ELSE) else next(iter(known), SOMEBODY_ELSE)

    @property
    def house(self) -> str:
        """The house that is chosen at first, where there are several."""
        typed = str(self.typed.get("house_id") or "")
        return typed or (str(self.houses[0].id) if self.houses else "")


def report_screen(work: Work, refused: Mapping[str, Json] | None, *, is_asking: bool) -> ReportScreen:
    """Read what the form of a report needs.

    Args:
        refused: what was posted and refused; None where the form is opened, perhaps again.
        is_asking: the report was held back for the one question.
    """
    begun = report_drafts.begun(work) if refused is None else None
    typed = refused or (begun.answers if begun else {})
    question = _look(work, typed).question if is_asking else None
    named = typed.get("photos")
    wanted = set(ids(named)) if isinstance(named, list) else set()
    kept = tuple(one for one in attachments.waiting_uploads(work) if one.id in wanted)
    houses = tuple(communities.own_houses(work))
    households = {house.id: contacts.household(work, house.id) for house in houses}
    found = {one.person_id: one for household in households.values() for one in household}
    return ReportScreen(
        houses=houses,
        contacts=tuple(sorted(found.values(), key=lambda one: not one.is_self)),
        standing={
            house: one.kind for house, household in households.items() for one in household if one.is_self
        },
        tiles=fault_tiles.tiles(work),
        question=Asked(either(question.text, question.text_en), question.urgency) if question else None,
        typed=typed,
        begun_at=begun.saved_at if begun else None,
        kept=kept,
        has_lost=len(kept) < len(wanted),
        key=str(new_id()),
        reader=work.actor.id,
        accept_within=catalogue.accept_within(work),
    )


def submit(work: Work, typed: Mapping[str, Json], key: str | None) -> tuple[str, bool]:
    """Report a fault as it was typed; return its number, and whether it was in already.

    Raises:
        FieldsInvalid: a field is wrong, or the one question must be answered first.
    """
    code = _chosen_fault(work, typed)
    look = _look(work, typed)
    answer = _text(typed, "urgency")
    if look.question is not None and not answer:
        raise FieldsInvalid({"urgency": ("请先回答这个问题", {})})
    photos = typed.get("photos")
    contact = _text(typed, "contact")
    report = reporting.Report(
        area=_area(work, typed, code),
        fault_code=code,
        description=_description(typed, code),
        contact_name=_text(typed, "contact_name"),
        contact_phone=_text(typed, "contact_phone"),
        contact_person_id=next(iter(ids([contact])), None),
        house_id=next(iter(ids([_text(typed, "house_id")])), None),
        place=_text(typed, "place"),
        urgency=look.question.urgency if look.question and answer == look.question.urgency else None,
        attachments=ids(photos) if isinstance(photos, list) else (),
    )
    known = reporting.sent_before(work, report)
    number = known or reporting.report_online(work, report, idempotency_key=key).number
    report_drafts.forget(work)
    return number, known is not None


def _look(work: Work, typed: Mapping[str, Json]) -> FirstLook:
    code = fault_tiles.only_fault(work, _text(typed, "what")) or _text(typed, "fault")
    return first_look(work, _text(typed, "description"), code)


def _text(typed: Mapping[str, Json], name: str) -> str:
    return str(typed.get(name) or "").strip()


def _chosen_fault(work: Work, typed: Mapping[str, Json]) -> str:
    """Return the fault that was chosen; a picture with one fault behind it is enough.

    Raises:
        FieldsInvalid: none, or one behind another picture than the one that was pressed last.
    """
    group, code = _text(typed, "what"), _text(typed, "fault")
    only = fault_tiles.only_fault(work, group)
    if only:
        return only
    if code and (not group or code == UNSURE or fault_tiles.group_of(work, code) == group):
        return code
    if group:
        raise FieldsInvalid({"fault": ("请再选一下具体是哪一种", {})})
    raise FieldsInvalid({"fault": ("请选择什么坏了", {})})


def _area(work: Work, typed: Mapping[str, Json], code: str) -> Area:
    """Return what is broken: where a fault can only be of one kind that decides, else what was said."""
    possible = fault_tiles.areas_of(work, code)
    said = Area.COMMON if _text(typed, "where") == Area.COMMON else Area.PRIVATE
    return said if said in possible or not possible else possible[0]


def _description(typed: Mapping[str, Json], code: str) -> str:
    """Return what was written; who could not name the fault has at least said what it is about."""
    text = _text(typed, "description")
    if text or code != UNSURE:
        return text
    group = _text(typed, "what")
    return fault_tiles.name_of(group) if group != "other" else ""
