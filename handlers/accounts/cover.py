"""Says what has to be manned, and finds the hours to come at which nobody is there for it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.presence import Presence, presences
from handlers.accounts.records import account_cover
from handlers.accounts.shift_templates import DAY_MINUTES
from handlers.accounts.skills import NEVER_URGENT, SKILL_NAMES, is_able
from handlers.accounts.workforce import posts_of, require_overview, skills_of, workers
from handlers.errors import RuleRefused
from handlers.estate import communities
from handlers.shared.permissions import Permission

AHEAD = timedelta(days=14)


class CoverKind(StrEnum):
    """What has to be manned."""

    DESK = "desk"
    LEAD = "lead"
    SKILL = "skill"


@dataclass(frozen=True)
class Cover:
    """Something that has to be manned for a part of each day; it may last past midnight."""

    kind: CoverKind
    skill: str = ""
    starts_minute: int = 0
    minutes: int = DAY_MINUTES


@dataclass(frozen=True)
class Gap:
    """A span of time in which nobody is there for something."""

    cover: Cover
    starts_at: datetime
    ends_at: datetime


# The shift lead holds the lanes of those who sleep.
NIGHT_LEAD = Cover(CoverKind.LEAD, "", 22 * 60, 10 * 60)


def covers(work: Work, community_id: int) -> tuple[Cover, ...]:
    """Return what has to be manned in a community.

    While it has said nothing of its own: the desk and every skill that somebody there has around the clock,
    the shift lead at night.
    """
    rows = work.connection.execute(
        select(account_cover).where(account_cover.c.community_id == community_id).order_by(account_cover.c.id)
    )
    own = tuple(Cover(CoverKind(row.kind), row.skill, row.starts_minute, row.minutes) for row in rows)
    if own:
        return own
    held: frozenset[str] = frozenset().union(*(one.skills for one in workers(work, community_id)))
    skills = [skill for skill in SKILL_NAMES if skill in held - NEVER_URGENT]
    return (Cover(CoverKind.DESK), NIGHT_LEAD, *(Cover(CoverKind.SKILL, skill) for skill in skills))


def set_covers(work: Work, community_id: int, chosen: Sequence[Cover]) -> None:
    """Say what has to be manned in a community; nothing means what the company asks for.

    Raises:
        RuleRefused: something comes twice, or times make no sense.
    """
    work.require(Permission.ROSTER_EDIT, community_id)
    for one in chosen:
        if sum(other.kind == one.kind and other.skill == one.skill for other in chosen) > 1:
            raise RuleRefused("cover_twice", "同一项值守要求只能写一次")
        if (one.kind is CoverKind.SKILL) != (one.skill in SKILL_NAMES):
            raise RuleRefused("cover_skill", "没有“{skill}”这个工种", skill=one.skill)
        if not 0 <= one.starts_minute < DAY_MINUTES or not 0 < one.minutes <= DAY_MINUTES:
            raise RuleRefused("cover_times", "值守的起止时间不对，请填写如 08:00")
    work.connection.execute(account_cover.delete().where(account_cover.c.community_id == community_id))
    rows = [
        {
            "id": new_id(),
            "community_id": community_id,
            "kind": one.kind,
            "skill": one.skill,
            "starts_minute": one.starts_minute,
            "minutes": one.minutes,
        }
        for one in chosen
    ]
    if rows:
        work.connection.execute(account_cover.insert(), rows)


def gaps(work: Work, community_id: int, since: datetime, until: datetime) -> list[Gap]:
    """Find when nobody is there for something that has to be manned, substitutes counted, in order."""
    require_overview(work, community_id)
    zone = communities.zone_of(work, community_id)
    there = presences(work.connection, community_id, since, until)
    ids = {one.account_id for one in there} | {one.instead_of for one in there if one.instead_of}
    posts, skills = posts_of(work, ids, community_id), skills_of(work.connection, ids)
    found = []
    for cover in covers(work, community_id):
        serves = _serving(cover, posts, skills)
        manned = [(one.starts_at, one.ends_at) for one in there if serves(one)]
        for begin, end in required(cover, since, until, zone):
            found += [Gap(cover, *span) for span in uncovered(begin, end, manned)]
    return sorted(found, key=lambda gap: (gap.starts_at, gap.ends_at))


def required(
    cover: Cover, since: datetime, until: datetime, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """Return the spans in which something has to be manned; those that meet are one."""
    spans: list[tuple[datetime, datetime]] = []
    day = since.astimezone(zone).date() - timedelta(days=1)
    while (begin := _on(day, cover.starts_minute, zone)) < until:
        first = max(begin, since)
        last = min(_on(day, cover.starts_minute + cover.minutes, zone), until)
        if first < last and spans and spans[-1][1] >= first:
            spans[-1] = (spans[-1][0], last)
        elif first < last:
            spans.append((first, last))
        day += timedelta(days=1)
    return spans


def uncovered(
    begin: datetime, end: datetime, manned: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Return the parts of a span that none of the others covers."""
    free = []
    for first, last in sorted(manned):
        if last <= begin or first >= end:
            continue
        if first > begin:
            free.append((begin, first))
        begin = max(begin, last)
    return [*free, (begin, end)] if begin < end else free


def _on(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone) + timedelta(minutes=minute)


def _serving(
    cover: Cover, posts: Mapping[int, Collection[str]], skills: Mapping[int, frozenset[str]]
) -> Callable[[Presence], bool]:
    """Return what tells whether the presence of somebody with posts and skills counts."""
    if cover.kind is CoverKind.LEAD:
        return lambda one: one.is_lead
    if cover.kind is CoverKind.DESK:
        # A substitute holds the absent person's post, and the shift lead the lane of those who sleep.
        clerks = {one for one, held in posts.items() if Post.CS in held}
        return lambda one: one.is_lead or one.account_id in clerks or one.instead_of in clerks
    able = {one for one, held in skills.items() if is_able(held, cover.skill)}
    repairers = {one for one, held in posts.items() if Post.RP in held}
    return lambda one: one.account_id in able and not repairers.isdisjoint({one.account_id, one.instead_of})
