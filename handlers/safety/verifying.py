"""Verifies the access log every night, and raises an alarm when it does not hold."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from engine import idempotency
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import installation
from handlers.accounts.permissions import Post
from handlers.estate import communities
from handlers.safety import reconciling, verified
from handlers.safety.reconciling import Difference
from handlers.shared import log_anchors
from handlers.shared.access_log import Anchor, Break
from handlers.shared.alarms import LOG_BROKEN, raise_alarm
from handlers.shared.messages import notification
from handlers.shared.records import alarm

EVERY = timedelta(minutes=15)
ALTERED_FILE = "anchor_file"  # reason of a break: a line of the file of anchors is none
_HOURS = range(1, 6)  # of the night, local time
_MISSED_AFTER = timedelta(hours=30)
_TURN_HOURS = 2  # whoever began and was cut off is given so long


@dataclass(frozen=True)
class Found:
    """What does not hold.

    Attributes:
        breaks: places where the chain is broken.
        differences: things in force that the log does not tell of.
    """

    breaks: tuple[Break, ...]
    differences: tuple[Difference, ...]

    def __len__(self) -> int:
        return len(self.breaks) + len(self.differences)

    def digest(self) -> str:
        """Tell one finding from another; the same one has the same digest every night."""
        said = [(one.day.isoformat(), one.number, one.reason) for one in self.breaks]
        said += [(one.what, one.subject_id, one.detail) for one in self.differences]
        return hashlib.sha256(json.dumps(sorted(map(list, said), key=str)).encode()).hexdigest()


def verify(engine: Engine, elsewhere: Iterable[Anchor] = ()) -> Found:
    """Go through the access log and what is in force, and note when that was and how much does not hold.

    Args:
        elsewhere: anchors that were kept on another machine.
    """
    elsewhere = tuple(elsewhere)
    found = Found(tuple(_breaks(engine, elsewhere)), tuple(reconciling.differences(engine)))
    verified.note(engine, len(found))
    return found


def watch(engine: Engine) -> None:
    """Verify when it is night, or when a night was missed, on one node; keep an anchor of what is whole.

    Source: policy S2.
    """
    with engine.reading(SYSTEM) as work:
        is_due = _is_due(work, verified.last_at(work))
    if not is_due or not engine.run(SYSTEM, begin):
        return
    found = verify(engine)
    if found:
        engine.run(SYSTEM, lambda work: tell(work, found))
    else:
        log_anchors.keep(engine)


def begin(work: Work) -> bool:
    """Take the turn of these hours, so that one node does it; whoever comes later has none."""
    now = work.now.astimezone(work.engine.zone)
    key = f"verify_log:{now.date().isoformat()}:{now.hour // _TURN_HOURS}"
    return idempotency.recall(work, key, "safety.verify", idempotency.fingerprint(key)) is None


def tell(work: Work, found: Found) -> None:
    """Raise an alarm and tell those who watch, once about the same finding."""
    digest = found.digest()
    rows = work.connection.execute(
        select(alarm.c.detail, alarm.c.closed_at).where(alarm.c.kind == LOG_BROKEN)
    ).all()
    if any(row.closed_at is None or row.detail.get("found") == digest for row in rows):
        return
    raise_alarm(work, LOG_BROKEN, 0, {"found": digest, "count": len(found)})
    place = min((one.id for one in communities.every(work)), default=None)
    posts = () if place is None else (Post.SEC, Post.AUD, Post.SYS)
    recipients = work.engine.directory.recipients
    people = {one for post in posts for one in recipients(work.connection, post, place or 0, work.now)}
    if people:
        to = [f"account:{one}" for one in sorted(people)]
        item = notification(LOG_BROKEN, to, f"{LOG_BROKEN}:{digest}", count=len(found))
        work.engine.outbox.put_many(work.connection, [item], work.now)


def _breaks(engine: Engine, elsewhere: tuple[Anchor, ...]) -> list[Break]:
    try:
        breaks = log_anchors.verify(engine, elsewhere)
        if installation.is_in_use(engine):
            breaks += log_anchors.lacking(engine, elsewhere)
    except ValueError:
        return [Break(engine.clock.now().date(), 0, ALTERED_FILE)]
    return breaks


def _is_due(work: Work, last_at: datetime | None) -> bool:
    now = work.now.astimezone(work.engine.zone)
    if last_at is None:
        return now.hour in _HOURS
    if last_at.astimezone(work.engine.zone).date() == now.date():
        return False
    return now.hour in _HOURS or work.now - last_at > _MISSED_AFTER
