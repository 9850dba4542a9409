"""Draws numbers of cases such as S20261126-0007: each once per installation and letter."""

from sqlalchemy import update

from engine.store.dialects import insert_new
from engine.work import Work
from handlers.shared.records import case_number


def next_number(work: Work, letter: str) -> str:
    """Draw the next number of today; the day's row stays locked until the end of the Work."""
    day = work.now.astimezone(work.engine.zone).date()
    count_up = (
        update(case_number)
        .where(case_number.c.letter == letter, case_number.c.day == day)
        .values(last=case_number.c.last + 1)
        .returning(case_number.c.last)
    )
    last = work.connection.execute(count_up).scalar_one_or_none()
    if last is None:
        insert_new(work.connection, case_number, [{"letter": letter, "day": day, "last": 0}])
        last = work.connection.execute(count_up).scalar_one()
    return f"{letter}{day:%Y%m%d}-{last:04d}"
