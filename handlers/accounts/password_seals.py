"""Writes password hashes, each beside a keyed seal, so that one put in by hand opens nothing."""

import hmac
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, exists, select

from engine.work import Work
from handlers.accounts.records import account
from handlers.shared import access_log
from handlers.shared.alarms import raise_alarm
from handlers.shared.records import access_log as entries
from handlers.shared.sealed import vault_of

ALARM = "password_altered"
ADOPTED = "adopt_passwords"


def write(work: Work, account_id: int, password_hash: str, **more: object) -> None:
    """Make a hash an account's password, with its seal; for commands that have asked who may."""
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(
            password_hash=password_hash,
            password_seal=_seal(work, account_id, password_hash),
            password_set_at=work.now,
            password_expires_at=None,
            first_password=None,
            must_change_password=False,
            **more,
        )
    )


def is_whole(work: Work, row: Any) -> bool:
    """Tell whether the platform itself wrote the hash of an account's row.

    One without a seal stems from an earlier version, and counts until those were adopted.
    """
    if row.password_seal is None:
        return not is_adopted(work)
    return hmac.compare_digest(row.password_seal, _seal(work, row.id, row.password_hash))


def raise_altered(work: Work, account_id: int) -> None:
    """Tell the administrators that somebody tried a password which was written past the platform."""
    access_log.append(work, access_log.Entry(ALARM, "account", account_id))
    raise_alarm(work, ALARM, account_id, {})


def altered(work: Work) -> Iterator[Row[Any]]:
    """Find the accounts whose hash the platform did not write, and those of before that nobody adopted."""
    rows = select(account).where(account.c.password_hash.is_not(None)).order_by(account.c.id)
    for row in work.connection.execute(rows.execution_options(yield_per=500)):
        if row.password_seal is None or not is_whole(work, row):
            yield row


def adopt(work: Work) -> list[int]:
    """Seal the hashes of an earlier version, once; return whose they are."""
    if is_adopted(work):
        return []
    of_before = [row for row in altered(work) if row.password_seal is None]
    for row in of_before:
        work.connection.execute(
            account.update()
            .where(account.c.id == row.id)
            .values(password_seal=_seal(work, row.id, row.password_hash))
        )
    note_adopted(work, len(of_before))
    return [row.id for row in of_before]


def note_adopted(work: Work, count: int = 0) -> None:
    """Note that from now on every hash has a seal."""
    access_log.append(work, access_log.Entry(ADOPTED, "access_log", 0, detail={"passwords": count}))


def is_adopted(work: Work) -> bool:
    """Tell whether a hash without a seal counts no longer."""
    about = (entries.c.subject_kind == "access_log", entries.c.subject_id == 0)
    noted = exists().where(*about, entries.c.action == ADOPTED)
    return bool(work.connection.execute(select(noted)).scalar_one())


def _seal(work: Work, account_id: int, password_hash: str) -> str:
    return vault_of(work.engine).proof("password", f"{account_id}|{password_hash}")
