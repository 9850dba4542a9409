"""Shows the security post who looked at how much of people's data in a day, beside what is usual for them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_

from engine.work import Work
from handlers.accounts.records import account, account_post, account_shift
from handlers.checking.correction_records import data_correction
from handlers.checking.corrections import PHOTOS
from handlers.errors import RecordNotFound
from handlers.estate.records import estate_building, estate_house, estate_unit
from handlers.shared import limits, tally
from handlers.shared.permissions import Permission
from handlers.shared.records import access_log, access_tally

READERS = (Permission.SECURITY_LOG_READ, Permission.AUDIT_READ, Permission.ACCESS_LOG_READ)
_ACTIONS = tuple(action for actions in tally.KINDS.values() for action in actions)
_COMMONLY = timedelta(days=30)


@dataclass(frozen=True)
class Amount:
    """How often somebody did something in a day.

    Attributes:
        usual: on the days of the last month on which they did it at all; None when there were none.
        is_odd: far more than usual, or more than anybody needs.
    """

    count: int
    usual: int | None
    is_odd: bool


@dataclass(frozen=True)
class PersonDay:
    """What somebody looked at in a day.

    Attributes:
        at_night: how much of it while few people are at work.
        on_shift: a planned shift lay in that night.
    """

    account_id: int
    name: str
    posts: tuple[str, ...]
    amounts: Mapping[str, Amount]
    at_night: int
    on_shift: bool

    @property
    def total(self) -> int:
        """Add everything up, for the order of the list."""
        return sum(one.count for one in self.amounts.values())

    @property
    def is_odd(self) -> bool:
        """Tell whether somebody should have a look."""
        return any(one.is_odd for one in self.amounts.values()) or (self.at_night > 0 and not self.on_shift)


@dataclass(frozen=True)
class Look:
    """An entry of the access log in the words of codes.

    Attributes:
        place: address of the house, where it is about one.
        unit: names of building and unit, where it is about one.
        house_id: to be opened, or None.
        reason: what was written in an emergency.
        for_whom: the absent person in whose place it was done, or "".
        key: where the next page begins after this entry.
    """

    at: datetime
    action: str
    place: str
    unit: tuple[str, str] | None
    house_id: int | None
    purpose: str
    reason: str
    for_whom: str
    key: tuple[date, int]


def people_of(work: Work, day: date) -> list[PersonDay]:
    """List who looked at people's data on a day, the odd ones first, in five statements."""
    _require_reader(work)
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    nights: dict[int, int] = defaultdict(int)
    counts = select(access_tally).where(access_tally.c.day == day, access_tally.c.amount > 0)
    for row in work.connection.execute(counts):
        counted[row.actor_id][row.kind] = row.amount
        nights[row.actor_id] += row.at_night
    ids = list(counted)
    usual, posts, shifts = _usual(work, ids, day), _posts(work, ids), _on_shift(work, ids, day)
    names = work.engine.directory.names(work.connection, ids)
    found = [
        PersonDay(
            one,
            names.get(one, ""),
            posts.get(one, ()),
            {kind: _amount(kind, count, usual.get((one, kind))) for kind, count in counted[one].items()},
            nights[one],
            one in shifts,
        )
        for one in ids
    ]
    return sorted(
        found, key=lambda one: (not one.is_odd, -sum(x.count for x in one.amounts.values()), one.name)
    )


def looks_of(work: Work, account_id: int, day: date, after: tuple[date, int] | None = None) -> list[Look]:
    """Read one page of what somebody looked at on a day, newest first.

    Raises:
        RecordNotFound: there is no such member of staff.
    """
    _require_reader(work)
    kind = work.connection.execute(select(account.c.kind).where(account.c.id == account_id)).scalar()
    if kind != "staff":
        raise RecordNotFound("account_not_found", "没有这个账号")
    zone = work.engine.zone
    begin = datetime.combine(day, time(), zone)
    key = (access_log.c.day, access_log.c.number)
    query = select(access_log).where(
        access_log.c.actor_id == account_id,
        access_log.c.action.in_(_ACTIONS),
        access_log.c.at >= begin,
        access_log.c.at < datetime.combine(day + timedelta(days=1), time(), zone),
    )
    if after is not None:
        query = query.where(tuple_(*key) < after)
    rows = work.connection.execute(query.order_by(*(one.desc() for one in key)).limit(limits.PAGE_ROWS)).all()
    details = [json.loads(row.detail) if row.detail else {} for row in rows]
    papers = _papers(work, details)
    houses = [_house_of(row, detail, papers) for row, detail in zip(rows, details, strict=True)]
    away = {int(one["for"]) for one in details if "for" in one}
    absent = work.engine.directory.names(work.connection, away)
    places = _houses(work, set(houses))
    units = _units(work, {row.subject_id for row in rows if row.subject_kind == "unit"})
    return [
        Look(
            row.at,
            row.action,
            places.get(house_id, ""),
            units.get(row.subject_id) if row.subject_kind == "unit" else None,
            house_id if house_id in places else None,
            row.purpose,
            _reason(work, detail),
            absent.get(int(detail.get("for", 0)), "") if "for" in detail else "",
            (row.day, row.number),
        )
        for row, detail, house_id in zip(rows, details, houses, strict=True)
    ]


