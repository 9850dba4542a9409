"""Enters people of a case, unchecked, and compares them with what a second person types from the papers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, and_, delete, exists, insert, or_, select, update

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.records import account
from handlers.errors import FieldsInvalid
from handlers.estate.people import (
    CheckedPerson,
    MaskedPerson,
    PersonEntry,
    checked_person,
    find_person,
    masked_person,
    person_values,
    unsealed,
)
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_person,
    estate_relation,
    estate_vehicle,
)
from handlers.moving.cases import Case
from handlers.moving.records import Kind, moving_change, moving_party
from handlers.moving.rules import OWNERS, Standing
from handlers.shared.sealed import vault_of

# Whoever of these is entered is checked by a second person, field by field.
CHECKED_KINDS = (RelationKind.OWNER, RelationKind.CO_OWNER, RelationKind.TENANT, RelationKind.AGENT)
MAIN = 0  # position of the person whom the case is about
_DIGEST = 16
Added = dict[str, str]  # column of estate_person -> digest of what a case wrote into it


@dataclass(frozen=True)
class Member:
    """Somebody to be entered with a case.

    Attributes:
        place: where the form asked for them, before the name of the field: "", or "co_owners.0.".
        through_main: their relation to the house comes through the main person of the case.
        relation: further columns of the relation.
        relation_id: of somebody who is on record already, instead of a relation of their own; of the entry
            only what the record lacks is taken.
    """

    entry: PersonEntry
    kind: RelationKind
    place: str = ""
    through_main: bool = False
    relation: dict[str, Any] = field(default_factory=dict)
    relation_id: int | None = None


@dataclass(frozen=True)
class Party:
    """A person whom a case entered, with the row of the person and of the relation."""

    position: int
    person: Row[Any]
    relation: Row[Any]

    @property
    def is_checked(self) -> bool:
        """Whether a second person looks at it: owners, tenants and agents, not everybody of the family."""
        return self.relation.kind in CHECKED_KINDS


def enter(work: Work, case: Case, members: Sequence[Member]) -> None:
    """Write people and their relations in place of those that the case entered before; nothing counts yet.

    Raises:
        FieldsInvalid: with one message for each field that is wrong, under its place in the form.
    """
    withdraw(work, case)
    main: int | None = None
    entered: set[tuple[int, bool]] = set()
    for position, member in enumerate(members):
        party = _on_record(work, case, member) if member.relation_id else _anew(work, case, member, main)
        who = (party["person_id"], member.kind in OWNERS)
        if who in entered and member.kind in OWNERS:
            raise FieldsInvalid({f"{member.place}name": ("同一人录入了两次，请合并成一行，写明合计份额", {})})
        entered.add(who)
        main = party["person_id"] if position == MAIN else main
        work.connection.execute(
            insert(moving_party).values(id=new_id(), case_id=case.id, position=position, **party)
        )


def _on_record(work: Work, case: Case, member: Member) -> dict[str, Any]:
    """Take somebody whom the records name already; complete what they lack."""
    row = work.connection.execute(
        select(estate_relation).where(
            estate_relation.c.id == member.relation_id,
            estate_relation.c.house_id == case.house_id,
            estate_relation.c.kind == member.kind,
            _is_valid(work),
        )
    ).one_or_none()
    if row is None:
        raise FieldsInvalid({f"{member.place}{member.kind}": ("请从列表中选择", {})})
    added: Added = {}
    if member.entry.phone:
        name = unsealed(work.engine.vault, _row(work, estate_person, row.person_id), "name")
        known = checked_person(PersonEntry(name=name, phone=member.entry.phone), work.now.date())
        added = _complete(work, row.person_id, known, member.place)
    known_party = {"person_id": row.person_id, "relation_id": row.id, "is_new": False, "is_known": True}
    return known_party | {"added": added}


def _anew(work: Work, case: Case, member: Member, main: int | None) -> dict[str, Any]:
    """Enter somebody with a relation that counts for nothing yet."""
    person_id, is_new, added = _person(work, member)
    kind = _kind_of(work, case, member, person_id)
    relation_id = new_id()
    work.connection.execute(
        insert(estate_relation).values(
            id=relation_id,
            house_id=case.house_id,
            person_id=person_id,
            kind=kind,
            through_person_id=main if member.through_main else None,
            valid_from=work.now,
            check_state=CheckState.PENDING,
            entered_by=work.actor.id,
            **{"is_payer": False, **member.relation},
        )
    )
    party = {"person_id": person_id, "relation_id": relation_id, "is_new": is_new, "is_known": False}
    return party | {"added": added}


def withdraw(work: Work, case: Case) -> None:
    """Take back what a case entered and nobody has checked, people included whom nobody else knows.

    What it added to somebody's record goes too, but for what a correction has replaced since.
    """
    rows = work.connection.execute(select(moving_party).where(moving_party.c.case_id == case.id)).all()
    _withdraw_vehicles(work, case)
    for row in rows:
        _take_back(work, row.person_id, row.added or {})
        if row.is_known:
            continue
        work.connection.execute(
            delete(estate_relation).where(
                estate_relation.c.id == row.relation_id, estate_relation.c.check_state == CheckState.PENDING
            )
        )
    work.connection.execute(delete(moving_party).where(moving_party.c.case_id == case.id))
    for row in rows:
        if row.is_new:
            forget(work, row.person_id)


def _withdraw_vehicles(work: Work, case: Case) -> None:
    entered = and_(
        moving_change.c.case_id == case.id,
        moving_change.c.record == "vehicle",
        moving_change.c.change == "begun",
    )
    ids = select(moving_change.c.record_id).where(entered)
    work.connection.execute(delete(estate_vehicle).where(estate_vehicle.c.id.in_(ids)))
    work.connection.execute(delete(moving_change).where(entered))


def forget(work: Work, person_id: int) -> None:
    """Delete a person whom nothing refers to any more."""
    if not _is_known(work, person_id):
        work.connection.execute(delete(estate_person).where(estate_person.c.id == person_id))


def parties(work: Work, case: Case) -> list[Party]:
    """Return whom a case entered, the main person first."""
    found = work.connection.execute(
        select(moving_party).where(moving_party.c.case_id == case.id).order_by(moving_party.c.position)
    )
    return [
        Party(
            row.position,
            _row(work, estate_person, row.person_id),
            _row(work, estate_relation, row.relation_id),
        )
        for row in found
    ]


def standings(work: Work, house_id: int) -> list[Standing]:
    """Return the relations to a house that are in force, but for those that a case just entered."""
    rows = work.connection.execute(
        select(estate_relation)
        .where(
            estate_relation.c.house_id == house_id,
            _is_valid(work),
            or_(
                estate_relation.c.check_state == CheckState.CHECKED,
                estate_relation.c.id.not_in(_just_entered()),
            ),
        )
        .order_by(estate_relation.c.id)
        .with_for_update()
    )
    return [Standing(row.id, row.person_id, row.kind, row.through_person_id, row.share) for row in rows]


def masked(work: Work, house_id: int, *kinds: str) -> list[tuple[int, MaskedPerson]]:
    """Return people who stand to a house in some way now, masked, each with the relation's id."""
    rows = work.connection.execute(
        select(estate_person, estate_relation.c.id.label("relation_id"))
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .where(
            estate_relation.c.house_id == house_id,
            estate_relation.c.kind.in_(kinds),
            estate_relation.c.id.not_in(_just_entered())
            | (estate_relation.c.check_state == CheckState.CHECKED),
            _is_valid(work),
        )
        .order_by(estate_relation.c.id)
    )
    return [(row.relation_id, masked_person(work.engine.vault, row)) for row in rows]


