"""Lets people sign in by login name or mobile number and password, slowing down whoever guesses."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from engine.errors import TransactionLost
from engine.ids import new_id
from engine.ports import Actor, Json
from engine.store.dialects import insert_new
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import habits, password_seals, passwords, sessions
from handlers.accounts.logins import login_index
from handlers.accounts.records import account, account_login, account_old_password, account_throttle
from handlers.errors import ActionNotAllowed, RuleRefused
from handlers.estate.people import unsealed
from handlers.estate.records import estate_person
from handlers.shared import access_log, agreed_texts, limits
from handlers.shared.sealed import vault_of

_HASHER = "password_hasher"

_Candidate = Row[Any, Any, Any, Any, Any]  # id, kind, password_hash, password_seal, password_expires_at


class SignInRefused(ActionNotAllowed):
    """The login or the password is wrong; which of them is not told."""


class SlowDown(RuleRefused):
    """Too many failed attempts; the parameter `seconds` says how long to wait."""


def sign_in(
    engine: Engine, login: str, password: str, address: str, *, device: str = "", bound_phone: bool = False
) -> str:
    """Check a password and begin a session.

    Args:
        login: login name or mobile number, as typed.
        address: network address that the attempt comes from.
        device: token of the browser's long-lived cookie; an unknown one is an unusual device.
        bound_phone: the device is bound to the account, see `sessions.open_session`.
    Returns:
        The session's token, for the cookie.
    Raises:
        SignInRefused: wrong login or password, a disabled account, or a first password that has expired.
        SlowDown: too many failed attempts on this login or from this address.
    """
    # Count the attempt before looking at the password: fifty guesses at once are fifty attempts.
    engine.run(SYSTEM, lambda work: _count_attempt(work, login, address))
    with engine.reading(SYSTEM) as work:
        found = work.connection.execute(
            _CANDIDATE.where(account_login.c.login_index == login_index(vault_of(engine), login))
        ).one_or_none()
    is_right = hasher(engine).verify(found.password_hash if found else None, password)
    if found is None or not is_right:
        account_id = found.id if found else 0
        engine.run(SYSTEM, lambda work: _log(work, "sign_in_failed", account_id))
        raise SignInRefused("sign_in_refused", "登录名或密码不正确")
    _require_whole(engine, found)

    def begin(work: Work) -> str:
        _require_unchanged(work, found)
        _forget_attempts(work, login, address)
        _log(work, "sign_in", found.id)
        if found.kind == "staff":
            habits.watch(work, found.id, address, device)
        return sessions.open_session(work, found.id, address, device=device, bound_phone=bound_phone)

    return engine.run(Actor(found.id, found.kind), begin)


def change_password(engine: Engine, signed_in: sessions.SignedIn, old: str, new: str, address: str) -> str:
    """Replace the holder's own password; every session of the account ends and a new one begins.

    Returns:
        The new session's token.
    Raises:
        SignInRefused: the old password is wrong.
        SlowDown: too many wrong old passwords.
        PasswordRefused: the new one breaks the policy or was used before.
    """
    account_id = signed_in.actor.id
    with engine.reading(signed_in.actor) as work:
        personal = _personal_words(work, account_id)
        used = _old_hashes(work, account_id)
    passwords.require_good(new, personal)
    found = _proved(engine, account_id, old)
    _require_unused(engine, used, new)
    password_hash = hasher(engine).hash(new)

    def replace(work: Work) -> str:
        _require_unchanged(work, found)
        store_password(work, account_id, password_hash)
        _log(work, "change_password", account_id)
        return sessions.open_session(work, account_id, address, proven=not signed_in.must_prove)

    return engine.run(signed_in.actor, replace)


def fresh_hash(engine: Engine, account_id: int, new: str, personal: Iterable[str] = ()) -> str:
    """Hash a new password for a holder who has proved who they are in another way than by the old one.

    Args:
        personal: what else must not appear in it, such as the phone on record.
    Raises:
        PasswordRefused: it breaks the policy or was used before.
    """
    with engine.reading(SYSTEM) as work:
        words = [*_personal_words(work, account_id), *personal]
        used = _old_hashes(work, account_id)
    passwords.require_good(new, words)
    _require_unused(engine, used, new)
    return hasher(engine).hash(new)


def accept_responsibility(work: Work) -> None:
    """Accept, as the holder, to answer for what is done with the account, in the words in force."""
    version = agreed_texts.in_force(agreed_texts.Kind.RESPONSIBILITY).version
    work.connection.execute(
        account.update()
        .where(account.c.id == work.actor.id)
        .values(responsibility_accepted_at=work.now, responsibility_version=version)
    )
    detail: dict[str, Json] = {"version": version}
    entry = access_log.Entry("accept_responsibility", "account", work.actor.id, detail=detail)
    access_log.append(work, entry)


def prove_again(engine: Engine, signed_in: sessions.SignedIn, password: str) -> str:
    """Have the holder give the password once more before something delicate.

    Returns:
        The session's new token; the one before is worth nothing from now on.
    Raises:
        SignInRefused: it is wrong.
        SlowDown: too many wrong ones.
    """
    _proved(engine, signed_in.actor.id, password)
    with engine.work(signed_in.actor) as work:
        return sessions.note_password(work, signed_in.session_id)


def hasher(engine: Engine) -> passwords.Hasher:
    """Return the one hasher of this process, which caps how many hashes run at once."""
    found = engine.cache.setdefault(_HASHER, passwords.Hasher())
    assert isinstance(found, passwords.Hasher)
    return found


def store_password(work: Work, account_id: int, password_hash: str) -> None:
    """Make a hash the account's password and end its sessions; for commands that have asked who may."""
    earlier = work.connection.execute(
        select(account.c.password_hash).where(account.c.id == account_id)
    ).scalar_one()
    if earlier is not None:
        work.connection.execute(
            account_old_password.insert().values(
                id=new_id(), account_id=account_id, password_hash=earlier, set_at=work.now
            )
        )
    password_seals.write(work, account_id, password_hash)
    sessions.end_every(work, account_id)


