"""Codes by text message: six digits, five minutes, five tries, for one purpose, one browser and one use.

A code is derived from a random nonce with the key of the blind index. No table, job or log holds it, and a
repeated delivery repeats the same code.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from engine.ids import new_id
from engine.ports import OutboxItem
from engine.work import SYSTEM, Engine, Work
from handlers.accounts.sessions import hash_token
from handlers.errors import RuleRefused
from handlers.estate.reaching import address_of_person
from handlers.owning import phones, quotas
from handlers.owning.records import HelpState, owner_code, owner_help
from handlers.shared import access_log, limits, outbox
from handlers.shared.lapsing import LONG_AGO, Lapse, until
from handlers.shared.messages import Address, message_to
from handlers.shared.outbox import JobContext
from handlers.shared.sealed import SealedVault, vault_of

CODE_JOB = "owner_code"
_DIGITS = 6


class Purpose(StrEnum):
    """What a code is for; it is good for nothing else."""

    REGISTER = "register"
    RESET = "reset"
    PHONE_OLD = "phone_old"  # a number on record that is to be replaced still answers
    PHONE_NEW = "phone_new"  # and so does the one that is to replace it


class CodeRefused(RuleRefused):
    """The code is wrong, old, used, or of another browser; which of them is not told."""


@dataclass(frozen=True)
class Target:
    """Whom a code goes to.

    Attributes:
        account_id: of the person; when registering, who has one gets no code but is told so.
        correction_id: of a number; the code goes to the number that it replaces or brings.
    """

    person_id: int
    account_id: int | None = None
    correction_id: int | None = None


@dataclass(frozen=True)
class Request:
    """Who asks for a code.

    Attributes:
        typed: number that was typed, in its one spelling.
        address: network address that the request comes from.
    """

    purpose: Purpose
    typed: str
    address: str


def send(work: Work, request: Request, target: Target | None) -> str:
    """Have a code sent, or do all the same but for the sending where there is nobody to send it to.

    Returns:
        The token of the browser that may give the code.
    Raises:
        SlowDown: too many for this number or from this address.
    """
    index = vault_of(work.engine).blind_index
    quotas.require(work, index("code_address", request.address), quotas.ADDRESS)
    quotas.require(work, index("code_typed", request.typed), quotas.NUMBER)
    # A person may be found by several numbers. Beyond their own quota nothing is sent, and nothing is said.
    person = f"person {target.person_id}" if target else f"nobody {request.typed}"
    if target and target.correction_id:
        person += f" {request.purpose}"  # both numbers of a correction get theirs at once
    is_spent = bool(quotas.count(work, index("code_person", person), quotas.NUMBER))
    reached = None if is_spent else target
    token, code_id = secrets.token_urlsafe(32), new_id()
    work.connection.execute(
        owner_code.insert().values(
            id=code_id,
            purpose=request.purpose,
            token_hash=hash_token(token),
            nonce=secrets.token_hex(32),
            person_id=reached.person_id if reached else None,
            account_id=reached.account_id if reached else None,
            correction_id=reached.correction_id if reached else None,
            tries=0,
            asked_at=work.now,
            expires_at=work.now + limits.CODE_LIFETIME,
        )
    )
    outbox.put(work, OutboxItem(CODE_JOB, {"code_id": str(code_id)}, f"owner_code:{code_id}"))
    access_log.append(work, access_log.Entry(f"ask_{request.purpose}_code", "owner_code", code_id))
    return token


def prove(engine: Engine, token: str, purpose: Purpose, code: str) -> None:
    """Take the code that somebody typed.

    Raises:
        CodeRefused: it is wrong or no longer good.
    """
    engine.run(SYSTEM, lambda work: _prove(work, token, purpose, code))


def _prove(work: Work, token: str, purpose: Purpose, code: str) -> None:
    row = _locked(work, token, purpose)
    if (
        row is None
        or row.proved_at is not None
        or not row.asked_at - limits.CLOCK_SLACK <= work.now < row.expires_at
        or row.tries >= limits.CODE_TRIES
    ):
        raise CodeRefused("code_over", "验证码已失效，请重新获取；收不到验证码请到物业前台办理")
    # The try counts however it ends, so it is kept although the person is refused.
    tries = row.tries + 1
    right = hmac.compare_digest(_digits(vault_of(work.engine), row), _typed(code))
    is_right = right and row.person_id is not None and not _is_told_otherwise(row)
    work.connection.execute(
        owner_code.update()
        .where(owner_code.c.id == row.id)
        .values(tries=tries, proved_at=work.now if is_right else None)
    )
    if not is_right:
        access_log.append(work, access_log.Entry("wrong_code", "owner_code", row.id))
        work.raise_after_commit(
            CodeRefused(
                "code_wrong",
                "验证码不正确，还可试 {left} 次；收不到验证码请到物业前台办理",
                left=limits.CODE_TRIES - tries,
            )
        )


def proved(work: Work, token: str, purpose: Purpose) -> Row[Any]:
    """Return and lock the row of a code that was given a moment ago and not used yet.

    Raises:
        CodeRefused: there is none.
    """
    row = _locked(work, token, purpose)
    if row is None or not _is_fresh(work, row):
        raise CodeRefused("proof_over", "验证已失效，请重新获取验证码")
    return row


def proved_for(work: Work, correction_id: int, purpose: Purpose) -> Row[Any] | None:
    """Return the row of a code for a correction that was given a moment ago and not used yet."""
    rows = work.connection.execute(
        select(owner_code)
        .where(
            owner_code.c.correction_id == correction_id,
            owner_code.c.purpose == purpose,
            owner_code.c.proved_at.is_not(None),
        )
        .order_by(owner_code.c.id.desc())
    )
    return next((row for row in rows if _is_fresh(work, row)), None)


def is_proved(work: Work, token: str, purpose: Purpose) -> bool:
    """Tell whether the browser has given its code and may set a password."""
    row = work.connection.execute(_by_token(token, purpose)).one_or_none()
    return row is not None and _is_fresh(work, row)


def use(work: Work, code_id: int) -> None:
    """Note that what a code was for is done."""
    work.connection.execute(owner_code.update().where(owner_code.c.id == code_id).values(used_at=work.now))


def deliver(context: JobContext) -> None:
    """Send a code, unless there is nobody to send it to or it is too old; run by the outbox."""
    code_id = int(str(context.job.args["code_id"]))
    with context.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(owner_code).where(owner_code.c.id == code_id)).one_or_none()
        is_wanted = row is not None and row.person_id is not None and work.now < row.expires_at
        address = _address(work, row) if row is not None and is_wanted else None
    if row is not None and address is not None and address.phone:
        has_account = _is_told_otherwise(row)
        template = context.book.templates["owner_has_account" if has_account else f"owner_code_{row.purpose}"]
        facts = {} if has_account else {"code": _digits(vault_of(context.engine), row)}
        write = partial(template.filled, facts)
        message = message_to(
            context.job.key, template.code, address.phone, address.language, write, secrets=facts
        )
        context.channels.sms.send(message)
    with context.engine.work(SYSTEM) as work:
        context.done(work)


def _address(work: Work, row: Row[Any]) -> Address | None:
    """Return where a code goes: to the person's number on record, or to a number of a correction."""
    address = address_of_person(work, row.person_id)
    if row.correction_id is None or address is None:
        return address
    return replace(address, phone=phones.number(work, row.correction_id, row.purpose))


