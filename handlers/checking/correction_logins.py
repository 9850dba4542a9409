"""Lets an owner's account follow what was corrected: the name it shows, and what it is found by."""

from sqlalchemy import select

from engine.work import Work
from handlers.accounts import trust
from handlers.accounts.logins import add_login, remove_logins
from handlers.accounts.records import account
from handlers.checking import corrections
from handlers.checking.correction_records import CorrectionState, data_correction
from handlers.checking.fields import Field
from handlers.estate.identity import IdType, is_mobile
from handlers.estate.records import estate_person
from handlers.shared import limits

_NOBODY = 0  # the id of no person


def begin_cool_off(work: Work, person_id: int) -> None:
    """Begin the day in which the account does nothing delicate, because its number was replaced."""
    account_id = work.connection.execute(
        select(account.c.id).where(account.c.person_id == person_id, account.c.kind == "resident")
    ).scalar_one_or_none()
    if account_id is not None:
        trust.begin_cool_off(work, account_id)


def is_phone_new(work: Work, person_id: int | None) -> bool:
    """Tell whether a person's number took the place of another within the last day: it proves nothing yet.

    Whoever had the old one was told, and has this day to say that it was not them. Where nobody was found
    it takes the same work, so that its time tells nothing.
    """
    rows = work.connection.execute(
        select(data_correction).where(
            data_correction.c.person_id == (_NOBODY if person_id is None else person_id),
            data_correction.c.field == Field.PHONE,
            data_correction.c.state == CorrectionState.CORRECTED,
            data_correction.c.settled_at > work.now - limits.COOL_OFF,
        )
    )
    return any(corrections.opened(work, row, "before") for row in rows)


def follow(work: Work, person_id: int, field: Field, value: str) -> None:
    """Change what a person signs in with, in the transaction of the correction.

    Raises:
        LoginTaken: another account is found by the new number.
    """
    account_id = work.connection.execute(
        select(account.c.id).where(account.c.person_id == person_id, account.c.kind == "resident")
    ).scalar_one_or_none()
    if account_id is None:
        return
    if field in (Field.NAME, Field.FAMILY):
        sealed = work.engine.vault.seal("account", "name", account_id, value)
        work.connection.execute(account.update().where(account.c.id == account_id).values(name=sealed))
    elif field is Field.PHONE:
        remove_logins(work, account_id, "mobile")
        if is_mobile(value):
            add_login(work, account_id, value, "mobile")
    elif field is Field.ID_NUMBER:
        remove_logins(work, account_id, "id_number")
        id_type = work.connection.execute(
            select(estate_person.c.id_type).where(estate_person.c.id == person_id)
        ).scalar_one()
        if id_type == IdType.ID_CARD:
            add_login(work, account_id, value, "id_number")
