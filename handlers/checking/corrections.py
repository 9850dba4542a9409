"""Asks for a correction of what is on record, and finds corrections again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, or_, select

from engine import definitions, instances, rights
from engine.ids import new_id
from engine.instances import Subject
from engine.store.tables import instance, task_history, user_task
from engine.work import Work
from handlers.accounts import trust
from handlers.accounts.records import account
from handlers.checking import correction_values, numbers
from handlers.checking.correction_records import CorrectionState, data_correction
from handlers.checking.correction_values import CORRECTABLE, PERSON_COLUMNS, Target
from handlers.checking.fields import FIELD_NAMES, Field
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate.entry import house_row
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_person,
    estate_relation,
    estate_vehicle,
)
from handlers.shared import access_log, attachments, limits
from handlers.shared.attachments import Attachment
from handlers.shared.permissions import Permission

PROCESS = "data_correction"
_EVIDENCE_STEP = "more_evidence"
PHOTOS = "data_correction"  # the kind of record that evidence is attached to

Correction = Row[Any]


@dataclass(frozen=True)
class Asked:
    """A correction that somebody asks for.

    Attributes:
        person_id: whose data; of a house's area, whoever asks or shows the papers.
        vehicle_id: for a number plate.
        photos: uploads that prove the new value.
    """

    field: Field
    house_id: int
    person_id: int
    value: str
    reason: str = ""
    vehicle_id: int | None = None
    photos: tuple[int, ...] = ()


def request(work: Work, asked: Asked) -> str:
    """Ask for a correction, at the desk or as the owner, and start its procedure.

    Nothing on record changes before a second person has checked it.

    Returns:
        The number of the correction.
    Raises:
        FieldsInvalid: the new value cannot be right or changes nothing, or evidence is missing.
        RecordConflict: a correction of this field is open.
        NotPermitted, RecordNotFound: it is not for the actor to ask.
    Source: policy C1, C2.
    """
    house = house_row(work, asked.house_id)
    _require_may_ask(work, asked, house.community_id)
    if work.actor.kind == "resident":
        trust.require_settled(work)
    target = _target(work, asked)
    value = correction_values.checked(work, target, asked.value)
    if _needs_evidence(work, asked.field) and not asked.photos:
        raise FieldsInvalid({"photos": ("此项更正须附凭证照片", {})})
    _require_none_open(work, target)
    return start(work, asked, target, value)


def start(work: Work, asked: Asked, target: Target, value: str) -> str:
    """Write a correction down and start its procedure; for commands that have asked who may."""
    house = house_row(work, asked.house_id)
    correction_id, number = _written(work, asked, target, value, house.community_id)
    attachments.attach(work, asked.photos, PHOTOS, correction_id)
    detail = {"field": asked.field.value}
    access_log.append(work, access_log.Entry("ask_correction", PROCESS, correction_id, detail=detail))
    started = instances.start(
        work,
        PROCESS,
        _subject(number, asked, house),
        message="correction_by_owner" if work.actor.kind == "resident" else "correction_by_staff",
        variables={"field": asked.field.value},
    )
    work.connection.execute(
        data_correction.update().where(data_correction.c.id == correction_id).values(instance_id=started.id)
    )
    return number


def withdraw(work: Work, number: str, reason: str) -> None:
    """Withdraw a correction as who asked for it.

    Raises:
        RecordNotFound: the actor asked for no such correction.
    """
    correction = by_number(work, number)
    if correction.requested_by != work.actor.id:
        raise RecordNotFound("correction_not_found", "没有编号为 {number} 的更正", number=number)
    instances.cancel(work, correction.instance_id, reason)


def by_number(work: Work, number: str) -> Correction:
    """Return the row of a correction; for steps of its case, and whoever has asked who may see it."""
    row = work.connection.execute(
        select(data_correction).where(data_correction.c.number == number)
    ).one_or_none()
    if row is None:
        raise RecordNotFound("correction_not_found", "没有编号为 {number} 的更正", number=number)
    return row


def seen(work: Work, number: str) -> tuple[Correction, list[Attachment]]:
    """Return a correction, for who asked and staff who look owners up, and its papers for who may see them.

    Raises:
        RecordNotFound: there is none, or not for this actor.
    """
    correction = by_number(work, number)
    is_own = correction.requested_by == work.actor.id
    if not (is_own or work.may(Permission.OWNER_READ, correction.community_id)):
        raise RecordNotFound("correction_not_found", "没有编号为 {number} 的更正", number=number)
    is_shown = may_see_evidence(work, correction.id)
    return correction, attachments.attachments_of(work, PHOTOS, correction.id) if is_shown else []


def of_house(work: Work, house_id: int) -> list[Correction]:
    """List the corrections of a house, newest first, for staff who look owners up."""
    work.require(Permission.OWNER_READ, house_row(work, house_id).community_id)
    return _newest(work, data_correction.c.house_id == house_id)


def own(work: Work) -> list[Correction]:
    """List what the actor asked for, newest first."""
    return _newest(work, data_correction.c.requested_by == work.actor.id)


def asking_for_evidence(work: Work, found: Iterable[Correction]) -> frozenset[int]:
    """Return which of these corrections wait for photos."""
    cases = {one.instance_id: one.id for one in found}
    rows = work.connection.execute(
        select(user_task.c.instance_id).where(
            user_task.c.instance_id.in_(cases), user_task.c.step_id == _EVIDENCE_STEP
        )
    )
    return frozenset(cases[row.instance_id] for row in rows)


def evidence_task(work: Work, number: str) -> int:
    """Return the open step in which who asked for a correction adds photos.

    Raises:
        RecordConflict: nothing is missing now.
    """
    found = work.connection.execute(
        select(user_task.c.id)
        .join(data_correction, data_correction.c.instance_id == user_task.c.instance_id)
        .where(
            data_correction.c.number == number,
            data_correction.c.requested_by == work.actor.id,
            user_task.c.step_id == _EVIDENCE_STEP,
        )
    ).scalar_one_or_none()
    if found is None:
        raise RecordConflict("no_evidence_asked", "更正 {number} 现在不需要补充凭证", number=number)
    return int(found)


def offered(work: Work, house_id: int, person_id: int) -> tuple[Field, ...]:
    """Return the fields of a person or their house that the actor may ask to correct."""
    community_id = house_row(work, house_id).community_id
    kinds = _kinds(work, house_id, person_id)
    if not kinds:
        return ()
    is_owner = bool(kinds & {RelationKind.OWNER, RelationKind.CO_OWNER})
    found = []
    for field in CORRECTABLE:
        fits = {
            Field.FAMILY: RelationKind.FAMILY in kinds,
            Field.NAME: kinds != {RelationKind.FAMILY},
            Field.AREA: is_owner,
            Field.OWNED_FROM: is_owner,
        }
        if fits.get(field, True) and _may_ask(work, field, house_id, person_id, community_id):
            found.append(field)
    return tuple(found)


def opened(work: Work, correction: Correction, column: str) -> str:
    """Open one of a correction's sealed values; empty where there is none."""
    sealed = getattr(correction, column)
    return "" if sealed is None else work.engine.vault.open("data_correction", column, correction.id, sealed)


