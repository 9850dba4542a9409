"""Lets owners set a new password after a code to the phone on record, when they forgot the old one."""

from sqlalchemy import select

from engine.work import SYSTEM, Engine, Work
from handlers.accounts import sessions, sign_in, trust
from handlers.accounts.logins import login_index
from handlers.accounts.records import account, account_login
from handlers.checking import correction_logins
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate.people import unsealed
from handlers.estate.records import estate_person
from handlers.owning import codes
from handlers.owning.codes import Purpose, Request, Target
from handlers.shared import access_log
from handlers.shared.messages import notification
from handlers.shared.sealed import vault_of


def begin(engine: Engine, login: str, address: str) -> str:
    """Send a code to the phone on record of whoever signs in by a number; unknown ones get the same answer.

    Args:
        login: mobile number or ID number, as typed.
    Returns:
        The token of the browser that may give the code.
    Raises:
        FieldsInvalid: nothing was typed.
        SlowDown: too many for this number or from this address.
    Source: policy B3.
    """
    if not login.strip() or len(login) > 100:
        raise FieldsInvalid({"login": ("请填写手机号或证件号", {})})

    def send(work: Work) -> str:
        index = login_index(vault_of(engine), login)
        found = work.connection.execute(
            select(account.c.id, account.c.person_id)
            .join(account_login, account_login.c.account_id == account.c.id)
            .where(
                account_login.c.login_index == index,
                account.c.kind == "resident",
                account.c.state == "active",
                account.c.person_id.is_not(None),
            )
        ).one_or_none()
        is_new = correction_logins.is_phone_new(work, None if found is None else found.person_id)
        target = None if found is None or is_new else Target(found.person_id, found.id)
        return codes.send(work, Request(Purpose.RESET, index, address), target)

    return engine.run(SYSTEM, send)


def finish(engine: Engine, token: str, password: str, address: str) -> str:
    """Set the new password; every other session ends, and the holder is told.

    Returns:
        The token of a new session.
    Raises:
        CodeRefused: the right code was not given a moment ago.
        PasswordRefused: it breaks the policy or was used before.
    """
    account_id, personal = engine.run(SYSTEM, lambda work: _holder(work, token))
    password_hash = sign_in.fresh_hash(engine, account_id, password, personal)

    def replace(work: Work) -> str:
        row = codes.proved(work, token, Purpose.RESET)
        if correction_logins.is_phone_new(work, row.person_id):
            raise RuleRefused("phone_new", "手机号刚更正，24 小时内不能凭它重设密码，请到物业前台办理")
        state = select(account.c.state).where(account.c.id == row.account_id).with_for_update()
        if work.connection.execute(state).scalar_one() != "active":
            raise RuleRefused("account_off", "此账号已停用，请到物业前台办理")
        sign_in.store_password(work, row.account_id, password_hash)
        trust.begin_cool_off(work, row.account_id)
        sign_in.unlock(work, row.account_id)
        codes.use(work, row.id)
        access_log.append(work, access_log.Entry("reset_password", "account", row.account_id))
        told = notification("owner_password_reset", [f"account:{row.account_id}"], f"password_reset:{row.id}")
        engine.outbox.put_many(work.connection, [told], work.now)
        return sessions.open_session(work, row.account_id, address)

    return engine.run(SYSTEM, replace)


def _holder(work: Work, token: str) -> tuple[int, list[str]]:
    row = codes.proved(work, token, Purpose.RESET)
    person = work.connection.execute(select(estate_person).where(estate_person.c.id == row.person_id)).one()
    return row.account_id, [
        unsealed(work.engine.vault, person, column) for column in ("name", "phone", "id_number")
    ]