def _just_entered() -> Any:
    """Select the relations that cases wrote; those that were on record before are not among them."""
    return select(moving_party.c.relation_id).where(moving_party.c.is_known.is_(False))


def _is_valid(work: Work) -> Any:
    return and_(
        estate_relation.c.valid_from <= work.now,
        or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
    )


def _person(work: Work, member: Member) -> tuple[int, bool, Added]:
    """Find a person who is known already, or write a new one, and say what a known one's record gained."""
    try:
        person = checked_person(member.entry, work.now.date())
    except FieldsInvalid as invalid:
        raise FieldsInvalid({f"{member.place}{key}": why for key, why in invalid.fields.items()}) from invalid
    vault = vault_of(work.engine)
    known = find_person(work.connection, vault, person)
    if known is not None:
        return known, False, _complete(work, known, person, member.place)
    person_id = new_id()
    work.connection.execute(
        insert(estate_person).values(
            id=person_id, created_at=work.now, checked_at=work.now, **person_values(vault, person_id, person)
        )
    )
    return person_id, True, {}


def _complete(work: Work, person_id: int, person: CheckedPerson, place: str) -> Added:
    """Add what a record lacks, and say what; refuse another phone than it has, for that is a correction."""
    row = _row(work, estate_person, person_id)
    on_record = unsealed(work.engine.vault, row, "phone")
    if on_record and person.phone and on_record != person.phone:
        message = "此人已有登记，登记的手机号与所填不同：请核对，或先办资料更正"
        raise FieldsInvalid({f"{place}phone": (message, {})})
    values = person_values(vault_of(work.engine), person_id, person)
    missing = {key: value for key, value in values.items() if value and not getattr(row, key)}
    if missing:
        work.connection.execute(
            update(estate_person).where(estate_person.c.id == person_id).values(**missing)
        )
    return {column: _digest(value) for column, value in missing.items()}


