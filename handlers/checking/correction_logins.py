"""Lets an owner's account follow what was corrected: the name it shows, and what it is found by."""

from sqlalchemy import select

from engine.work import Work
from handlers.accounts.logins import add_login, remove_logins
from handlers.accounts.records import account
from handlers.checking.fields import Field
from handlers.estate.identity import IdType, is_mobile
from handlers.estate.records import estate_person


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
