"""Finds out who of a hand-over list is on record already, and writes what is new about them."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, exists, select

from engine.ids import new_id
from engine.work import Work
from handlers.estate.identity import IdType, checked_id
from handlers.estate.import_changes import Changes
from handlers.estate.import_fields import Field
from handlers.estate.people import (
    CheckedPerson,
    find_person,
    id_index,
    name_index,
    person_values,
)
from handlers.estate.records import (
    CheckState,
    estate_authorisation,
    estate_person,
    estate_relation,
    estate_vehicle,
)
from handlers.shared.sealed import vault_of

_ELSEWHERE = "同一人在别处登记的{field}不同；请核对，确需变更的走信息更正"


class Contradiction(Exception):
    """What the list says of a person contradicts what is known.

    Attributes:
        column, message, params: as in RowProblem.
    """

    def __init__(self, column: Field, message: str, **params: object) -> None:
        super().__init__(message)
        self.column = column
        self.message = message
        self.params = params


@dataclass(frozen=True)
class Planned:
    """A person to be written.

    Attributes:
        id: of the record, or None for somebody new.
        person: as they are to be on record.
        is_changed: whether the record differs.
        is_checked: somebody has checked the record, so a change waits until the import is released.
    """

    id: int | None
    person: CheckedPerson
    is_changed: bool
    is_checked: bool = False


class PeopleOfImport:
    """The people of one step of an import, in one Work."""

    def __init__(self, work: Work, changes: Changes) -> None:
        self._work = work
        self._vault = vault_of(work.engine)
        self._changes = changes

    def plan(self, listed: CheckedPerson, house_people: dict[str, int]) -> Planned:
        """Say what is to be written of a listed person, without writing it.

        Args:
            house_people: name index -> person, of the house's owners on record.
        Raises:
            Contradiction: somebody has to decide which is right.
        """
        person_id = self._find(listed, house_people)
        if person_id is None:
            return Planned(None, listed, is_changed=True)
        known = self._known(person_id)
        is_checked = not self._is_unchecked(person_id)
        if is_checked or self._changes.is_described(person_id):
            merged = _completed(known, listed)
        else:
            merged = _overlaid(known, listed)
        return Planned(person_id, merged, merged != known, is_checked)

    def write(self, planned: Planned) -> int:
        """Write a planned person and return their id."""
        person_id = planned.id or new_id()
        self._changes.described(person_id)
        if not planned.is_changed:
            return person_id
        values = person_values(self._vault, person_id, planned.person)
        if planned.id is None:
            row = {"id": person_id, "created_at": self._work.now, **values}
            self._work.connection.execute(estate_person.insert().values(row))
            self._changes.added(estate_person, person_id)
        elif planned.is_checked:
            self._changes.proposed(estate_person, person_id, values)
        else:
            self._changes.changed(estate_person, self._row(person_id))
            self._work.connection.execute(
                estate_person.update().where(estate_person.c.id == person_id).values(values)
            )
        return person_id

    def forget_unrelated(self, person_id: int) -> None:
        """Delete somebody whom an earlier state of the list named and nothing else refers to."""
        tables = (estate_relation, estate_vehicle, estate_authorisation)
        referred = [exists().where(table.c.person_id == person_id) for table in tables]
        referred.append(exists().where(estate_relation.c.through_person_id == person_id))
        for reference in referred:
            if self._work.connection.execute(select(reference)).scalar_one():
                return
        self._changes.removed(estate_person, self._row(person_id))
        self._work.connection.execute(estate_person.delete().where(estate_person.c.id == person_id))

    def _find(self, listed: CheckedPerson, house_people: dict[str, int]) -> int | None:
        """Find the record: by document, by name within the house, or by name and phone."""
        if listed.document is not None:
            by_document = select(estate_person.c.id).where(
                estate_person.c.id_index == id_index(self._vault, listed.document)
            )
            found: int | None = self._work.connection.execute(by_document).scalars().first()
            if found is not None:
                return found
        of_house = house_people.get(name_index(self._vault, listed.name))
        if of_house is not None and (listed.document is None or self._is_unchecked(of_house)):
            return of_house
        return find_person(self._work.connection, self._vault, listed)

    def _known(self, person_id: int) -> CheckedPerson:
        """Return a person as they are on record, or will be once this import is released."""
        proposed = self._changes.proposal(estate_person, person_id)
        values = {**self._row(person_id)._mapping, **proposed}

        def plain(column: str) -> str:
            sealed = values[column]
            return self._vault.open("estate_person", column, person_id, sealed) if sealed else ""

        number, today = plain("id_number"), self._work.now.date()
        return CheckedPerson(
            name=plain("name"),
            phone=plain("phone"),
            other_phone=plain("other_phone"),
            sex=values["sex"],
            document=checked_id(IdType(values["id_type"]), number, today) if number else None,
            postal_address=plain("postal_address"),
        )

    def _row(self, person_id: int) -> Row[Any]:
        query = select(estate_person).where(estate_person.c.id == person_id)
        return self._work.connection.execute(query).one()

    def _is_unchecked(self, person_id: int) -> bool:
        checked = exists().where(
            estate_relation.c.person_id == person_id, estate_relation.c.check_state == CheckState.CHECKED
        )
        return not self._work.connection.execute(select(checked)).scalar_one()


def _overlaid(known: CheckedPerson, listed: CheckedPerson) -> CheckedPerson:
    """Let the list win over what nobody has checked; what it leaves empty stays."""
    names = [field.name for field in fields(CheckedPerson)]
    return CheckedPerson(**{name: getattr(listed, name) or getattr(known, name) for name in names})


def _completed(known: CheckedPerson, listed: CheckedPerson) -> CheckedPerson:
    """Fill in what was unknown, and refuse what contradicts it."""
    if listed.name != known.name:
        raise Contradiction(Field.NAME, _ELSEWHERE, field=Field.NAME)
    if listed.document and known.document and listed.document != known.document:
        raise Contradiction(Field.ID_NUMBER, _ELSEWHERE, field=Field.ID_NUMBER)
    if listed.sex and known.sex and listed.sex != known.sex:
        raise Contradiction(Field.SEX, _ELSEWHERE, field=Field.SEX)
    phones = [phone for phone in (known.phone, known.other_phone) if phone]
    phones += [phone for phone in (listed.phone, listed.other_phone) if phone and phone not in phones]
    if len(phones) > 2:
        raise Contradiction(Field.PHONE, _ELSEWHERE, field=Field.PHONE)
    first, second = [*phones, "", ""][:2]
    return CheckedPerson(
        name=known.name,
        phone=first,
        other_phone=second,
        sex=known.sex or listed.sex,
        document=known.document or listed.document,
        postal_address=known.postal_address or listed.postal_address,
    )
