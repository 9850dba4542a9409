"""Shows administrators the staff: who is registered, with which posts, signed in where, away until when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select

from engine.work import Work
from handlers.accounts import sessions
from handlers.accounts.permissions import SECOND_FACTOR_POSTS
from handlers.accounts.records import (
    account,
    account_leave,
    account_login,
    account_post,
    account_session,
    account_substitution,
    account_throttle,
    account_totp,
)
from handlers.accounts.staff import log, phone_settles_at
from handlers.errors import RecordNotFound
from handlers.shared import agreed_texts, limits
from handlers.shared.masks import mask_phone
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, scopes_with


@dataclass(frozen=True)
class Held:
    """A post that somebody holds or held.

    Attributes:
        community_id: None is everywhere.
        is_over: it has ended.
    """

    id: int
    post: str
    community_id: int | None
    granted_at: datetime
    granted_by: int
    ended_at: datetime | None
    ended_by: int | None
    is_over: bool


@dataclass(frozen=True)
class Listed:
    """A line of the list of staff.

    Attributes:
        state: active, disabled, dormant (locked because unused), waiting (has not replaced the first
            password) or lapsed (cannot any more).
    """

    id: int
    name: str
    department: str
    state: str
    posts: tuple[Held, ...]
    last_sign_in: datetime | None


@dataclass(frozen=True)
class Away:
    """When somebody is away; `substitute_id` is None for a leave without a substitute."""

    starts_at: datetime
    ends_at: datetime
    substitute_id: int | None
    is_waiting: bool = False


@dataclass(frozen=True)
class Standing:
    """For whom somebody stands in, and when."""

    absent_id: int
    starts_at: datetime
    ends_at: datetime
    is_waiting: bool


@dataclass(frozen=True)
class StaffFile:
    """Everything about one account that administrators see; the phone only masked.

    Attributes:
        password_lapses_at: of a first password that still counts.
        blocked_until: after too many failed attempts.
        enrolled_at: when the authenticator was bound.
        is_spared: a demonstration account whose post would need one.
        reset_asked_by: who asked that another one may be bound.
        phone_settles_at: until then no first password goes to a changed phone, unless somebody confirms it.
    """

    listed: Listed
    login: str
    phone: str
    mail: str
    created_at: datetime
    created_by: int
    disabled_at: datetime | None
    accepted_at: datetime | None
    accepted_version: str
    password_lapses_at: datetime | None
    blocked_until: datetime | None
    sessions: tuple[sessions.OpenSession, ...]
    enrolled_at: datetime | None
    is_spared: bool
    reset_asked_by: int | None
    phone_settles_at: datetime | None
    phone_changed_by: int | None
    away: tuple[Away, ...]
    stands_in: tuple[Standing, ...]


def listed(work: Work, state: str = "active", after: int = 0) -> list[Listed]:
    """List one page of staff by id; who may see them in some communities only sees those who work there.

    Args:
        state: "active", with those that are locked because unused, or "disabled".
        after: id of the last line of the page before.
    """
    require_somewhere(work, Permission.ACCOUNT_READ)
    states = ("disabled",) if state == "disabled" else ("active", "dormant")
    query = select(account).where(
        account.c.kind == "staff", account.c.state.in_(states), account.c.id > after
    )
    scopes = scopes_with(work, Permission.ACCOUNT_READ)
    if scopes is not None:
        there = select(account_post.c.account_id).where(
            account_post.c.community_id.in_(scopes), account_post.c.ended_at.is_(None)
        )
        query = query.where(account.c.id.in_(there))
    rows = work.connection.execute(query.order_by(account.c.id).limit(limits.PAGE_ROWS)).all()
    return _lines(work, rows)


def file_of(work: Work, account_id: int) -> StaffFile:
    """Read everything about one account.

    Raises:
        RecordNotFound: there is no such member of staff, or none that the actor may see.
    """
    require_somewhere(work, Permission.ACCOUNT_READ)
    row = work.connection.execute(
        select(account).where(account.c.id == account_id, account.c.kind == "staff")
    ).one_or_none()
    if row is None:
        raise RecordNotFound("account_not_found", "没有这个账号")
    line = _lines(work, [row])[0]
    scopes = scopes_with(work, Permission.ACCOUNT_READ)
    if scopes is not None and not scopes.intersection(one.community_id or 0 for one in line.posts):
        raise RecordNotFound("account_not_found", "没有这个账号")

    def opened(column: str) -> str:
        sealed = getattr(row, column)
        return "" if sealed is None else work.engine.vault.open("account", column, account_id, sealed)

    second = work.connection.execute(
        select(account_totp).where(account_totp.c.id == account_id)
    ).one_or_none()
    return StaffFile(
        listed=line,
        login=opened("login_name"),
        phone=mask_phone(opened("phone")),
        mail=opened("mail"),
        created_at=row.created_at,
        created_by=row.created_by,
        disabled_at=row.disabled_at,
        accepted_at=row.responsibility_accepted_at,
        accepted_version=_known(row.responsibility_version),
        password_lapses_at=row.password_expires_at if _state(work, row) == "waiting" else None,
        blocked_until=_blocked_until(work, account_id),
        sessions=tuple(sessions.sessions_of(work, account_id)),
        enrolled_at=second.confirmed_at if second else None,
        is_spared=row.responsibility_version == sessions.DEMONSTRATION and _needs_second_factor(line),
        reset_asked_by=second.reset_asked_by if second else None,
        phone_settles_at=phone_settles_at(work, row),
        phone_changed_by=row.phone_changed_by,
        away=tuple(_away(work, account_id)),
        stands_in=tuple(_stands_in(work, account_id)),
    )


def _known(version: str | None) -> str:
    """Return a version of the statement that can be shown; invented staff have accepted none."""
    known = agreed_texts.versions(agreed_texts.Kind.RESPONSIBILITY)
    return version if version in known else ""


def end_sessions(work: Work, account_id: int) -> None:
    """Sign somebody out everywhere, because a device was lost or somebody else is in the account."""
    work.require(Permission.ACCOUNT_END_SESSIONS)
    sessions.end_every(work, account_id)
    log(work, "end_sessions", account_id)


def _lines(work: Work, rows: Sequence[Row[tuple[object, ...]]]) -> list[Listed]:
    ids = [row.id for row in rows]
    posts: dict[int, list[Held]] = defaultdict(list)
    query = select(account_post).where(account_post.c.account_id.in_(ids)).order_by(account_post.c.id)
    for one in work.connection.execute(query):
        is_over = one.ended_at is not None and one.ended_at <= work.now
        posts[one.account_id].append(
            Held(
                one.id,
                one.post,
                one.community_id,
                one.granted_at,
                one.granted_by,
                one.ended_at,
                one.ended_by,
                is_over,
            )
        )
    last = work.connection.execute(
        select(account_session.c.account_id, func.max(account_session.c.created_at).label("at"))
        .where(account_session.c.account_id.in_(ids))
        .group_by(account_session.c.account_id)
    )
    last_sign_in = {one.account_id: one.at for one in last}
    unseal = work.engine.vault.open
    return [
        Listed(
            row.id,
            unseal("account", "name", row.id, row.name),
            row.department,
            _state(work, row),
            tuple(posts[row.id]),
            last_sign_in.get(row.id),
        )
        for row in rows
    ]


def _needs_second_factor(line: Listed) -> bool:
    return any(one.post in SECOND_FACTOR_POSTS and not one.is_over for one in line.posts)


def _state(work: Work, row: Row[tuple[object, ...]]) -> str:
    if row.state != "active" or not row.must_change_password:
        return str(row.state)
    is_usable = row.password_expires_at is not None and work.now < row.password_expires_at
    return "waiting" if is_usable else "lapsed"


def _blocked_until(work: Work, account_id: int) -> datetime | None:
    blocked: datetime | None = work.connection.execute(
        select(func.max(account_throttle.c.blocked_until))
        .join(account_login, account_login.c.login_index == account_throttle.c.subject_index)
        .where(account_login.c.account_id == account_id, account_throttle.c.blocked_until > work.now)
    ).scalar_one()
    return blocked


def _away(work: Work, account_id: int) -> list[Away]:
    leaves = work.connection.execute(
        select(account_leave).where(
            account_leave.c.account_id == account_id, account_leave.c.ends_at > work.now
        )
    )
    stand_ins = work.connection.execute(
        select(account_substitution).where(
            account_substitution.c.absent_id == account_id, account_substitution.c.ends_at > work.now
        )
    )
    found = [Away(row.starts_at, row.ends_at, None) for row in leaves]
    found += [Away(row.starts_at, row.ends_at, row.substitute_id, row.is_waiting) for row in stand_ins]
    return sorted(found, key=lambda one: one.starts_at)


def _stands_in(work: Work, account_id: int) -> list[Standing]:
    rows = work.connection.execute(
        select(account_substitution)
        .where(account_substitution.c.substitute_id == account_id, account_substitution.c.ends_at > work.now)
        .order_by(account_substitution.c.starts_at)
    )
    return [Standing(row.absent_id, row.starts_at, row.ends_at, row.is_waiting) for row in rows]
