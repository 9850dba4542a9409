"""Counts by day and person how much of people's data was looked at, beside the log that tells what."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.store.dialects import insert_new
from engine.work import Work
from handlers.errors import RuleRefused
from handlers.shared import limits
from handlers.shared.alarms import raise_alarm
from handlers.shared.records import access_tally

ROWS_ALARM = "owner_rows"
SEARCHES_ALARM = "many_searches"

# What is counted, with the actions of the access log behind it.
KINDS: Mapping[str, tuple[str, ...]] = {
    "reveals": ("reveal_phone", "reveal_id"),
    "units": ("unit_contacts",),
    "houses": ("open_house",),
    "papers": ("open_paper",),
    "searches": ("search_person", "search_phone"),
    "rows": (),  # of owners, in lists
    "exports": (
        "ask_export",
        "fetch_export",
        "ask_privacy_request",
        "fetch_own_data",
        "hand_out_own_data",
    ),
    "over": (),  # asked for when a quota was used up
    "refused": (),  # what the post does not include, or another community's
}

_DAY = timedelta(days=1)

# Day, person and kind.
Key = tuple[date, int, str]

_KIND_OF = {action: kind for kind, actions in KINDS.items() for action in actions}


def of_action(work: Work, action: str) -> None:
    """Count an entry of the access log, where it is one of those that are counted."""
    kind = _KIND_OF.get(action)
    if kind is not None:
        add(work, kind)


def add(work: Work, kind: str, amount: int = 1) -> None:
    """Count for the actor; only members of staff are counted.

    Raises:
        RuleRefused: as many searches for a phone or a name as one person needs in a day were made.
    """
    if work.actor.kind != "staff" or amount < 1:
        return
    day, night = today(work), amount if is_night(work) else 0
    key = {"day": day, "actor_id": work.actor.id, "kind": kind}
    insert_new(work.connection, access_tally, [{**key, "amount": 0, "at_night": 0}])
    found = [access_tally.c[name] == value for name, value in key.items()]
    work.connection.execute(
        access_tally.update()
        .where(*found)
        .values(amount=access_tally.c.amount + amount, at_night=access_tally.c.at_night + night)
    )
    if kind == "rows" and _total(work, day, kind) > limits.OWNER_ROWS_PER_DAY:
        # Somebody pages through owners as a program would.
        raise_alarm(work, ROWS_ALARM, work.actor.id, {})
    if kind == "searches":
        _mind_searches(work, _total(work, day, kind))


def one_at_a_time(work: Work) -> None:
    """Let nothing else be held against this person's quotas until this transaction ends.

    Without it, as many looks at once as there are connections would each find the last one free.
    """
    key = {"day": today(work), "actor_id": work.actor.id, "kind": "over"}
    insert_new(work.connection, access_tally, [{**key, "amount": 0, "at_night": 0}])
    found = [access_tally.c[name] == value for name, value in key.items()]
    work.connection.execute(select(access_tally.c.amount).where(*found).with_for_update())


def keys_of(work: Work, at: datetime, actor_id: int, action: str) -> Iterator[Key]:
    """Yield under what an entry of the access log was counted, if it was."""
    kind = _KIND_OF.get(action)
    if kind is not None:
        yield at.astimezone(work.engine.zone).date(), actor_id, kind


def by_day(work: Work, rows: Iterable[Any]) -> Iterator[tuple[date, Counter[Key]]]:
    """Yield what entries of the log in their order count, a day of the company at a time."""
    waiting: dict[date, Counter[Key]] = {}
    for row in rows:
        # A company's day ends at most a day before or after that of the log, which counts in UTC.
        for day in sorted(one for one in waiting if one < row.day - _DAY):
            yield day, waiting.pop(day)
        for key in keys_of(work, row.at, row.actor_id, row.action):
            waiting.setdefault(key[0], Counter())[key] += 1
    yield from sorted(waiting.items())


def days_above(work: Work, rows: Iterable[Any]) -> list[date]:
    """List the days on which more was counted than the log has entries for: some were taken out of it.

    Args:
        rows: all entries of the log in their order; only two days of them are kept in mind.
    """
    of_log = access_tally.c.kind.in_([kind for kind, actions in KINDS.items() if actions])
    seen: set[date] = set()
    above: set[date] = set()
    for day, counted in by_day(work, rows):
        seen.add(day)
        known = select(access_tally).where(of_log, access_tally.c.day == day)
        if any(
            row.amount > counted.get((row.day, row.actor_id, row.kind), 0)
            for row in work.connection.execute(known)
        ):
            above.add(day)
    days = select(access_tally.c.day).distinct().where(of_log, access_tally.c.amount > 0)
    return sorted(above | (set(work.connection.execute(days).scalars()) - seen))


def today(work: Work) -> date:
    """Return the day as the company counts it."""
    return work.now.astimezone(work.engine.zone).date()


def is_night(work: Work) -> bool:
    """Tell whether few people are at work now."""
    hour = work.now.astimezone(work.engine.zone).hour
    return hour >= limits.NIGHT_BEGINS or hour < limits.NIGHT_ENDS


def _mind_searches(work: Work, total: int) -> None:
    """Tell the security post of many searches, and stop who guesses the digits of a masked number."""
    if total > limits.SEARCHES_PER_DAY:
        raise RuleRefused(
            "searches_used", "今天按电话或姓名已查找 {count} 次，不能再查", count=limits.SEARCHES_PER_DAY
        )
    if total > limits.SEARCHES_TOLD:
        raise_alarm(work, SEARCHES_ALARM, work.actor.id, {})


def _total(work: Work, day: date, kind: str) -> int:
    """Return how much of a kind the actor has had in a day."""
    found: int = work.connection.execute(
        select(access_tally.c.amount).where(
            access_tally.c.day == day, access_tally.c.actor_id == work.actor.id, access_tally.c.kind == kind
        )
    ).scalar_one()
    return found
