"""Notes who looked at or changed what concerns people, as a chain in which every alteration is found."""

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from engine.ports import Json
from engine.store.dialects import insert_new
from engine.work import Engine, Work
from handlers.shared import limits, tally
from handlers.shared.records import access_log, access_log_head
from handlers.shared.sealed import vault_of

_START = "0" * 64


@dataclass(frozen=True)
class Entry:
    """What happened to whom.

    Attributes:
        action: such as "reveal_phone" or "sign_in".
        subject_kind, subject_id: the record concerned.
        purpose: code of the listed purpose, where one is asked for.
        detail: ids and codes, never a personal value.
    """

    action: str
    subject_kind: str
    subject_id: int
    purpose: str = ""
    detail: Mapping[str, Json] | None = None


@dataclass(frozen=True)
class Anchor:
    """The end of a day's chain, kept outside the database, so that cutting the chain short is found."""

    day: date
    number: int
    mac: str

    def line(self) -> str:
        """Write the anchor as a line of a file."""
        return f"{self.day.isoformat()} {self.number} {self.mac}"

    @staticmethod
    def read(line: str) -> "Anchor":
        """Read an anchor back from its line."""
        day, number, mac = line.split()
        return Anchor(date.fromisoformat(day), int(number), mac)


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold."""

    day: date
    number: int
    reason: str  # altered | missing | head | anchor | tally | no_entries | no_anchors


def append(work: Work, entry: Entry) -> None:
    """Add an entry in the transaction of what it is about; if that is undone, so is the entry.

    In a step that is done for an absent person the entry names that person as "for".
    """
    if work.on_behalf_of is not None:
        entry = replace(entry, detail={"for": str(work.on_behalf_of), **(entry.detail or {})})
    key = vault_of(work.engine).ring.log_secret
    day = work.now.date()
    head = _locked_head(work.connection, day)
    if head is None:
        head = _open_day(work, key, day)
    end = _chain(work, key, Anchor(day, head.number, head.mac), entry)
    tally.of_action(work, entry.action)
    if entry.action in _ANCHORED:
        _anchor_after_commit(work, end)


def anchor_at_once(engine: Engine, write: Callable[[Anchor], None]) -> None:
    """Have the end of the chain kept with every look in clear, export and grant, once they are durable.

    Between two anchors that are kept by the clock, the newest entries could be cut off.
    """
    engine.cache[_AT_ONCE] = write


def count(work: Work, action: str, since: datetime) -> int:
    """Count the actor's own entries of an action, for quotas."""
    counted: int = work.connection.execute(
        select(func.count())
        .select_from(access_log)
        .where(
            access_log.c.actor_id == work.actor.id,
            access_log.c.action == action,
            access_log.c.at > since,
        )
    ).scalar_one()
    return counted


