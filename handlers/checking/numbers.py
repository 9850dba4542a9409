"""Draws the numbers of corrections and releases, such as G20261123-0007: each once per installation."""

from sqlalchemy import select, update

from engine.store.dialects import insert_new
from engine.store.tables import instance
from engine.work import Work
from handlers.checking.correction_records import correction_number


def next_number(work: Work) -> str:
    """Draw the next number of today; the day's row stays locked until the end of the Work."""
    day = work.now.astimezone(work.engine.zone).date()
    count_up = (
        update(correction_number)
        .where(correction_number.c.day == day)
        .values(last=correction_number.c.last + 1)
        .returning(correction_number.c.last)
    )
    last = work.connection.execute(count_up).scalar_one_or_none()
    if last is None:
        insert_new(work.connection, correction_number, [{"day": day, "last": 0}])
        last = work.connection.execute(count_up).scalar_one()
    return f"G{day:%Y%m%d}-{last:04d}"


def of_case(work: Work, instance_id: int | None) -> str:
    """Return the number of a case; empty when there is none."""
    found = work.connection.execute(
        select(instance.c.business_key).where(instance.c.id == instance_id)
    ).scalar_one_or_none()
    return str(found or "")
