"""Notices sign-ins that are unusual for their person, and tells the administrators and the person at once."""

import ipaddress
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Row, exists, select

from engine.ports import Json
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_post, account_session, account_shift
from handlers.estate import communities
from handlers.shared import access_log, limits
from handlers.shared.alarms import raise_alarm
from handlers.shared.messages import notification
from handlers.shared.sealed import vault_of

ALARM = "unusual_sign_in"
REASONS = ("device", "address", "hour", "two_places")
_NEAR = timedelta(hours=2)


def place_of(address: str) -> str:
    """Return the neighbourhood of a network address: what a provider gives to one office or home."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{known}/{24 if known.version == 4 else 56}", strict=False))


def watch(work: Work, account_id: int, address: str, device: str) -> tuple[str, ...]:
    """Compare a sign-in of a member of staff with the earlier ones, before its session is written.

    Args:
        device: token of the browser's long-lived cookie, or "" where it has none yet.
    Returns:
        Why it is unusual; empty when it is not, and at the very first one.
    Source: policy A4.
    """
    earlier = work.connection.execute(
        select(account_session)
        .where(
            account_session.c.account_id == account_id,
            account_session.c.created_at > work.now - limits.HABITS_OF,
        )
        .order_by(account_session.c.created_at.desc())
        .limit(limits.HABITS_SEEN)
    ).all()
    if not earlier:
        return ()
    vault = vault_of(work.engine)
    place = vault.blind_index("place", place_of(address))
    known = vault.blind_index("device", device) if device else ""
    found = {
        "device": _is_new(known, [row.device_index for row in earlier]),
        "address": _is_new(place, [row.place_index for row in earlier]),
        "hour": _is_odd_hour(work.now, earlier, work.engine.zone) and not _is_on_shift(work, account_id),
        "two_places": any(
            row.ended_at is None
            and row.place_index not in (None, place)
            and work.now - row.last_seen_at < limits.TWO_PLACES_WITHIN
            for row in earlier
        ),
    }
    reasons = tuple(reason for reason in REASONS if found[reason])
    if reasons:
        _tell(work, account_id, reasons)
    return reasons


def _is_new(one: str, earlier: list[str | None]) -> bool:
    """Tell whether something was never seen among what is known of earlier sign-ins."""
    known = {other for other in earlier if other is not None}
    return bool(known) and one not in known


def _is_odd_hour(now: datetime, earlier: Sequence[Row[tuple[object, ...]]], zone: ZoneInfo) -> bool:
    """Tell whether somebody with a habit signs in more than two hours away from all of it."""
    if len(earlier) < limits.HABIT_FORMED_AFTER:
        return False
    hours = Counter(row.created_at.astimezone(zone).hour for row in earlier)
    near = range(-int(_NEAR.total_seconds() // 3600), int(_NEAR.total_seconds() // 3600) + 1)
    here = now.astimezone(zone).hour
    return not any(hours[(here + away) % 24] for away in near)


def _is_on_shift(work: Work, account_id: int) -> bool:
    near = limits.SHIFT_REACH
    planned = exists().where(
        account_shift.c.account_id == account_id,
        account_shift.c.starts_at < work.now + near,
        account_shift.c.ends_at > work.now - near,
    )
    return bool(work.connection.execute(select(planned)).scalar_one())


def _tell(work: Work, account_id: int, reasons: tuple[str, ...]) -> None:
    detail: dict[str, Json] = {"account_id": str(account_id), "reasons": list(reasons)}
    access_log.append(work, access_log.Entry(ALARM, "account", account_id, detail=detail))
    raise_alarm(work, ALARM, account_id, detail)
    args: dict[str, Json] = {**detail, "seen_at": work.now.isoformat()}
    own = notification(
        f"{ALARM}_own", [f"account:{account_id}"], f"{ALARM}:{account_id}:{work.now.isoformat()}:own", **args
    )
    work.engine.outbox.put_many(work.connection, [own], work.now)
    tell_watchers(work, ALARM, account_id, args)


def tell_watchers(work: Work, template: str, account_id: int, args: Mapping[str, Json]) -> None:
    """Tell system and security administrators at once about an account."""
    scope_id = _scope_of(work, account_id)
    directory = work.engine.directory
    watchers = {
        one
        for post in (Post.SYS, Post.SEC)
        for one in (directory.recipients(work.connection, post, scope_id, work.now) if scope_id else ())
    }
    if watchers:
        key = f"{template}:{account_id}:{work.now.isoformat()}"
        item = notification(template, [f"account:{one}" for one in sorted(watchers)], key, **args)
        work.engine.outbox.put_many(work.connection, [item], work.now)


def _scope_of(work: Work, account_id: int) -> int | None:
    """Return a community where the person works, or the oldest one for those of the company."""
    scopes = work.connection.execute(
        select(account_post.c.community_id).where(
            account_post.c.account_id == account_id,
            account_post.c.community_id.is_not(None),
            account_post.c.ended_at.is_(None),
        )
    ).scalars()
    return min(
        (scope for scope in scopes if scope is not None),
        default=min((one.id for one in communities.every(work)), default=None),
    )