def newest(work: Work, action: str, subject_id: int, lately: timedelta) -> tuple[str, datetime] | None:
    """Return purpose and moment of the actor's own last entry of an action on a subject, if it is recent.

    A later entry by anybody that was made when it was no longer recent shows that the clock was put back.
    """
    row = work.connection.execute(
        select(access_log.c.day, access_log.c.number, access_log.c.purpose, access_log.c.at)
        .where(
            access_log.c.actor_id == work.actor.id,
            access_log.c.action == action,
            access_log.c.subject_id == subject_id,
            access_log.c.at > work.now - lately,
            access_log.c.at <= work.now + limits.CLOCK_SLACK,
        )
        .order_by(access_log.c.at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    after = select(access_log.c.number).where(
        access_log.c.day == row.day, access_log.c.number > row.number, access_log.c.at >= row.at + lately
    )
    return None if work.connection.execute(after.limit(1)).first() else (row.purpose, row.at)


def did(work: Work, entry: Entry, since: datetime) -> bool:
    """Tell whether the actor has done just this since a moment."""
    own = select(access_log.c.at).where(
        access_log.c.actor_id == work.actor.id,
        access_log.c.action == entry.action,
        access_log.c.subject_id == entry.subject_id,
        access_log.c.purpose == entry.purpose,
        access_log.c.at > since,
    )
    return work.connection.execute(own.limit(1)).first() is not None


def anchor(work: Work) -> Anchor | None:
    """Return the end of the newest chain, to be kept outside the database."""
    row = work.connection.execute(
        select(access_log_head).order_by(access_log_head.c.day.desc()).limit(1)
    ).one_or_none()
    return None if row is None else Anchor(row.day, row.number, row.mac)


def verify(work: Work, anchors: Iterable[Anchor] = ()) -> list[Break]:
    """Find every place where entries were edited, removed, inserted, reordered or cut off.

    Args:
        anchors: ends of chains that were kept elsewhere; without them, the newest entries could be cut off
            by somebody who puts an older head back in place.
    """
    key = vault_of(work.engine).ring.log_secret
    reader = _Reader(key)
    # The chain is read once for its links, once more for the counts: nothing of it is kept in mind.
    for row in _read(work):
        reader.take(row)
    breaks = [*reader.breaks, *_broken_heads(work.connection, key, reader.ends)]
    breaks += _unmet(work, chain(reader.openings, anchors))
    breaks += [Break(day, 0, "tally") for day in tally.days_above(work, _read(work))]
    return list(dict.fromkeys(breaks))


class _Reader:
    """Follows the chain entry by entry; keeps the end of each day and what was found broken."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._end = Anchor(date.min, 0, _START)
        self.breaks: list[Break] = []
        self.ends: dict[date, Anchor] = {}
        self.openings: list[Anchor] = []

    def take(self, row: Any) -> None:
        """Hold the next entry against the one before."""
        if row.day != self._end.day:
            self._end = Anchor(row.day, 0, _START)
        if row.number != self._end.number + 1:
            self.breaks.append(Break(row.day, self._end.number + 1, "missing"))
        values = {name: getattr(row, name) for name in _FIELDS}
        if not hmac.compare_digest(row.mac, _mac(self._key, self._end.mac, values)):
            self.breaks.append(Break(row.day, row.number, "altered"))
        elif row.action == _OPENING:
            self.openings.append(Anchor.read(json.loads(row.detail)["before"]))
        self._end = self.ends[row.day] = Anchor(row.day, row.number, row.mac)


def _read(work: Work) -> Iterator[Any]:
    yield from work.connection.execute(_IN_ORDER.execution_options(yield_per=_ROWS_AT_ONCE))


def _unmet(work: Work, anchors: Iterable[Anchor]) -> Iterator[Break]:
    """Find the anchors whose entry is gone or another one."""
    rest = iter(anchors)
    place = tuple_(access_log.c.day, access_log.c.number)
    while part := list(islice(rest, _ROWS_AT_ONCE)):
        wanted = select(access_log.c.day, access_log.c.number, access_log.c.mac).where(
            place.in_([(one.day, one.number) for one in part])
        )
        macs = {(row.day, row.number): row.mac for row in work.connection.execute(wanted)}
        yield from (
            Break(one.day, one.number, "anchor") for one in part if macs.get((one.day, one.number)) != one.mac
        )


_ROWS_AT_ONCE = 500
_OPENING = "open_day"
_AT_ONCE = "anchor_at_once"
_ANCHORED = frozenset(
    {
        *(action for kind in ("reveals", "units", "papers", "exports") for action in tally.KINDS[kind]),
        *("grant_post", "change_post", "approve_post", "grant_unapproved", "create_token", "set_substitute"),
        *("ask_substitute", "approve_substitute"),
    }
)
_IN_ORDER = select(access_log).order_by(access_log.c.day, access_log.c.number)
_FIELDS = ("day", "number", "at", "actor_id", "action", "subject_kind", "subject_id", "purpose", "detail")


def _anchor_after_commit(work: Work, end: Anchor) -> None:
    write = work.engine.cache.get(_AT_ONCE)
    if not callable(write):
        return
    if _AT_ONCE not in work.read:
        work.after_commit(lambda: write(work.read[_AT_ONCE]))
    work.read[_AT_ONCE] = end  # one anchor for all entries of a transaction: its last


def _locked_head(connection: Connection, day: date) -> Anchor | None:
    row = connection.execute(
        select(access_log_head).where(access_log_head.c.day == day).with_for_update()
    ).one_or_none()
    return None if row is None else Anchor(row.day, row.number, row.mac)


def _open_day(work: Work, key: bytes, day: date) -> Anchor:
    """Begin a day's chain with an entry that vouches for the end of the one before."""
    before = work.connection.execute(
        select(access_log_head).where(access_log_head.c.day < day).order_by(access_log_head.c.day.desc())
    ).first()
    fresh = {"day": day, "number": 0, "mac": _START, "seal": _seal(key, Anchor(day, 0, _START))}
    insert_new(work.connection, access_log_head, [fresh])
    head = _locked_head(work.connection, day)
    assert head is not None
    # Another node may have begun the day while this one waited for the row.
    if head.number or before is None:
        return head
    line = Anchor(before.day, before.number, before.mac).line()
    return _chain(work, key, head, Entry(_OPENING, "access_log", 0, detail={"before": line}))


def _chain(work: Work, key: bytes, head: Anchor, entry: Entry) -> Anchor:
    values = {
        "day": head.day,
        "number": head.number + 1,
        "at": work.now,
        "actor_id": work.actor.id,
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id,
        "purpose": entry.purpose,
        "detail": json.dumps(entry.detail, sort_keys=True) if entry.detail else "",
    }
    end = Anchor(head.day, head.number + 1, _mac(key, head.mac, values))
    work.connection.execute(access_log.insert().values(**values, mac=end.mac))
    work.connection.execute(
        access_log_head.update()
        .where(access_log_head.c.day == end.day)
        .values(number=end.number, mac=end.mac, seal=_seal(key, end))
    )
    return end


def _broken_heads(connection: Connection, key: bytes, ends: Mapping[date, Anchor]) -> list[Break]:
    rest = dict(ends)
    breaks = []
    for row in connection.execute(select(access_log_head)):
        head = Anchor(row.day, row.number, row.mac)
        if rest.pop(row.day, Anchor(row.day, 0, _START)) != head or not hmac.compare_digest(
            row.seal, _seal(key, head)
        ):
            breaks.append(Break(row.day, row.number, "head"))
    return breaks + [Break(day, end.number, "head") for day, end in rest.items()]


def _mac(key: bytes, before: str, values: Mapping[str, object]) -> str:
    parts = [_text(values[name]) for name in _FIELDS]
    return hmac.new(key, json.dumps([before, *parts]).encode(), "sha256").hexdigest()


def _seal(key: bytes, head: Anchor) -> str:
    return hmac.new(key, f"head|{head.line()}".encode(), "sha256").hexdigest()


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else str(value)
