"""Lets owners enter who of their family lives with them; they count once a second person has checked it."""

from sqlalchemy import exists, insert, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts import trust
from handlers.checking import corrections
from handlers.checking.correction_values import Target
from handlers.checking.corrections import Asked
from handlers.checking.fields import Field
from handlers.errors import RecordConflict, RecordNotFound, RuleRefused
from handlers.estate.entry import house_row
from handlers.estate.people import CheckedPerson, PersonEntry, checked_person, find_person, person_values
from handlers.estate.records import CheckState, RelationKind, estate_person, estate_relation
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of


def add_member(work: Work, house_id: int, name: str, phone: str) -> str:
    """Enter somebody of the own family, unchecked, and have the desk check it.

    Returns:
        The number of the correction in which it is checked.
    Raises:
        FieldsInvalid: no name, or a phone that cannot be one.
        RecordConflict: they are on record for this home already.
        RuleRefused("members_many").
        NotPermitted, RecordNotFound: the home is not the actor's to keep.
        StillCooling: the password was reset within the last day.
    Source: policy B2, C1; domain.md 4.12.
    """
    house_row(work, house_id)
    work.require(Permission.FAMILY_EDIT, house_id)
    trust.require_settled(work)
    own = corrections.own_person(work)
    if own is None:
        raise RecordNotFound("person_not_found", "此房屋没有这位登记人")
    person = checked_person(PersonEntry(name=name, phone=phone), work.now.date())
    _require_room(work, house_id)
    person_id = _person(work, person)
    _require_new(work, house_id, person_id)
    relation_id = new_id()
    work.connection.execute(
        insert(estate_relation).values(
            id=relation_id,
            house_id=house_id,
            person_id=person_id,
            kind=RelationKind.FAMILY,
            through_person_id=own,
            is_payer=False,
            valid_from=work.now,
            check_state=CheckState.PENDING,
            entered_by=work.actor.id,
        )
    )
    said = f"{person.name} {person.phone}".strip()
    return corrections.start(
        work, Asked(Field.MEMBER, house_id, own, said), Target(Field.MEMBER, relation_id), said
    )


def _person(work: Work, person: CheckedPerson) -> int:
    vault = vault_of(work.engine)
    known = find_person(work.connection, vault, person)
    if known is not None:
        return known
    person_id = new_id()
    values = person_values(vault, person_id, person)
    work.connection.execute(insert(estate_person).values(id=person_id, created_at=work.now, **values))
    return person_id


def _require_new(work: Work, house_id: int, person_id: int) -> None:
    is_there = exists().where(
        estate_relation.c.house_id == house_id,
        estate_relation.c.person_id == person_id,
        estate_relation.c.valid_to.is_(None),
    )
    if work.connection.execute(select(is_there)).scalar_one():
        raise RecordConflict("member_exists", "此人已登记在这套房屋")


def _require_room(work: Work, house_id: int) -> None:
    rows = work.connection.execute(
        select(estate_relation.c.id).where(
            estate_relation.c.house_id == house_id,
            estate_relation.c.kind == RelationKind.FAMILY,
            estate_relation.c.valid_to.is_(None),
        )
    )
    if len(rows.all()) >= limits.FAMILY_MEMBERS:
        raise RuleRefused(
            "members_many", "一套房屋最多登记 {most} 位家庭成员，请到前台办理", most=limits.FAMILY_MEMBERS
        )