def _take_back(work: Work, person_id: int, added: Added) -> None:
    """Empty what a case added to a record, where it still says that."""
    if added:
        row = _row(work, estate_person, person_id)
        gone = {column: None for column, digest in added.items() if _digest(getattr(row, column)) == digest}
        if gone:
            work.connection.execute(
                update(estate_person).where(estate_person.c.id == person_id).values(**gone)
            )


def _digest(value: object) -> str:
    plain = value if isinstance(value, bytes) else str(value).encode()
    return hashlib.sha256(plain).hexdigest()[:_DIGEST]


def is_number_unproven(work: Work, case: Case) -> bool:
    """Tell whether a case added the phone of its main person, who acts for some home already.

    Whoever holds that phone would act for that home before a second person has looked at the number.
    """
    added = work.connection.execute(
        select(moving_party.c.added).where(moving_party.c.case_id == case.id, moving_party.c.position == MAIN)
    ).scalar_one_or_none()
    return "phone" in (added or {}) and acts_already(work, parties(work, case)[MAIN].person.id)


def acts_already(work: Work, person_id: int) -> bool:
    """Tell whether somebody stands in a checked relation to any home now."""
    acts = exists().where(
        estate_relation.c.person_id == person_id,
        estate_relation.c.check_state == CheckState.CHECKED,
        _is_valid(work),
    )
    found: bool = work.connection.execute(select(acts)).scalar_one()
    return found


def _kind_of(work: Work, case: Case, member: Member, person_id: int) -> str:
    """Return the kind of somebody's new relation; an owner who stays is entered anew beside the old one.

    The old relation ends with the switch. Until then both are open, so the new one is of the other of the
    two kinds of owner, which have the same rights.
    """
    rows = work.connection.execute(
        select(estate_relation.c.kind).where(
            estate_relation.c.house_id == case.house_id,
            estate_relation.c.person_id == person_id,
            estate_relation.c.valid_to.is_(None),
        )
    )
    held = set(rows.scalars())
    if member.kind not in held:
        return member.kind
    if member.kind in OWNERS and case.kind == Kind.TRANSFER and not held.issuperset(OWNERS):
        return next(one for one in OWNERS if one not in held)
    raise FieldsInvalid({f"{member.place}name": ("此人与这套房屋的这种关系已经登记", {})})


def _is_known(work: Work, person_id: int) -> bool:
    """Tell whether anything else refers to a person."""
    refers = or_(
        exists().where(estate_relation.c.person_id == person_id),
        exists().where(estate_relation.c.through_person_id == person_id),
        exists().where(estate_vehicle.c.person_id == person_id),
        exists().where(account.c.person_id == person_id),
    )
    known: bool = work.connection.execute(select(refers)).scalar_one()
    return known


def _row(work: Work, table: Any, row_id: int) -> Row[Any]:
    row: Row[Any] = work.connection.execute(select(table).where(table.c.id == row_id)).one()
    return row
