"""Helps an owner who lost the phone: two proofs, two clerks, a code to the new one."""

import hmac
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select

from engine import instances
from engine.ids import new_id
from engine.work import SYSTEM, Engine, Work
from handlers.accounts.logins import login_index
from handlers.accounts.records import account, account_login
from handlers.accounts.sessions import hash_token
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate.entry import house_row, require_related
from handlers.estate.identity import InvalidIdentity, normalised_mobile
from handlers.owning import quotas
from handlers.owning.codes import CodeRefused, Purpose
from handlers.owning.records import HelpState, owner_code, owner_help
from handlers.shared import access_log, limits
from handlers.shared.messages import message_to
from handlers.shared.numbers import next_number
from handlers.shared.outbox import JobContext
from handlers.shared.permissions import Permission
from handlers.shared.sealed import SealedVault, vault_of

PROCESS = "password_help"
START = "help_asked"
RECORD = "owner_help"
JOB = "help_code"
_LETTER = "W"
_DIGITS = 6
_NOBODY = 0  # the id of no case

Help = Row[Any]


@dataclass(frozen=True)
class Asked:
    """Who stands at the counter, and the phone that the code is to go to."""

    house_id: int
    person_id: int
    new_phone: str


def ask(work: Work, asked: Asked) -> str:
    """Note that an owner cannot be reached by the phone on record, and start the procedure.

    Returns:
        The number of the case.
    Raises:
        FieldsInvalid: the phone is none, or the person has no account.
        RecordConflict: somebody helps this person already.
    Source: policy B3.
    """
    house = house_row(work, asked.house_id)
    work.require(Permission.OWNER_ENTER, house.community_id)
    account_id = _account(work, asked)
    phone = _mobile(asked.new_phone)
    _require_none_open(work, account_id)
    help_id, number = new_id(), next_number(work, _LETTER)
    work.connection.execute(
        owner_help.insert().values(
            id=help_id,
            number=number,
            account_id=account_id,
            person_id=asked.person_id,
            house_id=house.id,
            community_id=house.community_id,
            state=HelpState.OPEN,
            proofs=[],
            new_phone=work.engine.vault.seal("owner_help", "new_phone", help_id, phone),
            failures=0,
            tries=0,
            asked_by=work.actor.id,
            asked_at=work.now,
        )
    )
    access_log.append(work, access_log.Entry("ask_password_help", RECORD, help_id))
    title, title_en = ("密码找回协助", "Help with a password")
    subject = instances.Subject(
        number, house.community_id, title=title, title_en=title_en, place=house.address
    )
    instances.start(work, PROCESS, subject, message=START)
    return number


def enter(engine: Engine, login: str, code: str, address: str) -> str:
    """Take the code that went to the new phone; the owner sets the password next, and nobody else does.

    Args:
        login: the old mobile number or the ID number, as typed.
    Returns:
        The token of the browser that may set a password now.
    Raises:
        CodeRefused: the code is wrong, old or used, or there is no such account; which is not told.
        SlowDown: too many from this address.
    """
    return engine.run(SYSTEM, lambda work: _enter(work, login, code, address))


def by_number(work: Work, number: str) -> Help:
    """Return the row of a case; for its steps, and whoever has asked who may see it."""
    row = work.connection.execute(select(owner_help).where(owner_help.c.number == number)).one_or_none()
    if row is None:
        raise RecordNotFound("help_not_found", "没有这次协助")
    return row


def seen(work: Work, number: str) -> Help:
    """Return a case for the desk there and for who watches over security.

    Raises:
        RecordNotFound: there is none for this actor.
    """
    row = by_number(work, number)
    readers = (Permission.OWNER_ENTER, Permission.SECURITY_LOG_READ)
    if not any(work.may(one, row.community_id) for one in readers):
        raise RecordNotFound("help_not_found", "没有这次协助")
    return row


def change(work: Work, row: Help, **values: object) -> None:
    """Change the row of a case."""
    work.connection.execute(owner_help.update().where(owner_help.c.id == row.id).values(**values))


def failures(work: Work, account_id: int) -> int:
    """Count what failed lately in helping with an account, over all its cases."""
    counted: int = work.connection.execute(
        select(func.coalesce(func.sum(owner_help.c.failures), 0)).where(
            owner_help.c.account_id == account_id,
            owner_help.c.asked_at > work.now - limits.HELP_FAILURES_COUNT_FOR,
        )
    ).scalar_one()
    return int(counted)