def target_of(correction: Correction) -> Target:
    """Return what a correction is about."""
    return Target(Field(correction.field), correction.subject_id)


def may_see_evidence(work: Work, correction_id: int) -> bool:
    """Tell whether the actor may see the papers of a correction.

    Who asked may, whoever did or may now do a step of its case, and the audit; nobody else who checks data.
    """
    row = work.connection.execute(
        select(data_correction).where(data_correction.c.id == correction_id)
    ).one_or_none()
    if row is None:
        return False
    if row.requested_by == work.actor.id:
        return True
    return work.may(Permission.AUDIT_READ, row.community_id) or _works_on(work, row.instance_id)


def _works_on(work: Work, instance_id: int | None) -> bool:
    """Tell whether the actor has done a step of a case, or may do an open one as the case stands."""
    if instance_id is None:
        return False
    done = exists().where(
        task_history.c.instance_id == instance_id,
        task_history.c.end_kind == "completed",
        task_history.c.actor_id == work.actor.id,
    )
    if work.connection.execute(select(done)).scalar_one():
        return True
    case = work.connection.execute(select(instance).where(instance.c.id == instance_id)).one()
    return any(
        rights.right_to(work, task) is not None and not rights.checks_own(work, task, case)
        for task in work.connection.execute(select(user_task).where(user_task.c.instance_id == instance_id))
    )


def own_person(work: Work) -> int | None:
    """Return the person behind the actor's account, for residents."""
    found: int | None = work.connection.execute(
        select(account.c.person_id).where(account.c.id == work.actor.id)
    ).scalar_one_or_none()
    return found


def _written(work: Work, asked: Asked, target: Target, value: str, community_id: int) -> tuple[int, str]:
    """Write a new correction and return its id and number."""
    correction_id, number = new_id(), numbers.next_number(work)
    seal = work.engine.vault.seal
    before = correction_values.current(work, target)
    work.connection.execute(
        data_correction.insert().values(
            id=correction_id,
            number=number,
            field=asked.field,
            subject_id=target.id,
            person_id=asked.person_id,
            house_id=asked.house_id,
            community_id=community_id,
            state=CorrectionState.OPEN,
            requested_by=work.actor.id,
            requested_at=work.now,
            before=seal("data_correction", "before", correction_id, before),
            after=seal("data_correction", "after", correction_id, value),
            reason=seal("data_correction", "reason", correction_id, asked.reason.strip()[:500]),
        )
    )
    return correction_id, number


def _newest(work: Work, condition: Any) -> list[Correction]:
    rows = work.connection.execute(
        select(data_correction)
        .where(condition)
        .order_by(data_correction.c.requested_at.desc(), data_correction.c.id.desc())
        .limit(limits.PAGE_ROWS)
    )
    return list(rows)


