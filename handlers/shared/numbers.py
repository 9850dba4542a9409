"""Draws numbers such as R20261123-0007: each once per installation and letter."""

from sqlalchemy import Table, update

from engine.store.dialects import insert_new
from engine.work import Work
from handlers.shared.records import case_number


def next_number(work: Work, letter: str, counter: Table = case_number) -> str:
    """Draw the next number of today; the day's row stays locked until the end of the Work.

    Args:
        counter: a table whose key is the day, alone or with the letter, and which has the last number.
    """
    day = work.now.astimezone(work.engine.zone).date()
    key = {column.name: day if column.name == "day" else letter for column in counter.primary_key}
    count_up = (
        update(counter)
        .where(*(counter.c[name] == value for name, value in key.items()))
        .values(last=counter.c.last + 1)
        .returning(counter.c.last)
    )
    last = work.connection.execute(count_up).scalar_one_or_none()
    if last is None:
        insert_new(work.connection, counter, [{**key, "last": 0}])
        last = work.connection.execute(count_up).scalar_one()
    return f"{letter}{day:%Y%m%d}-{last:04d}"