def fresh_code(work: Work, row: Help) -> None:
    """Make a code that only the new phone is told; it is derived from a nonce and kept nowhere."""
    until = work.now + limits.HELP_CODE_LIFETIME
    change(work, row, state=HelpState.ISSUED, nonce=secrets.token_hex(32), code_until=until, tries=0)


def deliver(context: JobContext) -> None:
    """Send the code to the new phone, unless it is too old; run by the outbox."""
    number = str(context.job.args["number"])
    with context.engine.reading(SYSTEM) as work:
        row = by_number(work, number)
        is_wanted = row.state == HelpState.ISSUED and work.now < row.code_until and row.new_phone is not None
        phone = work.engine.vault.open("owner_help", "new_phone", row.id, row.new_phone) if is_wanted else ""
    if phone:
        template = context.book.templates["help_code"]
        facts = {"code": digits(vault_of(context.engine), row)}
        write = partial(template.filled, facts)
        message = message_to(context.job.key, template.code, phone, "zh", write, secrets=facts)
        context.channels.sms.send(message)
    with context.engine.work(SYSTEM) as work:
        context.done(work)


def _enter(work: Work, login: str, code: str, address: str) -> str:
    vault = vault_of(work.engine)
    quotas.require(work, vault.blind_index("code_address", address), quotas.ADDRESS)
    row = work.connection.execute(
        select(owner_help)
        .join(account_login, account_login.c.account_id == owner_help.c.account_id)
        .where(
            account_login.c.login_index == login_index(vault, login),
            owner_help.c.state == HelpState.ISSUED,
            owner_help.c.code_until > work.now,
            owner_help.c.tries < limits.CODE_TRIES,
        )
        .with_for_update(of=owner_help)
    ).first()
    typed = "".join(one for one in code if one in "0123456789")
    # The same work for everybody, or its pace would tell whom the desk is helping just now.
    help_id, nonce = (_NOBODY, "") if row is None else (row.id, row.nonce)
    is_right = hmac.compare_digest(_derived(vault, help_id, nonce), typed)
    if row is None or not is_right:
        mine = owner_help.update().where(owner_help.c.id == help_id)
        work.connection.execute(mine.values(tries=owner_help.c.tries + 1))
        access_log.append(work, access_log.Entry("wrong_code", RECORD, help_id))
        work.raise_after_commit(
            CodeRefused("help_code_wrong", "号码或验证码不正确，或已失效；请联系物业前台")
        )
        return ""
    change(work, row, state=HelpState.USED, nonce=None)
    access_log.append(work, access_log.Entry("give_help_code", RECORD, row.id))
    return _proved(work, row)


def _proved(work: Work, row: Help) -> str:
    """Let this browser set the password as after a code to the phone on record."""
    token = secrets.token_urlsafe(32)
    work.connection.execute(
        owner_code.insert().values(
            id=new_id(),
            purpose=Purpose.RESET,
            token_hash=hash_token(token),
            nonce=secrets.token_hex(32),
            person_id=row.person_id,
            account_id=row.account_id,
            tries=1,
            asked_at=work.now,
            expires_at=work.now,
            proved_at=work.now,
        )
    )
    return token


def _account(work: Work, asked: Asked) -> int:
    try:
        require_related(work, asked.person_id, asked.house_id)
    except RecordNotFound as error:
        raise FieldsInvalid({"person_id": ("请选择是谁的账号", {})}) from error
    found = work.connection.execute(
        select(account.c.id).where(
            account.c.person_id == asked.person_id, account.c.kind == "resident", account.c.state == "active"
        )
    ).scalar_one_or_none()
    if found is None:
        raise FieldsInvalid({"person_id": ("此人没有在用的账号，请先注册", {})})
    return int(found)


def _mobile(text: str) -> str:
    try:
        return normalised_mobile(text)
    except InvalidIdentity as error:
        raise FieldsInvalid({"new_phone": (error.message, error.params)}) from error


def _require_none_open(work: Work, account_id: int) -> None:
    number = work.connection.execute(
        select(owner_help.c.number).where(
            owner_help.c.account_id == account_id,
            owner_help.c.state.in_((HelpState.OPEN, HelpState.ISSUED)),
        )
    ).scalar()
    if number is not None:
        raise RecordConflict("help_open", "此人的协助 {number} 正在办理", number=number)


def digits(vault: SealedVault, row: Help) -> str:
    """Return the code that a row stands for; for the message to the new phone, and to compare."""
    return _derived(vault, row.id, row.nonce)


def _derived(vault: SealedVault, help_id: int, nonce: str) -> str:
    derived = vault.blind_index("owner_help", f"{help_id}|{nonce}")
    return str(int(derived, 16) % 10**_DIGITS).zfill(_DIGITS)
