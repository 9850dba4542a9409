"""Asks administrators and heads of finance for a second proof: a code of an authenticator."""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Row, select

from engine.ids import new_id
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import sessions, totp, trust
from handlers.accounts.records import account, account_recovery_code, account_totp
from handlers.accounts.sign_in import count_failure, forget_failures
from handlers.accounts.staff import log, require_staff
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound, RuleRefused
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks alike
_CODE_LENGTH = 10


class CodeRefused(ActionNotAllowed):
    """The code is wrong, too old, or was used before."""


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator is told.

    Attributes:
        address: for the picture.
    """

    secret: str
    address: str


def begin(work: Work) -> None:
    """Draw a secret for the actor's authenticator; it counts once a code of it was given.

    Raises:
        RecordConflict: there is one already; to replace it takes two others.
    """
    if _enrolled(work, work.actor.id) is not None:
        raise RecordConflict("enrolled", "已绑定动态口令，更换须由两位管理员办理")
    work.connection.execute(account_totp.delete().where(account_totp.c.id == work.actor.id))
    sealed = work.engine.vault.seal("account_totp", "secret", work.actor.id, totp.new_secret())
    work.connection.execute(
        account_totp.insert().values(id=work.actor.id, secret=sealed, begun_at=work.now, last_step=0)
    )


def enrolment(work: Work) -> Enrolment | None:
    """Return what the actor's authenticator is told; None before it was begun, and once it counts."""
    row = work.connection.execute(
        select(account_totp).where(account_totp.c.id == work.actor.id)
    ).one_or_none()
    if row is None or row.confirmed_at is not None:
        return None
    login = work.connection.execute(
        select(account.c.login_name).where(account.c.id == work.actor.id)
    ).scalar_one()
    unseal = work.engine.vault.open
    secret = unseal("account_totp", "secret", work.actor.id, row.secret)
    name = unseal("account", "login_name", work.actor.id, login) if login else str(work.actor.id)
    return Enrolment(secret, totp.address_of(secret, name))


@dataclass(frozen=True)
class Bound:
    """What follows when an authenticator counts.

    Attributes:
        recovery_codes: told this once.
        token: of the session from now on; the one before is worth nothing.
    """

    recovery_codes: tuple[str, ...]
    token: str


def confirm(engine: Engine, signed_in: sessions.SignedIn, code: str) -> Bound:
    """Let the authenticator count, and the session with it.

    Raises:
        CodeRefused: the code is wrong.
        SlowDown: too many wrong ones.
    """
    _counted(engine, signed_in.actor.id)

    def check(work: Work) -> Bound:
        row = _row(work, signed_in.actor.id)
        if row is None or row.confirmed_at is not None:
            raise RuleRefused("not_begun", "请先开始绑定")
        _take_step(work, row, code)
        work.connection.execute(
            account_totp.update().where(account_totp.c.id == signed_in.actor.id).values(confirmed_at=work.now)
        )
        token = sessions.note_second_factor(work, signed_in.session_id)
        log(work, "enrol_second_factor", signed_in.actor.id)
        return Bound(_fresh_codes(work, signed_in.actor.id), token)

    bound = engine.run(signed_in.actor, check)
    engine.run(SYSTEM, lambda work: forget_failures(work, _index(engine, signed_in.actor.id)))
    return bound


def prove(engine: Engine, signed_in: sessions.SignedIn, code: str) -> str:
    """Take the second proof of a session: a code of the authenticator, or a recovery code, each once.

    Returns:
        The session's new token; the one before is worth nothing from now on.
    Raises:
        CodeRefused: it is wrong, too old, or was used before.
        SlowDown: too many wrong ones.
    """
    _counted(engine, signed_in.actor.id)

    def check(work: Work) -> str:
        row = _enrolled(work, signed_in.actor.id)
        if row is None:
            raise RuleRefused("not_enrolled", "还没有绑定动态口令")
        given = "".join(code.split()).replace("-", "").upper()
        if len(given) == _CODE_LENGTH:
            _take_recovery_code(work, given)
        else:
            _take_step(work, row, given)
        log(work, "second_factor", signed_in.actor.id)
        return sessions.note_second_factor(work, signed_in.session_id)

    try:
        token = engine.run(signed_in.actor, check)
    except CodeRefused:
        engine.run(signed_in.actor, lambda work: log(work, "second_factor_failed", signed_in.actor.id))
        raise
    engine.run(SYSTEM, lambda work: forget_failures(work, _index(engine, signed_in.actor.id)))
    return token


