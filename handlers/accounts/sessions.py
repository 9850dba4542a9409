"""Sessions kept on the server, so that signing out and disabling an account end them at once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, func, or_, select

from engine.ids import new_id
from engine.ports import Actor
from engine.store.types import UtcDateTime
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import habits
from handlers.accounts.permissions import NOT_BY_SUBSTITUTION, SECOND_FACTOR_POSTS
from handlers.accounts.records import (
    account,
    account_post,
    account_session,
    account_shift,
    account_substitution,
    account_totp,
)
from handlers.shared import agreed_texts, limits
from handlers.shared.sealed import vault_of

DEMONSTRATION = "demo"  # version of the statement that invented staff have accepted; nobody answers for them


@dataclass(frozen=True)
class SignedIn:
    """Who is behind a session.

    Attributes:
        actor: for `engine.work(...)`.
        name: as it is shown to the person.
        must_change_password: nothing else is possible until then.
        must_accept: nothing else is possible until the responsibility for the account is accepted.
        must_enrol: the posts want an authenticator, and none is bound yet.
        must_prove: an authenticator is bound, and this session has not given a code of it yet.
        proved_at: when the password was last given; some actions want it to be recent.
    """

    session_id: int
    actor: Actor
    name: str
    language: str
    must_change_password: bool
    must_accept: bool
    must_enrol: bool
    must_prove: bool
    proved_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class OpenSession:
    """A session as its holder sees it in the list of own sign-ins."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str


def open_session(
    work: Work,
    account_id: int,
    address: str,
    *,
    device: str = "",
    bound_phone: bool = False,
    proven: bool = False,
) -> str:
    """Begin a session for somebody who has just proved who they are, and return its token.

    Args:
        address: network address, kept sealed.
        device: token of the browser's long-lived cookie.
        bound_phone: the device is the phone bound to the account; staff on shift then stay signed in until
            the shift ends.
        proven: a session that this one replaces has given a code of the authenticator.
    """
    idle, expires_at = _lifetime(work, account_id, bound_phone)
    token = secrets.token_urlsafe(32)
    session_id = new_id()
    vault = vault_of(work.engine)
    work.connection.execute(
        account_session.insert().values(
            id=session_id,
            token_hash=hash_token(token),
            account_id=account_id,
            created_at=work.now,
            last_seen_at=work.now,
            idle_seconds=int(idle.total_seconds()),
            expires_at=expires_at,
            proved_at=work.now,
            second_factor_at=work.now if proven else None,
            device_index=vault.blind_index("device", device) if device else None,
            place_index=vault.blind_index("place", habits.place_of(address)),
            address=work.engine.vault.seal("account_session", "address", session_id, address),
        )
    )
    return token


def resume(engine: Engine, token: str) -> SignedIn | None:
    """Find who is behind a token; None when it is unknown, over, idle for too long, or the account is off."""
    if not token:
        return None
    with engine.reading(SYSTEM) as work:
        now = work.now
        row = work.connection.execute(_SESSION, {"now": now, "token_hash": hash_token(token)}).one_or_none()
    if row is None or now >= row.expires_at:
        return None
    unseen = now - row.last_seen_at
    # After the clock was put back nobody knows for how long a session was idle: its holder signs in again.
    if unseen >= timedelta(seconds=row.idle_seconds) or unseen < -limits.CLOCK_SLACK:
        return None
    if unseen >= limits.LAST_SEEN_STEP:
        with engine.work(SYSTEM) as work:
            _touch(work, row.id)
    return _signed_in(engine, row)


def lapsed(engine: Engine, token: str) -> Actor | None:
    """Find the resident whose session ran out by time alone, so that photos they are sending can be kept.

    A session that somebody ended names nobody any more.
    """
    if not token:
        return None
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(
            _SESSION, {"now": work.now, "token_hash": hash_token(token)}
        ).one_or_none()
    return Actor(row.account_id, row.kind) if row is not None and row.kind == "resident" else None


def end(engine: Engine, token: str) -> None:
    """Sign out: the token is worth nothing from now on."""
    with engine.work(SYSTEM) as work:
        _end(work, _by_token(token))


def end_own(work: Work, session_id: int) -> None:
    """End one of the actor's own sessions, such as the one on a lost phone."""
    _end(work, and_(account_session.c.id == session_id, account_session.c.account_id == work.actor.id))


def own_sessions(work: Work) -> list[OpenSession]:
    """List the actor's own sessions that are still open, newest first."""
    return sessions_of(work, work.actor.id)


def sessions_of(work: Work, account_id: int) -> list[OpenSession]:
    """List an account's open sessions, newest first; for queries that have asked who may."""
    rows = work.connection.execute(
        select(account_session)
        .where(
            account_session.c.account_id == account_id,
            account_session.c.ended_at.is_(None),
            account_session.c.expires_at > work.now,
        )
        .order_by(account_session.c.created_at.desc())
    )
    unseal = work.engine.vault.open
    return [
        OpenSession(
            row.id,
            row.created_at,
            row.last_seen_at,
            unseal("account_session", "address", row.id, row.address),
        )
        for row in rows
    ]


