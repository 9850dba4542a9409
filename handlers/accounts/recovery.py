"""The way back for an administrator who lost phone and codes and has nobody to ask."""

from sqlalchemy import select

from engine.work import SYSTEM, Work
from handlers.accounts import habits, passwords, sign_in, trust
from handlers.accounts.logins import login_index
from handlers.accounts.records import account, account_login, account_recovery_code, account_totp
from handlers.accounts.staff import log, set_first_password
from handlers.errors import RecordNotFound, RuleRefused
from handlers.shared.alarms import raise_alarm
from handlers.shared.sealed import vault_of

ALARM = "account_recovered"


def recover(work: Work, login: str) -> str:
    """Give an account of a member of staff a fresh first password and forget its authenticator.

    Only the platform itself may, from the command line: whoever runs that has the machine's rights already.
    It is logged, and the security post is told at once.

    Returns:
        The password, to be shown once.
    Raises:
        RecordNotFound: nobody signs in by this.
        RuleRefused: the account was ended, or this comes from elsewhere.
    """
    if work.actor != SYSTEM:
        raise RuleRefused("installation_only", "只能在服务器命令行上办理")
    row = work.connection.execute(
        select(account.c.id, account.c.state)
        .join(account_login, account_login.c.account_id == account.c.id)
        .where(
            account_login.c.login_index == login_index(vault_of(work.engine), login),
            account.c.kind == "staff",
        )
    ).one_or_none()
    if row is None:
        raise RecordNotFound("account_not_found", "没有这个账号")
    if row.state == "disabled":
        raise RuleRefused("account_off", "账号已停用，请先恢复")
    work.connection.execute(account.update().where(account.c.id == row.id).values(state="active"))
    work.connection.execute(
        account_recovery_code.delete().where(account_recovery_code.c.account_id == row.id)
    )
    work.connection.execute(account_totp.delete().where(account_totp.c.id == row.id))
    password = passwords.initial_password()
    set_first_password(work, row.id, password)
    sign_in.unlock(work, row.id)
    trust.begin_cool_off(work, row.id)
    log(work, "recover_account", row.id)
    raise_alarm(work, ALARM, row.id, {"account_id": str(row.id)})
    habits.tell_watchers(work, ALARM, row.id, {"account_id": str(row.id)})
    return password