def delay_after(failures: int, free: int) -> timedelta:
    """Tell how long to wait after a number of failed attempts, of which some are free."""
    if failures < free:
        return timedelta(0)
    doubled = limits.FIRST_DELAY * int(2 ** min(failures - free, 10))
    return min(doubled, limits.LONGEST_DELAY)


def unlock(work: Work, account_id: int) -> None:
    """Forget the failed attempts on an account."""
    indexes = select(account_login.c.login_index).where(account_login.c.account_id == account_id)
    work.connection.execute(account_throttle.delete().where(account_throttle.c.subject_index.in_(indexes)))
    forget_failures(work, _own_index(work.engine, account_id))


def purge_attempts(work: Work) -> int:
    """Delete failed attempts that no longer count."""
    limit = work.now - limits.FAILURES_FORGOTTEN_AFTER
    return work.connection.execute(
        account_throttle.delete().where(account_throttle.c.last_at < limit)
    ).rowcount


_CANDIDATE = (
    select(
        account.c.id,
        account.c.kind,
        account.c.password_hash,
        account.c.password_seal,
        account.c.password_expires_at,
    )
    .outerjoin(account_login, account_login.c.account_id == account.c.id)
    .where(account.c.state == "active", account.c.kind.in_(("staff", "resident")))
)


def _proved(engine: Engine, account_id: int, password: str) -> _Candidate:
    """Check the password of somebody who is signed in already."""
    index = _own_index(engine, account_id)
    engine.run(SYSTEM, lambda work: count_failure(work, index, limits.FREE_FAILURES))
    with engine.reading(SYSTEM) as work:
        found = work.connection.execute(_CANDIDATE.where(account.c.id == account_id)).first()
    if found is None or not hasher(engine).verify(found.password_hash, password):
        engine.run(SYSTEM, lambda work: _log(work, "password_wrong", account_id))
        raise SignInRefused("password_wrong", "密码不正确")
    _require_whole(engine, found)
    engine.run(SYSTEM, lambda work: forget_failures(work, index))
    return found


def _require_whole(engine: Engine, found: _Candidate) -> None:
    """Refuse a password whose hash somebody wrote past the platform, and tell the administrators."""
    with engine.reading(SYSTEM) as work:
        is_whole = password_seals.is_whole(work, found)
    if not is_whole:
        engine.run(SYSTEM, lambda work: password_seals.raise_altered(work, found.id))
        raise SignInRefused("sign_in_refused", "登录名或密码不正确")


def _count_attempt(work: Work, login: str, address: str) -> None:
    vault = vault_of(work.engine)
    count_failure(work, login_index(vault, login), limits.FREE_FAILURES)
    count_failure(work, vault.blind_index("address", address), limits.ADDRESS_FREE_FAILURES)