def _require_may_ask(work: Work, asked: Asked, community_id: int) -> None:
    if asked.field not in CORRECTABLE:
        raise FieldsInvalid({"field": ("请选择要更正的栏目", {})})
    if not _may_ask(work, asked.field, asked.house_id, asked.person_id, community_id):
        if work.actor.kind != "resident":
            work.require(Permission.OWNER_ENTER, community_id)
        raise RecordNotFound("record_not_found", "没有要更正的记录")


def _may_ask(work: Work, field: Field, house_id: int, person_id: int, community_id: int) -> bool:
    """Let the desk ask for anything, and residents for their own data and what they keep for the house."""
    if work.actor.kind != "resident":
        return work.may(Permission.OWNER_ENTER, community_id)
    keeps_family = work.may(Permission.FAMILY_EDIT, house_id)
    if field is Field.FAMILY:
        return keeps_family and _is_kept_by_owner(work, house_id, person_id)
    if person_id != own_person(work):
        numbers = (Field.PHONE, Field.OTHER_PHONE)
        return keeps_family and field in numbers and _is_kept_by_owner(work, house_id, person_id)
    return keeps_family if field in (Field.PLATE, Field.AREA, Field.OWNED_FROM) else True


def _is_kept_by_owner(work: Work, house_id: int, person_id: int) -> bool:
    """Tell whether somebody is of the family of this home and of nothing else, and was checked.

    Who has an account keeps the own data; who stands to another home, or is known by a document, is no record
    of this family's.
    """
    elsewhere = exists().where(
        estate_relation.c.person_id == person_id,
        estate_relation.c.house_id != house_id,
        estate_relation.c.kind != RelationKind.EMERGENCY_CONTACT,
    )
    known_otherwise = or_(
        exists().where(account.c.person_id == person_id),
        elsewhere,
        exists().where(estate_person.c.id == person_id, estate_person.c.id_number.is_not(None)),
    )
    known: bool = work.connection.execute(select(known_otherwise)).scalar_one()
    return not known and _kinds(work, house_id, person_id) == {RelationKind.FAMILY}


def _kinds(work: Work, house_id: int, person_id: int) -> set[str]:
    """Return how somebody stands to a house; to residents only what a second person has checked."""
    of_house = select(estate_relation.c.kind).where(
        estate_relation.c.house_id == house_id,
        estate_relation.c.person_id == person_id,
        estate_relation.c.valid_to.is_(None),
    )
    if work.actor.kind == "resident":
        of_house = of_house.where(estate_relation.c.check_state == CheckState.CHECKED)
    return set(work.connection.execute(of_house).scalars())


def _target(work: Work, asked: Asked) -> Target:
    """Find the record; the person must belong to the house."""
    kinds = _kinds(work, asked.house_id, asked.person_id)
    if asked.field is Field.PLATE:
        found = select(estate_vehicle.c.id).where(
            estate_vehicle.c.id == (asked.vehicle_id or 0),
            estate_vehicle.c.house_id == asked.house_id,
            estate_vehicle.c.valid_to.is_(None),
            estate_vehicle.c.check_state == CheckState.CHECKED,
        )
    elif asked.field is Field.OWNED_FROM:
        found = select(estate_relation.c.id).where(
            estate_relation.c.house_id == asked.house_id,
            estate_relation.c.person_id == asked.person_id,
            estate_relation.c.kind.in_((RelationKind.OWNER, RelationKind.CO_OWNER)),
            estate_relation.c.valid_to.is_(None),
        )
    elif asked.field is Field.AREA:
        return Target(asked.field, asked.house_id)
    else:
        found = select(estate_person.c.id).where(estate_person.c.id == asked.person_id)
    row_id = work.connection.execute(found.limit(1)).scalar_one_or_none()
    if row_id is None or not kinds or (asked.field is Field.FAMILY and RelationKind.FAMILY not in kinds):
        raise RecordNotFound("record_not_found", "没有要更正的记录")
    return Target(asked.field, row_id)


def _needs_evidence(work: Work, field: Field) -> bool:
    table = definitions.decision(work.engine, work.connection, PROCESS)
    (row,) = table.evaluate({"field": field.value})
    return row["evidence"] is True


def _require_none_open(work: Work, target: Target) -> None:
    """Let one correction of a field go on at a time; a family member's name is the same field as a name."""
    twins: Sequence[Field] = (target.field,)
    if target.field in PERSON_COLUMNS:
        column = PERSON_COLUMNS[target.field]
        twins = [field for field, own_column in PERSON_COLUMNS.items() if own_column == column]
    number = work.connection.execute(
        select(data_correction.c.number).where(
            data_correction.c.subject_id == target.id,
            data_correction.c.field.in_(twins),
            data_correction.c.state == CorrectionState.OPEN,
        )
    ).scalar()
    if number is not None:
        raise RecordConflict("correction_open", "此项已有更正 {number} 在办，请等它办完", number=number)


def _subject(number: str, asked: Asked, house: Row[Any]) -> Subject:
    chinese, english = FIELD_NAMES[asked.field]
    title, title_en = (f"更正{chinese}", f"Correct: {english}")
    return Subject(number, house.community_id, asked.house_id, title, title_en, house.address)