def ask_reset(work: Work, account_id: int) -> None:
    """Ask that somebody may bind another authenticator; a second person has to confirm it.

    Raises:
        ActionNotAllowed: nobody asks for themselves.
    """
    work.require(Permission.ACCOUNT_END_SESSIONS)
    require_staff(work, account_id)
    if account_id == work.actor.id:
        raise ActionNotAllowed("own_reset", "不能给自己重置动态口令，请由另两人办理")
    asked = work.connection.execute(
        account_totp.update()
        .where(account_totp.c.id == account_id, account_totp.c.reset_asked_by.is_(None))
        .values(reset_asked_by=work.actor.id, reset_asked_at=work.now)
    ).rowcount
    if not asked:
        raise RecordNotFound("no_second_factor", "此账号没有绑定动态口令，或已有人提出重置")
    log(work, "ask_second_factor_reset", account_id)


def confirm_reset(work: Work, account_id: int) -> None:
    """Forget somebody's authenticator, as the second of two persons; their sessions end.

    Raises:
        ActionNotAllowed: who asked, and who it is about, do not confirm it.
    """
    if not work.may(Permission.ACCOUNT_REGISTER):
        work.require(Permission.ACCOUNT_END_SESSIONS)
    row = _row(work, account_id)
    if row is None or row.reset_asked_by is None:
        raise RecordNotFound("no_reset", "没有人提出重置这个账号的动态口令")
    if work.actor.id in (account_id, row.reset_asked_by):
        raise ActionNotAllowed("own_reset", "须由提出人和本人以外的另一人确认")
    trust.require_settled(work)
    work.connection.execute(
        account_recovery_code.delete().where(account_recovery_code.c.account_id == account_id)
    )
    work.connection.execute(account_totp.delete().where(account_totp.c.id == account_id))
    sessions.end_every(work, account_id)
    log(work, "reset_second_factor", account_id)


def _row(work: Work, account_id: int) -> Row[tuple[object, ...]] | None:
    return work.connection.execute(
        select(account_totp).where(account_totp.c.id == account_id).with_for_update()
    ).one_or_none()


def _enrolled(work: Work, account_id: int) -> Row[tuple[object, ...]] | None:
    row = _row(work, account_id)
    return row if row is not None and row.confirmed_at is not None else None


def _counted(engine: Engine, account_id: int) -> None:
    # Count the attempt before looking at the code: fifty guesses at once are fifty attempts.
    index = _index(engine, account_id)
    engine.run(SYSTEM, lambda work: count_failure(work, index, limits.FREE_FAILURES))


def _index(engine: Engine, account_id: int) -> str:
    return vault_of(engine).blind_index("account", f"second:{account_id}")


def _take_step(work: Work, row: Row[tuple[object, ...]], code: str) -> None:
    """Take a code of the authenticator; one that was used, or an older one, is worth nothing."""
    secret = work.engine.vault.open("account_totp", "secret", row.id, row.secret)
    step = totp.step_of(secret, "".join(code.split()), work.now)
    if step is None or step <= row.last_step:
        raise CodeRefused("code_refused", "动态口令不对或已用过，请等下一个")
    work.connection.execute(account_totp.update().where(account_totp.c.id == row.id).values(last_step=step))


def _take_recovery_code(work: Work, code: str) -> None:
    used = work.connection.execute(
        account_recovery_code.update()
        .where(
            account_recovery_code.c.account_id == work.actor.id,
            account_recovery_code.c.code_hash == _hashed(work.actor.id, code),
            account_recovery_code.c.used_at.is_(None),
        )
        .values(used_at=work.now)
    ).rowcount
    if not used:
        raise CodeRefused("code_refused", "备用码不对或已用过")
    log(work, "recovery_code", work.actor.id)


def _fresh_codes(work: Work, account_id: int) -> tuple[str, ...]:
    work.connection.execute(
        account_recovery_code.delete().where(account_recovery_code.c.account_id == account_id)
    )
    codes = [
        "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH)) for _ in range(limits.RECOVERY_CODES)
    ]
    work.connection.execute(
        account_recovery_code.insert(),
        [{"id": new_id(), "account_id": account_id, "code_hash": _hashed(account_id, one)} for one in codes],
    )
    half = _CODE_LENGTH // 2
    return tuple(f"{one[:half]}-{one[half:]}" for one in codes)


def _hashed(account_id: int, code: str) -> str:
    return sha256(f"{account_id}:{code}".encode()).hexdigest()  # fifty random bits need no slow hash