def end_every(work: Work, account_id: int) -> None:
    """End every session of an account; for commands that have asked who may."""
    _end(work, account_session.c.account_id == account_id)


def note_password(work: Work, session_id: int) -> str:
    """Note that the holder of a session has just given the password again, and return its new token."""
    return _renewed(work, session_id, "proved_at")


def note_second_factor(work: Work, session_id: int) -> str:
    """Note that the holder of a session has just given a second proof, and return its new token."""
    return _renewed(work, session_id, "second_factor_at")


def hash_token(token: str) -> str:
    """Return what is stored of a random token."""
    return sha256(token.encode()).hexdigest()


_NOW = bindparam("now", type_=UtcDateTime)
_absent = select(account_substitution.c.absent_id).where(
    account_substitution.c.substitute_id == account.c.id,
    account_substitution.c.starts_at <= _NOW,
    account_substitution.c.ends_at > _NOW,
    ~account_substitution.c.is_waiting,
)
_needs_second_factor = (
    exists()
    .where(
        account_post.c.ended_at.is_(None),
        or_(
            and_(account_post.c.account_id == account.c.id, account_post.c.post.in_(SECOND_FACTOR_POSTS)),
            and_(
                account_post.c.account_id.in_(_absent.correlate(account)),
                account_post.c.post.in_(SECOND_FACTOR_POSTS - NOT_BY_SUBSTITUTION),
            ),
        ),
    )
    .correlate(account)
)
_SESSION = (
    select(
        account_session,
        account.c.kind,
        account.c.name,
        account.c.language,
        account.c.must_change_password,
        account.c.responsibility_accepted_at,
        account.c.responsibility_version,
        account_totp.c.confirmed_at,
        _needs_second_factor.label("needs_second_factor"),
    )
    .join(account, account.c.id == account_session.c.account_id)
    .outerjoin(account_totp, account_totp.c.id == account.c.id)
    .where(
        account_session.c.token_hash == bindparam("token_hash"),
        account_session.c.ended_at.is_(None),
        account.c.state == "active",
    )
)


def _by_token(token: str) -> ColumnElement[bool]:
    return account_session.c.token_hash == hash_token(token)


def _must_accept(row: Row[tuple[object, ...]]) -> bool:
    """Tell whether somebody has not accepted the statement, or one whose wording is no longer in force."""
    if row.responsibility_accepted_at is None:
        return True
    in_force = agreed_texts.in_force(agreed_texts.Kind.RESPONSIBILITY).version
    return row.responsibility_version not in (in_force, DEMONSTRATION)


def _signed_in(engine: Engine, row: Row[tuple[object, ...]]) -> SignedIn:
    is_enrolled = row.confirmed_at is not None
    return SignedIn(
        session_id=row.id,
        actor=Actor(row.account_id, row.kind),
        name=engine.vault.open("account", "name", row.account_id, row.name),
        language=row.language,
        must_change_password=row.must_change_password,
        must_accept=row.kind == "staff" and _must_accept(row),
        must_enrol=row.needs_second_factor
        and not is_enrolled
        and row.responsibility_version != DEMONSTRATION,
        must_prove=is_enrolled and row.second_factor_at is None,
        proved_at=row.proved_at,
        expires_at=row.expires_at,
    )


def _touch(work: Work, session_id: int) -> None:
    """Note that a session was used; the earlier of two requests must not set it back."""
    work.connection.execute(
        account_session.update()
        .where(account_session.c.id == session_id, account_session.c.last_seen_at < work.now)
        .values(last_seen_at=work.now)
    )


def _end(work: Work, condition: ColumnElement[bool]) -> None:
    work.connection.execute(
        account_session.update()
        .where(condition, account_session.c.ended_at.is_(None))
        .values(ended_at=work.now)
    )


def _renewed(work: Work, session_id: int, proof: str) -> str:
    """Note a proof, and give the session another token, so that a copy of the one before gains nothing."""
    token = secrets.token_urlsafe(32)
    work.connection.execute(
        account_session.update()
        .where(account_session.c.id == session_id)
        .values({proof: work.now, "token_hash": hash_token(token)})
    )
    return token


def _lifetime(work: Work, account_id: int, bound_phone: bool) -> tuple[timedelta, datetime]:
    kind = work.connection.execute(select(account.c.kind).where(account.c.id == account_id)).scalar_one()
    if kind == "resident":
        return limits.RESIDENT_IDLE, work.now + limits.RESIDENT_SESSION
    longest = work.now + limits.LONGEST_SESSION
    shift_ends_at = _shift_end(work, account_id) if bound_phone else None
    if shift_ends_at is None:
        return limits.IDLE, longest
    return limits.LONGEST_SESSION, min(longest, shift_ends_at)


def _shift_end(work: Work, account_id: int) -> datetime | None:
    ends_at: datetime | None = work.connection.execute(
        select(func.max(account_shift.c.ends_at)).where(
            account_shift.c.account_id == account_id,
            account_shift.c.starts_at <= work.now,
            account_shift.c.ends_at > work.now,
        )
    ).scalar_one()
    return ends_at