def purge(work: Work) -> int:
    """Forget codes of yesterday; what was done with them stands in the access log."""
    limit = work.now - timedelta(days=1)
    over = owner_help.c.state.not_in((HelpState.OPEN, HelpState.ISSUED)) & (owner_help.c.asked_at < limit)
    work.connection.execute(owner_help.update().where(over).values(new_phone=None, nonce=None))
    return work.connection.execute(owner_code.delete().where(owner_code.c.asked_at < limit)).rowcount


def revoke_open(work: Work) -> None:
    """Make every code worthless that was not used yet; for the command that restores."""
    work.connection.execute(
        owner_code.update()
        .where(owner_code.c.used_at.is_(None))
        .values(used_at=work.now, expires_at=work.now)
    )
    helps = owner_help.update().where(owner_help.c.nonce.is_not(None))
    work.connection.execute(helps.values(nonce=secrets.token_hex(32), code_until=work.now))


def _is_over(now: datetime) -> ColumnElement[bool]:
    return and_(owner_code.c.proved_at.is_(None), until(owner_code.c.expires_at, now))


def _is_proof_over(now: datetime) -> ColumnElement[bool]:
    return and_(owner_code.c.used_at.is_(None), owner_code.c.proved_at <= now - limits.PROOF_LIFETIME)


def _is_help_over(now: datetime) -> ColumnElement[bool]:
    return and_(owner_help.c.state == HelpState.ISSUED, until(owner_help.c.code_until, now))


LAPSES = (
    Lapse(owner_code, _is_over, lambda _now: {"expires_at": LONG_AGO}),
    Lapse(owner_code, _is_proof_over, lambda now: {"used_at": now}),
    Lapse(owner_help, _is_help_over, lambda _now: {"code_until": LONG_AGO}),
)


def _is_told_otherwise(row: Row[Any]) -> bool:
    return row.purpose == Purpose.REGISTER and row.account_id is not None


def _is_fresh(work: Work, row: Row[Any]) -> bool:
    """Tell whether the code was given a moment ago and not used yet."""
    if row.proved_at is None or row.used_at is not None:
        return False
    since: timedelta = work.now - row.proved_at
    return -limits.CLOCK_SLACK <= since < limits.PROOF_LIFETIME


def _by_token(token: str, purpose: Purpose) -> Select[Any]:
    return select(owner_code).where(
        owner_code.c.token_hash == hash_token(token), owner_code.c.purpose == purpose
    )


def _locked(work: Work, token: str, purpose: Purpose) -> Row[Any] | None:
    return work.connection.execute(_by_token(token, purpose).with_for_update()).one_or_none()


def _digits(vault: SealedVault, row: Row[Any]) -> str:
    derived = vault.blind_index("owner_code", f"{row.id}|{row.purpose}|{row.nonce}")
    return str(int(derived, 16) % 10**_DIGITS).zfill(_DIGITS)


def _typed(code: str) -> str:
    """Return ASCII digits only, so that pasted spaces do no harm."""
    return "".join(character for character in code if character in "0123456789")
