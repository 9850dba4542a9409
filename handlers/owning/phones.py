"""Tells the two numbers of a correction apart: the one on record, and the one that is to replace it."""

from sqlalchemy import select

from engine.work import Work
from handlers.checking import correction_values, corrections
from handlers.checking.correction_records import data_correction
from handlers.estate.identity import is_mobile

OLD, NEW = "phone_old", "phone_new"


def number(work: Work, correction_id: int, which: str) -> str:
    """Return one of the two numbers in clear, for the message to it; empty where no message can reach it."""
    correction = work.connection.execute(
        select(data_correction).where(data_correction.c.id == correction_id)
    ).one()
    if which == NEW:
        found = corrections.opened(work, correction, "after")
    else:
        found = correction_values.current(work, corrections.target_of(correction))
    return found if is_mobile(found) else ""


def wanted(work: Work, correction_id: int) -> tuple[str, ...]:
    """Say which numbers have to answer; where none is on record the new one is enough."""
    return (OLD, NEW) if number(work, correction_id, OLD) else (NEW,)
