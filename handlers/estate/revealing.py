"""Reveals one value of a person with a purpose and an authorisation, noted before it is shown (policy C4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from engine.ids import new_id
from engine.ports import Actor
from engine.store.tables import instance
from engine.work import Engine, Work
from handlers.errors import ActionNotAllowed, FieldsInvalid, RuleRefused
from handlers.estate import emergencies
from handlers.estate.authorisation import NOTED, Purpose, is_authorised, recorder
from handlers.estate.entry import house_row
from handlers.estate.more_looks import REVEALS, extra
from handlers.estate.people import unsealed
from handlers.estate.queries import person_of_house
from handlers.estate.records import estate_person
from handlers.shared import access_log, limits, settled, tally
from handlers.shared.alarms import raise_alarm
from handlers.shared.permissions import Permission

REVEAL_PHONE = "reveal_phone"
REVEAL_ID = "reveal_id"
_SAME_MOMENT = timedelta(seconds=1)


class Field(StrEnum):
    """What can be revealed, one at a time: columns of a person."""

    PHONE = "phone"
    OTHER_PHONE = "other_phone"
    ID_NUMBER = "id_number"


@dataclass(frozen=True)
class RevealRequest:
    """Whose number is asked for, in connection with which house, and what for.

    Attributes:
        reason: in words; needed in an emergency, which does without an authorisation.
        case_number: of a case about this house; needed for ID numbers by posts that see them for a case only,
            and in an emergency at a house about which something is going on.
    """

    person_id: int
    house_id: int
    purpose: Purpose
    reason: str = ""
    field: Field = Field.PHONE
    case_number: str = ""


# For what each post may ask: one of these permissions is needed beside the one to reveal.
_NEEDED: Mapping[Purpose, tuple[Permission, ...]] = {
    Purpose.REPAIR: (Permission.REPAIR_DISPATCH,),
    Purpose.NOTICE: (Permission.UNIT_CONTACTS_READ,),
    Purpose.FEE: (Permission.FEE_EDIT, Permission.OWNER_ENTER),
    Purpose.EMERGENCY: (Permission.REPAIR_DISPATCH,),
}
# An ID number identifies a debtor or, in an emergency, a person; nobody needs it to repair or to notify.
_FOR_ID = (Purpose.FEE, Purpose.EMERGENCY)


@dataclass(frozen=True)
class Choice:
    """A purpose that the actor may name, and whether the person agreed to it; an emergency asks nobody."""

    purpose: Purpose
    is_open: bool


@dataclass(frozen=True)
class Asking:
    """What somebody has to say before they see a value.

    Attributes:
        needs_case: the number of a case about this house.
        asks_case: the same, in an emergency only.
    """

    choices: tuple[Choice, ...]
    needs_case: bool
    asks_case: bool = False


def asking(work: Work, person_id: int, house_id: int, field: Field) -> Asking:
    """Tell what the actor has to say to see a value of a person.

    Raises:
        RecordNotFound: no such person at this house.
        NotPermitted: the actor's post does not include this.
    """
    scope = house_row(work, house_id).community_id
    needs_case = _require_permission(work, field, scope)
    person_of_house(work, house_id, person_id)
    choices = tuple(
        Choice(purpose, purpose is Purpose.EMERGENCY or is_authorised(work, person_id, purpose))
        for purpose in Purpose
        if _may_ask_for(work, purpose, field, scope)
    )
    may_be_urgent = any(one.purpose is Purpose.EMERGENCY for one in choices)
    return Asking(choices, needs_case, may_be_urgent and emergencies.has_open_case(work, house_id))


def may_reveal(work: Work, field: Field, community_id: int) -> bool:
    """Tell whether the actor's post includes to see values of a kind somewhere."""
    if field is Field.ID_NUMBER:
        needed = (Permission.OWNER_REVEAL_ID, Permission.OWNER_REVEAL_ID_FOR_CASE)
        return any(work.may(permission, community_id) for permission in needed)
    return work.may(Permission.OWNER_REVEAL_PHONE, community_id)


def reveal(engine: Engine, actor: Actor, request: RevealRequest) -> str:
    """Return one value of one person; that it was asked for is durable before it is shown.

    Raises:
        NotPermitted: the actor's post does not include this.
        ActionNotAllowed: the person has not agreed to this use, the post does not use it for this, or the
            actor's password was reset within the last day.
        RuleRefused: the actor has asked too often; security administrators are told.
    """
    value = engine.run(actor, lambda work: _revealed(work, request))
    if value is None:
        raise RuleRefused("reveal_quota", "查看次数已达上限，须主管同意才能多看")
    return value


