"""Finds where a person on record can be reached."""

from sqlalchemy import select

from engine.work import Work
from handlers.estate.identity import is_mobile
from handlers.estate.people import unsealed
from handlers.estate.records import estate_person
from handlers.shared.messages import Address


def address_of_person(work: Work, person_id: int) -> Address | None:
    """Find a person's mobile number; None for somebody who is not on record."""
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == person_id)).one_or_none()
    if row is None:
        return None
    numbers = (unsealed(work.engine.vault, row, column) for column in ("phone", "other_phone"))
    return Address(phone=next((number for number in numbers if is_mobile(number)), ""))
