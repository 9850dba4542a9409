"""Shows the phones of all owners of one unit for one purpose, noted once, for half an hour (policy D3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from engine.ids import new_id
from engine.work import Work
from handlers.errors import FieldsInvalid, RecordNotFound, RuleRefused
from handlers.estate import emergencies
from handlers.estate.authorisation import AgreementState, Purpose, agreements
from handlers.estate.entry import knows_place
from handlers.estate.more_looks import UNITS, extra
from handlers.estate.people import masked_person, unsealed
from handlers.estate.queries import is_valid
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_building,
    estate_house,
    estate_person,
    estate_relation,
    estate_unit,
)
from handlers.shared import access_log, limits, settled, tally
from handlers.shared.alarms import raise_alarm
from handlers.shared.permissions import Permission

UNIT_CONTACTS = "unit_contacts"
PURPOSES = (Purpose.NOTICE, Purpose.REPAIR, Purpose.EMERGENCY)
_OWNERS = (RelationKind.OWNER, RelationKind.CO_OWNER)


@dataclass(frozen=True)
class OwnerLine:
    """An owner of a house of the unit.

    Attributes:
        name: masked.
        phones: in full; masked for who has said no to this use.
        said_no: the person has withdrawn or declined this use; an emergency overrides it.
    """

    house_id: int
    address: str
    name: str
    kind: str
    phones: tuple[str, ...]
    said_no: bool
    checked_at: datetime | None


@dataclass(frozen=True)
class Opened:
    """The contacts of a unit while they are on screen.

    Attributes:
        unchecked: owners whose entry waits for its second check; they are not listed.
        houses_without: how many houses have nobody listed.
    """

    purpose: Purpose
    opened_at: datetime
    until: datetime
    lines: tuple[OwnerLine, ...]
    unchecked: int
    houses_without: int


def open_contacts(work: Work, unit_id: int, purpose: Purpose, reason: str = "") -> None:
    """Note that the actor needs the contacts of a unit, from now for half an hour.

    Pressed again while they are on screen, it changes nothing.

    Raises:
        ActionNotAllowed: the actor's password was reset within the last day.
        RuleRefused: too many units today; security administrators are told.
    """
    _require_unit(work, unit_id)
    settled.require(work)
    if purpose not in PURPOSES:
        raise FieldsInvalid({"purpose": ("请选择用途", {})})
    if purpose is Purpose.EMERGENCY:
        emergencies.require_told(reason)
    opening = _opening(work, unit_id)
    if opening is not None and opening[0] is purpose:
        return
    if _is_used_up(work):
        raise_alarm(work, "unit_contacts_quota", work.actor.id, {})
        tally.add(work, "over")
        work.raise_after_commit(
            RuleRefused("unit_contacts_quota", "今天查看的单元数已达上限，须主管同意才能多看")
        )
        return
    entry_id = new_id()
    sealed = work.engine.vault.seal("access_log", "detail", entry_id, reason.strip())
    detail = {"reason_id": str(entry_id), "reason": sealed}
    access_log.append(work, access_log.Entry(UNIT_CONTACTS, "unit", unit_id, purpose, detail))
    if purpose is Purpose.EMERGENCY:
        emergencies.tell_security(work, entry_id)
    tally.add(work, "rows", len(_owners(work, unit_id)))


def contacts(work: Work, unit_id: int) -> Opened | None:
    """Return the contacts of a unit if the actor has opened them within the last half hour."""
    _require_unit(work, unit_id)
    opening = _opening(work, unit_id)
    if opening is None:
        return None
    settled.require(work)
    purpose, opened_at = opening
    rows = _owners(work, unit_id)
    lines = _lines(work, [row for row in rows if row.check_state == CheckState.CHECKED], purpose)
    houses = set(
        work.connection.execute(select(estate_house.c.id).where(estate_house.c.unit_id == unit_id)).scalars()
    )
    return Opened(
        purpose=purpose,
        opened_at=opened_at,
        until=opened_at + limits.UNIT_CONTACTS_SHOWN,
        lines=lines,
        unchecked=sum(row.check_state != CheckState.CHECKED for row in rows),
        houses_without=len(houses - {line.house_id for line in lines}),
    )


def _owners(work: Work, unit_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    return work.connection.execute(
        select(
            *estate_person.c,
            estate_relation.c.kind,
            estate_relation.c.check_state,
            estate_house.c.id.label("house_id"),
            estate_house.c.address,
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(estate_house.c.unit_id == unit_id, estate_relation.c.kind.in_(_OWNERS), is_valid(work))
        .order_by(estate_house.c.room, estate_relation.c.id)
    ).all()


def _lines(work: Work, rows: Sequence[Row[*tuple[Any, ...]]], purpose: Purpose) -> tuple[OwnerLine, ...]:
    said = agreements(work, (row.id for row in rows))
    vault = work.engine.vault
    lines = []
    for row in rows:
        answer = said.get(row.id, {}).get(purpose)
        said_no = answer is not None and answer.state is not AgreementState.GIVEN
        shown = masked_person(vault, row)
        phones = [shown.phone, shown.other_phone]
        if not said_no or purpose is Purpose.EMERGENCY:
            phones = [unsealed(vault, row, column) for column in ("phone", "other_phone")]
        known = tuple(phone for phone in phones if phone)
        lines.append(
            OwnerLine(row.house_id, row.address, shown.name, row.kind, known, said_no, row.checked_at)
        )
    return tuple(lines)


def _opening(work: Work, unit_id: int) -> tuple[Purpose, datetime] | None:
    """Return for what and when the actor opened a unit, as the log says, if it is still on screen."""
    entry = access_log.newest(work, UNIT_CONTACTS, unit_id, limits.UNIT_CONTACTS_SHOWN)
    return None if entry is None else (Purpose(entry[0]), entry[1])


def _is_used_up(work: Work) -> bool:
    tally.one_at_a_time(work)
    count = access_log.count(work, UNIT_CONTACTS, work.now - timedelta(days=1))
    return count >= limits.UNIT_CONTACTS_PER_DAY and count >= limits.UNIT_CONTACTS_PER_DAY + extra(
        work, UNITS
    )


def _require_unit(work: Work, unit_id: int) -> None:
    row = work.connection.execute(
        select(estate_building.c.community_id)
        .join(estate_unit, estate_unit.c.building_id == estate_building.c.id)
        .where(estate_unit.c.id == unit_id)
    ).one_or_none()
    if row is None or not knows_place(work, row.community_id, 0):
        raise RecordNotFound("unit_not_found", "没有这个单元")
    work.require(Permission.UNIT_CONTACTS_READ, row.community_id)
