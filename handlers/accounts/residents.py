"""Opens an account for somebody who may act for a house, at the counter."""

from typing import Any

from sqlalchemy import Row, exists, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts import sessions, staff
from handlers.accounts.logins import add_login, remove_logins
from handlers.accounts.records import account
from handlers.errors import RecordConflict, RuleRefused
from handlers.estate.entry import house_row, require_related
from handlers.estate.identity import IdType, is_mobile
from handlers.estate.people import unsealed
from handlers.estate.queries import who_may_act
from handlers.estate.records import estate_person
from handlers.shared import access_log
from handlers.shared.permissions import Permission


def open_account(work: Work, person_id: int, house_id: int) -> int:
    """Open an account that is bound to all houses the person may act for, and send the first password.

    The person signs in with the mobile number, or the number of the ID card where it is on record. The
    password goes to the phone alone; the person replaces it at the first sign-in.

    Returns:
        The account's id.
    Raises:
        RuleRefused: the person may not act for the house, or no mobile number is on record.
        RecordConflict: they have an account already.
        LoginTaken: the mobile number opens somebody else's account.
    """
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    if person_id not in {acting.person_id for acting in who_may_act(work, house_id)}:
        raise RuleRefused("not_acting", "此人与该房屋没有核对过的有效关系，不能开通账号")
    return _opened(work, person_id)


def register(work: Work, person_id: int, house_id: int) -> int:
    """Open an account for somebody who is being entered for a house; it is bound to nothing until the check.

    Returns, Raises:
        As `open_account`, but for the relation, which may still wait for its second check.
    Source: policy B1.
    """
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    require_related(work, person_id, house_id)
    return _opened(work, person_id)


def withdraw(work: Work, account_id: int) -> None:
    """Take back an account that was opened for the wrong person; for commands that have asked who may.

    Nobody signs in with it any more, and its number is free for the right person.
    """
    for kind in ("mobile", "id_number"):
        remove_logins(work, account_id, kind)
    sessions.end_every(work, account_id)
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(state="disabled", person_id=None, disabled_at=work.now, disabled_by=work.actor.id)
    )
    access_log.append(work, access_log.Entry("withdraw_account", "account", account_id))


def _opened(work: Work, person_id: int) -> int:
    has_account = exists().where(account.c.person_id == person_id)
    if work.connection.execute(select(has_account)).scalar_one():
        raise RecordConflict("account_exists", "此人已有账号")
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == person_id)).one()
    if not is_mobile(unsealed(work.engine.vault, row, "phone")):
        raise RuleRefused("no_mobile", "此人没有登记手机号，请先补登手机号")
    account_id = insert_account(work, row)
    staff.send_first_password(work, account_id)
    access_log.append(work, access_log.Entry("open_account", "account", account_id))
    return account_id


def insert_account(work: Work, person: Row[Any]) -> int:
    """Write an account without a password, found by phone and ID card; for commands that asked who may.

    Args:
        person: the row of estate_person, with a mobile number.
    Raises:
        LoginTaken: the mobile number opens somebody else's account.
    """
    vault = work.engine.vault
    account_id = new_id()
    work.connection.execute(
        account.insert().values(
            id=account_id,
            kind="resident",
            state="active",
            person_id=person.id,
            name=vault.seal("account", "name", account_id, unsealed(vault, person, "name")),
            created_at=work.now,
            created_by=work.actor.id,
        )
    )
    add_login(work, account_id, unsealed(vault, person, "phone"), "mobile")
    if person.id_type == IdType.ID_CARD:
        add_login(work, account_id, unsealed(vault, person, "id_number"), "id_number")
    return account_id
