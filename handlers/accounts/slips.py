"""First passwords on paper, for those without a mobile phone: in no page's source, on no screen, once."""

import json
from dataclasses import dataclass
from datetime import datetime

from engine.work import Work
from handlers.accounts import leads, passwords, trust
from handlers.accounts.staff import log, require_staff, set_first_password
from handlers.errors import RecordNotFound, RuleRefused
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.sealed import Unsealable

_PLACE = ("account", "slip")


@dataclass(frozen=True)
class Slip:
    """What stands on a printed slip that its holder alone opens.

    Attributes:
        ticket: the password, sealed for whoever prints it and for a short while; `printed` opens it.
    """

    name: str
    login: str
    ticket: str
    lapses_at: datetime


def print_slip(work: Work, account_id: int) -> Slip:
    """Make a first password for a sealed slip; it is told this once and kept nowhere.

    Raises:
        RuleRefused: who has a mobile phone gets the password there, and nobody else sees it.
    Source: policy A2.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    trust.require_settled(work)
    row = require_staff(work, account_id)
    if row.phone is not None:
        raise RuleRefused("has_phone", "此账号有手机号，初始密码只发到本人手机")
    if row.state != "active":
        raise RuleRefused("account_off", "账号已停用，请先恢复")
    password = passwords.initial_password()
    set_first_password(work, account_id, password)
    if row.responsibility_accepted_at is not None:
        leads.tell_leads(work, "first_password_again", account_id)
    trust.begin_cool_off_unless_new(work, account_id)
    log(work, "print_slip", account_id)
    unseal = work.engine.vault.open
    ticket = json.dumps([password, str(work.actor.id), work.now.isoformat()])
    return Slip(
        unseal("account", "name", account_id, row.name),
        unseal("account", "login_name", account_id, row.login_name),
        work.engine.vault.seal(*_PLACE, account_id, ticket),
        work.now + limits.INITIAL_PASSWORD_LIFETIME,
    )


def printed(work: Work, account_id: int, ticket: str) -> str:
    """Return the password that a slip is printed with, to who made it and within two minutes.

    Raises:
        RecordNotFound: it is somebody else's, it was altered, or its time is over.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    try:
        password, maker, made_at = json.loads(work.engine.vault.open(*_PLACE, account_id, ticket))
    except (Unsealable, ValueError) as error:
        raise RecordNotFound("slip_over", "密码信封已过期，请重新生成") from error
    is_over = work.now - datetime.fromisoformat(made_at) > limits.SLIP_PRINTED_WITHIN
    if is_over or maker != str(work.actor.id):
        raise RecordNotFound("slip_over", "密码信封已过期，请重新生成")
    return str(password)
