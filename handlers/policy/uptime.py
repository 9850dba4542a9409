"""Counts the minutes in which the platform was up (policy G4)."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select, update

from engine.ports import SYSTEM
from engine.store.dialects import insert_new
from engine.work import Engine, Work
from handlers.policy.records import platform_day

BEAT = timedelta(minutes=1)
OVER = timedelta(days=30)


def beat(engine: Engine) -> None:
    """Note that the platform is up in this minute; several nodes count a minute once."""
    engine.run(SYSTEM, _beat)


def _beat(work: Work) -> None:
    minute = _minute(work.now)
    today = platform_day.c.day == minute.date()
    fresh = {"day": minute.date(), "minutes": 1, "first_beat_at": minute, "last_beat_at": minute}
    if insert_new(work.connection, platform_day, [fresh]):
        return
    work.connection.execute(
        update(platform_day)
        .where(today, platform_day.c.last_beat_at < minute)
        .values(minutes=platform_day.c.minutes + 1, last_beat_at=minute)
    )


def minutes_up(work: Work) -> tuple[int, int]:
    """Return in how many minutes of the last 30 days the platform was up, and out of how many.

    The time before the very first beat does not count: nothing was installed then.
    """
    now = _minute(work.now)
    begun = now - OVER
    first = first_beat(work)
    if first is None:
        return 0, 0
    begun = max(first, datetime.combine(begun.date() + timedelta(days=1), time(), UTC))
    up = work.connection.execute(
        select(func.sum(platform_day.c.minutes)).where(platform_day.c.day >= begun.date())
    ).scalar_one()
    return int(up or 0), int((now - begun) / BEAT) + 1


def first_beat(work: Work) -> datetime | None:
    """Return since when the platform has been watched."""
    found: datetime | None = work.connection.execute(
        select(func.min(platform_day.c.first_beat_at))
    ).scalar_one()
    return found


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
