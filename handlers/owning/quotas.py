"""Limits how often codes are asked for, the same for numbers that are on record and those that are not."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from engine.errors import TransactionLost
from engine.store.dialects import insert_new
from engine.work import Work
from handlers.accounts.sign_in import SlowDown
from handlers.owning.records import owner_quota
from handlers.shared import limits


@dataclass(frozen=True)
class Quota:
    """So many in a window of time, with a pause in between."""

    most: int
    window: timedelta
    pause: timedelta = timedelta(0)


NUMBER = Quota(limits.CODES_PER_DAY, timedelta(days=1), limits.CODE_PAUSE)
ADDRESS = Quota(limits.ADDRESS_CODES_PER_HOUR, timedelta(hours=1))


def count(work: Work, index: str, quota: Quota) -> timedelta:
    """Count one more, and tell how long to wait instead; nothing is counted then.

    The row is locked: fifty requests at once are fifty requests.
    """
    fresh = {"subject_index": index, "began_at": work.now, "asked": 0, "last_at": work.now - quota.window}
    insert_new(work.connection, owner_quota, [fresh])
    row = work.connection.execute(
        select(owner_quota).where(owner_quota.c.subject_index == index).with_for_update()
    ).one_or_none()
    if row is None:  # somebody has forgotten it since it was found there
        raise TransactionLost("transaction_lost", "数据库繁忙，请重试")
    # What was counted before the clock was put back counts no more: nobody waits for it to catch up.
    is_clock_back = row.last_at > work.now + limits.CLOCK_SLACK
    is_over = work.now >= row.began_at + quota.window or is_clock_back
    asked, began_at = (0, work.now) if is_over else (row.asked, row.began_at)
    wait = timedelta(0) if is_clock_back else row.last_at + quota.pause - work.now
    if asked >= quota.most:
        wait = max(wait, began_at + quota.window - work.now)
    if wait > timedelta(0):
        return wait
    work.connection.execute(
        owner_quota.update()
        .where(owner_quota.c.subject_index == index)
        .values(began_at=began_at, asked=asked + 1, last_at=work.now)
    )
    return timedelta(0)


def require(work: Work, index: str, quota: Quota) -> None:
    """Count one more.

    Raises:
        SlowDown: there were too many; the parameters say how long to wait.
    """
    wait = count(work, index, quota)
    if wait > timedelta(minutes=2):
        minutes = int(wait.total_seconds()) // 60 + 1
        raise SlowDown(
            "codes_used_up", "验证码请求过多，请 {minutes} 分钟后再试，或到物业前台办理", minutes=minutes
        )
    if wait:
        seconds = int(wait.total_seconds()) + 1
        raise SlowDown("code_just_sent", "请求太快，请 {seconds} 秒后再试", seconds=seconds)


def purge(work: Work) -> int:
    """Forget what no longer counts."""
    limit = work.now - timedelta(days=1)
    return work.connection.execute(owner_quota.delete().where(owner_quota.c.last_at < limit)).rowcount