def count_failure(work: Work, index: str, free: int) -> None:
    """Count an attempt before it is looked at.

    Args:
        free: how many attempts cost no waiting.
    Raises:
        SlowDown: too many before this one.
    """
    fresh = {"subject_index": index, "failures": 0, "last_at": work.now}
    insert_new(work.connection, account_throttle, [fresh])
    row = work.connection.execute(
        select(account_throttle).where(account_throttle.c.subject_index == index).with_for_update()
    ).one_or_none()
    if row is None:  # somebody has forgotten it since it was found there
        raise TransactionLost("transaction_lost", "数据库繁忙，请重试")
    is_clock_back = row.last_at > work.now + limits.CLOCK_SLACK  # then nobody waits for it to catch up
    if row.blocked_until is not None and work.now < row.blocked_until and not is_clock_back:
        seconds = int((row.blocked_until - work.now).total_seconds()) + 1
        raise SlowDown("slow_down", "尝试次数过多，请 {seconds} 秒后再试", seconds=seconds)
    is_forgotten = work.now - row.last_at >= limits.FAILURES_FORGOTTEN_AFTER
    failures = 1 if is_forgotten else row.failures + 1
    delay = delay_after(failures, free)
    work.connection.execute(
        account_throttle.update()
        .where(account_throttle.c.subject_index == index)
        .values(failures=failures, last_at=work.now, blocked_until=work.now + delay if delay else None)
    )


def _forget_attempts(work: Work, login: str, address: str) -> None:
    vault = vault_of(work.engine)
    forget_failures(work, login_index(vault, login))
    # Only this attempt is taken back: an own account must not wash an address clean for guessing at others.
    index = vault.blind_index("address", address)
    work.connection.execute(
        account_throttle.update()
        .where(account_throttle.c.subject_index == index)
        .values(failures=account_throttle.c.failures - 1, blocked_until=None)
    )


def forget_failures(work: Work, index: str) -> None:
    """Forget the attempts, because one was right."""
    work.connection.execute(account_throttle.delete().where(account_throttle.c.subject_index == index))


def _require_unchanged(work: Work, found: _Candidate) -> None:
    """Refuse when the account changed while its password was being checked, outside any transaction."""
    row = work.connection.execute(
        select(account.c.state, account.c.password_hash).where(account.c.id == found.id).with_for_update()
    ).one()
    if row.state != "active" or row.password_hash != found.password_hash:
        raise SignInRefused("sign_in_refused", "登录名或密码不正确")
    if found.password_expires_at is not None and work.now >= found.password_expires_at:
        raise SignInRefused("first_password_expired", "初始密码已过期，请联系行政部门重新发放")


def _personal_words(work: Work, account_id: int) -> list[str]:
    row = work.connection.execute(select(account).where(account.c.id == account_id)).one()
    unseal = work.engine.vault.open
    sealed = ((name, getattr(row, name)) for name in ("name", "phone", "login_name"))
    words = [unseal("account", name, account_id, value) for name, value in sealed if value is not None]
    found = select(estate_person).where(estate_person.c.id == row.person_id)
    for person in work.connection.execute(found) if row.person_id is not None else ():
        columns = ("name", "phone", "other_phone", "id_number")
        words += filter(None, (unsealed(work.engine.vault, person, column) for column in columns))
    return words


def _old_hashes(work: Work, account_id: int) -> list[str]:
    """Return the hashes of the current and the last passwords."""
    current = select(account.c.password_hash).where(account.c.id == account_id)
    older = (
        select(account_old_password.c.password_hash)
        .where(account_old_password.c.account_id == account_id)
        .order_by(account_old_password.c.id.desc())
        .limit(limits.OLD_PASSWORDS_REFUSED - 1)
    )
    hashes = [*work.connection.execute(current).scalars(), *work.connection.execute(older).scalars()]
    return [password_hash for password_hash in hashes if password_hash is not None]


def _require_unused(engine: Engine, used: Iterable[str], new: str) -> None:
    if any(hasher(engine).verify(earlier, new) for earlier in used):
        raise passwords.PasswordRefused(
            "password_used", "不能再用最近 {count} 个密码", count=limits.OLD_PASSWORDS_REFUSED
        )


def _own_index(engine: Engine, account_id: int) -> str:
    return vault_of(engine).blind_index("account", str(account_id))


def _log(work: Work, action: str, account_id: int) -> None:
    access_log.append(work, access_log.Entry(action, "account", account_id))