def _require_reader(work: Work) -> None:
    if not any(work.may(one) for one in READERS[1:]):
        work.require(READERS[0])


def _amount(kind: str, count: int, usual: int | None) -> Amount:
    at_least, at_most = limits.ODD_FROM[kind]
    is_more = count >= at_least and usual is not None and count >= limits.ODD_TIMES * usual
    return Amount(count, usual, count > at_most or is_more)


def _usual(work: Work, ids: list[int], day: date) -> dict[tuple[int, str], int]:
    rows = work.connection.execute(
        select(
            access_tally.c.actor_id,
            access_tally.c.kind,
            func.sum(access_tally.c.amount).label("amount"),
            func.count().label("days"),
        )
        .where(
            access_tally.c.actor_id.in_(ids), access_tally.c.day >= day - _COMMONLY, access_tally.c.day < day
        )
        .group_by(access_tally.c.actor_id, access_tally.c.kind)
    )
    return {(row.actor_id, row.kind): round(row.amount / row.days) for row in rows}


def _posts(work: Work, ids: list[int]) -> dict[int, tuple[str, ...]]:
    rows = work.connection.execute(
        select(account_post.c.account_id, account_post.c.post)
        .where(
            account_post.c.account_id.in_(ids),
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
        )
        .order_by(account_post.c.id)
    )
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for row in rows:
        found[row.account_id][row.post] = None
    return {one: tuple(posts) for one, posts in found.items()}


def _on_shift(work: Work, ids: list[int], day: date) -> set[int]:
    """Name who had a shift in the small hours or late in the evening of a day."""
    zone = work.engine.zone
    begin = datetime.combine(day, time(), zone)
    morning = datetime.combine(day, time(limits.NIGHT_ENDS), zone)
    evening = datetime.combine(day, time(limits.NIGHT_BEGINS), zone)
    end = begin + timedelta(days=1)
    shift = account_shift.c
    rows = work.connection.execute(
        select(shift.account_id).where(
            shift.account_id.in_(ids),
            shift.starts_at < end,
            shift.ends_at > begin,
            or_(shift.starts_at < morning, shift.ends_at > evening),
        )
    )
    return set(rows.scalars())


def _houses(work: Work, ids: set[int]) -> dict[int, str]:
    rows = work.connection.execute(
        select(estate_house.c.id, estate_house.c.address).where(estate_house.c.id.in_(ids))
    )
    return {row.id: row.address for row in rows}


def _units(work: Work, ids: set[int]) -> dict[int, tuple[str, str]]:
    rows = work.connection.execute(
        select(estate_unit.c.id, estate_unit.c.name, estate_building.c.name.label("building"))
        .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
        .where(estate_unit.c.id.in_(ids))
    )
    return {row.id: (row.building, row.name) for row in rows}


def _papers(work: Work, details: Iterable[Mapping[str, str]]) -> dict[int, int]:
    """Return the house of each correction whose papers were opened."""
    ids = {int(one["record"]) for one in details if one.get("kind") == PHOTOS}
    rows = work.connection.execute(
        select(data_correction.c.id, data_correction.c.house_id).where(data_correction.c.id.in_(ids))
    )
    return {row.id: row.house_id for row in rows}


def _house_of(row: Row[Any], detail: Mapping[str, str], papers: Mapping[int, int]) -> int:
    if row.subject_kind == "house":
        return int(row.subject_id)
    return papers.get(int(detail.get("record") or 0), int(detail.get("house") or 0))


def _reason(work: Work, detail: Mapping[str, str]) -> str:
    sealed = detail.get("reason")
    if not sealed:
        return ""
    return work.engine.vault.open("access_log", "detail", int(detail["reason_id"]), sealed)
