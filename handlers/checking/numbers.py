"""Draws the numbers of corrections and releases, such as G20261123-0007: each once per installation."""

from sqlalchemy import select

from engine.store.tables import instance
from engine.work import Work
from handlers.checking.correction_records import correction_number
from handlers.shared import numbers as shared


def next_number(work: Work) -> str:
    """Draw the next number of today."""
    return shared.next_number(work, "G", correction_number)


def of_case(work: Work, instance_id: int | None) -> str:
    """Return the number of a case; empty when there is none."""
    found = work.connection.execute(
        select(instance.c.business_key).where(instance.c.id == instance_id)
    ).scalar_one_or_none()
    return str(found or "")
