"""Erases again whom a restored backup brought back."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from sqlalchemy import select

from engine.work import SYSTEM, Engine, Work
from handlers.accounts.records import account
from handlers.estate.records import estate_person
from handlers.privacy import erased_list, erasing
from handlers.privacy.erased_list import Erased
from handlers.privacy.erasing import Cause


def erase_again(engine: Engine, lists: Iterable[Path]) -> int:
    """Erase everybody on some lists, and on the installation's own, who is not erased here; return how many.

    Each one is a transaction of its own: cut off, it goes on where it stood.
    """
    wanted: set[Erased] = set()
    for path in (erased_list.file_of(engine), *lists):
        wanted |= erased_list.read(path)
    done = sum(engine.run(SYSTEM, partial(_again, one=one)) for one in sorted(wanted))
    erased_list.keep(engine)
    return done


def _again(work: Work, one: Erased) -> bool:
    table = estate_person if one.kind == erasing.PERSON else account
    is_there = work.connection.execute(select(table.c.id).where(table.c.id == one.id)).first() is not None
    if not is_there or erasing.is_erased(work, one.kind, one.id):
        return False
    if one.kind == erasing.PERSON:
        erasing.erase(work, one.id, Cause.RESTORE)
    else:
        erasing.erase_account(work, one.id, Cause.RESTORE)
    return True
