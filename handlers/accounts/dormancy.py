"""Locks accounts of staff that nobody has used for a month, and has the security post look after three."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, exists, func, or_, select

from engine import tasks
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import passwords, sessions, sign_in, staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post, account_session
from handlers.errors import RecordNotFound
from handlers.shared import limits
from handlers.shared.alarms import raise_alarm
from handlers.shared.permissions import Permission
from handlers.shared.records import alarm

EVERY = timedelta(hours=6)
DORMANT = "dormant"
ALARM = "dormant_account"
_AT_ONCE = 200


def watch(engine: Engine) -> int:
    """Lock what nobody uses, and return how many accounts were locked."""
    locked = engine.run(SYSTEM, lock)
    engine.run(SYSTEM, have_reviewed)
    return locked


def lock(work: Work) -> int:
    """Lock accounts unused for a month; their tasks go back, their posts stay for whoever wakes them.

    The last system administrator stays open: nobody could let anybody in again. Accounts of a demonstration
    belong to nobody and are spared.
    """
    rows = _unused(work, "active", limits.LOCKED_AFTER)
    administrators = _administrators(work)
    locked = 0
    for row in rows:
        if row.id in administrators and len(administrators) == 1:
            continue
        administrators.discard(row.id)
        work.connection.execute(
            account.update().where(account.c.id == row.id, account.c.state == "active").values(state=DORMANT)
        )
        sessions.end_every(work, row.id)
        tasks.hand_over(work, row.id, None)
        staff.log(work, "lock_dormant", row.id)
        locked += 1
    return locked


def have_reviewed(work: Work) -> None:
    """Tell the security post once about each account that was locked two months ago and never woken."""
    for row in _unused(work, DORMANT, limits.REVIEWED_AFTER):
        known = exists().where(
            alarm.c.kind == ALARM, alarm.c.subject_id == row.id, alarm.c.raised_at > row.used_at
        )
        if not work.connection.execute(select(known)).scalar_one():
            raise_alarm(work, ALARM, row.id, {"account_id": str(row.id)})


def wake(work: Work, account_id: int) -> None:
    """Let somebody in again whose account was locked: with a fresh first password.

    Raises:
        RecordNotFound: the account is not locked.
    """
    work.require(Permission.ACCOUNT_UNLOCK)
    row = staff.require_staff(work, account_id)
    if row.state != DORMANT:
        raise RecordNotFound("not_dormant", "此账号没有因长期未用而锁定")
    work.connection.execute(account.update().where(account.c.id == account_id).values(state="active"))
    if row.phone is not None:
        staff.send_first_password(work, account_id)
    else:
        nobody_knows = sign_in.hasher(work.engine).hash(passwords.initial_password())
        sign_in.store_password(work, account_id, nobody_knows)
    staff.log(work, "wake_account", account_id)


def _unused(work: Work, state: str, for_so_long: timedelta) -> list[Row[Any, Any]]:
    seen = (
        select(func.max(account_session.c.last_seen_at))
        .where(account_session.c.account_id == account.c.id)
        .scalar_subquery()
    )
    password = func.coalesce(account.c.password_set_at, account.c.created_at)
    before = work.now - for_so_long
    rows = work.connection.execute(
        select(account.c.id, func.coalesce(seen, password).label("used_at"))
        .where(
            account.c.kind == "staff",
            account.c.state == state,
            or_(
                account.c.responsibility_version.is_(None),
                account.c.responsibility_version != sessions.DEMONSTRATION,
            ),
            account.c.created_at < before,
            password < before,
            or_(seen.is_(None), seen < before),
        )
        .order_by(account.c.id)
        .limit(_AT_ONCE)
    )
    return list(rows.all())


def _administrators(work: Work) -> set[int]:
    rows = work.connection.execute(
        select(account_post.c.account_id)
        .join(account, account.c.id == account_post.c.account_id)
        .where(
            account.c.state == "active",
            account_post.c.post == Post.SYS,
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
        )
    )
    return set(rows.scalars())
