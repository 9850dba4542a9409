"""What pages show of reminders: those that are due, and the moments that a task's page offers."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine import reminders
from engine.work import Work
from web.lists import Row, rows_of
from web.texts import gettext

MORNING, AFTERNOON = time(9), time(16)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class OwnReminder:
    """What the reader asked about one task, and the moments to choose from: (local time, label)."""

    at: datetime | None
    is_due: bool
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Due:
    """A task that the reader wanted to be reminded of by now."""

    row: Row
    at: datetime


def own_reminder(work: Work, task_id: int) -> OwnReminder:
    """Read what the actor asked about a task."""
    at = reminders.moment(work, task_id)
    return OwnReminder(at, at is not None and at <= work.now, tuple(_choices(work.now, work.engine.zone)))


def due_reminders(work: Work) -> tuple[Due, ...]:
    """List what the actor wanted to be reminded of by now."""
    found = reminders.due(work)
    lines = rows_of(work, (one.row for one in found))
    return tuple(Due(line, one.remind_at) for line, one in zip(lines, found, strict=True))


def _choices(now: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    here = now.astimezone(zone)
    days_to_monday = 7 - here.weekday()
    offered = [
        (here + HOUR, gettext("1 小时后")),
        (datetime.combine(here, AFTERNOON, zone), gettext("今天 16:00")),
        (datetime.combine(here + timedelta(days=1), MORNING, zone), gettext("明天 09:00")),
        (datetime.combine(here + timedelta(days=days_to_monday), MORNING, zone), gettext("下周一 09:00")),
    ]
    return [(f"{moment:%Y-%m-%dT%H:%M}", label) for moment, label in offered if moment > here]