def _revealed(work: Work, request: RevealRequest) -> str | None:
    """Note the reveal and open the value, or note that the quota is used up and return None."""
    scope = house_row(work, request.house_id).community_id
    needs_case = _require_permission(work, request.field, scope)
    person_of_house(work, request.house_id, request.person_id)
    settled.require(work)
    _require_purpose(work, request, scope)
    is_emergency = request.purpose is Purpose.EMERGENCY
    if is_emergency:
        needs_case = needs_case or emergencies.has_open_case(work, request.house_id)
    case_id = _case(work, request) if needs_case else None
    if is_used_up(work):
        raise_alarm(work, "reveal_quota", work.actor.id, {})
        tally.add(work, "over")
        return None
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == request.person_id)).one()
    entry_id = new_id()
    detail = {
        "field": request.field.value,
        "house": str(request.house_id),
        "case": str(case_id or ""),
        "reason_id": str(entry_id),
        "reason": work.engine.vault.seal("access_log", "detail", entry_id, request.reason.strip()),
    }
    action = REVEAL_ID if request.field is Field.ID_NUMBER else REVEAL_PHONE
    access_log.append(work, access_log.Entry(action, "person", request.person_id, request.purpose, detail))
    if is_emergency:
        emergencies.tell_security(work, entry_id)
    return unsealed(work.engine.vault, row, request.field)


def _require_permission(work: Work, field: Field, scope: int) -> bool:
    """Refuse who may not see a kind of value at all; tell whether a case has to be named."""
    if field is not Field.ID_NUMBER:
        work.require(Permission.OWNER_REVEAL_PHONE, scope)
        return False
    if work.may(Permission.OWNER_REVEAL_ID, scope):
        return False
    work.require(Permission.OWNER_REVEAL_ID_FOR_CASE, scope)
    return True


def _may_ask_for(work: Work, purpose: Purpose, field: Field, scope: int) -> bool:
    if field is Field.ID_NUMBER:
        return purpose in _FOR_ID
    return any(work.may(permission, scope) for permission in _NEEDED[purpose])


def _require_purpose(work: Work, request: RevealRequest, scope: int) -> None:
    if not _may_ask_for(work, request.purpose, request.field, scope):
        raise ActionNotAllowed("purpose_not_of_post", "您的岗位不办理这项用途")
    if request.purpose is Purpose.EMERGENCY:
        emergencies.require_told(request.reason)
    elif not is_authorised(work, request.person_id, request.purpose):
        raise ActionNotAllowed("not_authorised", "业主未授权此用途；如属紧急，请选择“紧急”并写明原因")
    elif _has_noted(work, request):
        raise ActionNotAllowed("own_agreement", "这项授权是您自己登记的，请由同事查看")


def _has_noted(work: Work, request: RevealRequest) -> bool:
    """Tell whether the actor wrote down that the owner agrees: nobody opens a door to themselves."""
    recorded = recorder(work, request.person_id, request.purpose)
    if recorded is None:
        return False
    recorded_by, at = recorded
    if recorded_by is not None:
        return recorded_by == work.actor.id
    # Older records do not say; the log does.
    noted = access_log.Entry(NOTED, "person", request.person_id, request.purpose)
    return access_log.did(work, noted, at - _SAME_MOMENT)


def _case(work: Work, request: RevealRequest) -> int:
    """Return the case about this house for which an ID number is needed."""
    number = request.case_number.strip().upper()
    found: int | None = work.connection.execute(
        select(instance.c.id).where(
            instance.c.business_key == number, instance.c.resident_scope_id == request.house_id
        )
    ).scalar()
    if found is None:
        raise FieldsInvalid({"case_number": ("请填写这套房屋的一个在办或已办事项的单号", {})})
    return found


def is_used_up(work: Work) -> bool:
    """Tell whether the actor has seen as many numbers as the quota, and what a lead added to it, allows."""
    tally.one_at_a_time(work)
    hour, day = _asked(work, timedelta(hours=1)), _asked(work, timedelta(days=1))
    if hour < limits.REVEALS_PER_HOUR and day < limits.REVEALS_PER_DAY:
        return False
    more = extra(work, REVEALS)
    return hour >= limits.REVEALS_PER_HOUR + more or day >= limits.REVEALS_PER_DAY + more


def _asked(work: Work, within: timedelta) -> int:
    since = work.now - within
    return access_log.count(work, REVEAL_PHONE, since) + access_log.count(work, REVEAL_ID, since)
