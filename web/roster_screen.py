"""What the page of the roster shows: a week, who is on now, and the hours at which nobody is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from engine.work import Work
from handlers.accounts import cover, roster, workforce
from handlers.accounts.cover import Gap
from handlers.accounts.permissions import Post
from handlers.accounts.roster import OnShift
from handlers.accounts.roster_week import monday
from handlers.accounts.shift_templates import Template
from handlers.accounts.skills import SKILL_NAMES
from handlers.accounts.workforce import Worker
from handlers.estate import communities
from handlers.estate.communities import Community
from handlers.shared.permissions import Permission
from web.lists import post_name
from web.roster_cells import DAYS, CoverRow, DayCell, DayList, Week
from web.roster_words import cover_name, post_words, skill_name, skill_words
from web.texts import gettext
from web.words import either


@dataclass(frozen=True)
class PersonRow:
    """Somebody's week."""

    worker: Worker
    posts: str
    skills: str
    cells: tuple[DayCell, ...]


@dataclass(frozen=True)
class TeamRows:
    """A team, or those of a post without one."""

    name: str
    rows: tuple[PersonRow, ...]


@dataclass(frozen=True)
class GapLine:
    """A span of time in which nobody is there for some things; `day` is when it begins, locally."""

    names: str
    day: date
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Wish:
    """Which week is asked for, and of whom; None and "" for all."""

    community_id: int | None = None
    day: date | None = None
    team_id: int | None = None
    skill: str = ""


@dataclass(frozen=True)
class RosterScreen:
    """The page.

    Attributes:
        is_overview: the reader plans or dispatches here, and sees gaps.
        may_plan: the reader plans somebody's shifts here.
        may_set: the reader decides what the community works in.
    """

    wish: Wish
    community: Community
    places: tuple[Community, ...]
    today: date
    days: tuple[date, ...]
    now_on: tuple[tuple[str, tuple[OnShift, ...]], ...]
    gaps: tuple[GapLine, ...]
    teams: tuple[TeamRows, ...]
    covers: tuple[CoverRow, ...]
    lists: tuple[DayList, ...]
    templates: tuple[Template, ...]
    skills: tuple[tuple[str, str], ...]
    team_names: tuple[tuple[int, str], ...]
    is_overview: bool
    may_plan: bool
    may_set: bool

    @property
    def first(self) -> date:
        """The Monday of the week."""
        return self.days[0]

    @property
    def first_before(self) -> date:
        """The Monday before."""
        return self.first - timedelta(days=DAYS)

    @property
    def before(self) -> str:
        """Address of the week before."""
        return self.address(week=self.first - timedelta(days=DAYS))

    @property
    def after(self) -> str:
        """Address of the week after."""
        return self.address(week=self.first + timedelta(days=DAYS))

    def address(self, **changes: object) -> str:
        """Return the address of this page with some arguments changed."""
        known: dict[str, object] = {
            "community_id": self.community.id,
            "week": self.first,
            "team": self.wish.team_id,
            "skill": self.wish.skill or None,
            **changes,
        }
        arguments: dict[str, Any] = {name: one for name, one in known.items() if one is not None}
        return url_for("roster.index", **arguments)


def roster_screen(work: Work, wish: Wish) -> RosterScreen | None:
    """Read a week; None for somebody who works in no community."""
    places = communities.acted_in(work)
    if not places:
        return None
    place = next((one for one in places if one.id == wish.community_id), places[0])
    zone = communities.zone_of(work, place.id)
    today = work.now.astimezone(zone).date()
    week = Week(work, place.id, monday(wish.day or today), zone)
    shown = [one for one in week.workers if _is_wanted(one, wish)]
    mine = workforce.planner(work, place.id)
    is_overview = mine.is_any or work.may(Permission.REPAIR_DISPATCH, place.id)
    covers = tuple(row for row in week.covers if any(row.vacant)) if is_overview else ()
    ahead = cover.gaps(work, place.id, work.now, work.now + cover.AHEAD) if is_overview else []
    return RosterScreen(
        wish=wish,
        community=place,
        places=tuple(places),
        today=today,
        days=week.days,
        now_on=_now_on(roster.on_shift(work, place.id)) if is_overview else (),
        gaps=_gap_lines(ahead, zone),
        teams=_teams(week, shown),
        covers=covers,
        lists=tuple(week.list_of(day, shown, covers) for day in week.days),
        templates=week.templates,
        skills=_skills(week.workers),
        team_names=tuple(dict.fromkeys((one.team_id, one.team) for one in week.workers if one.team_id)),
        is_overview=is_overview,
        may_plan=mine.is_any,
        may_set=work.may(Permission.ROSTER_EDIT, place.id),
    )


def _gap_lines(gaps: Iterable[Gap], zone: ZoneInfo) -> tuple[GapLine, ...]:
    """Say what is missing at the same time in one line."""
    spans: dict[tuple[datetime, datetime], list[str]] = {}
    for gap in gaps:
        spans.setdefault((gap.starts_at, gap.ends_at), []).append(cover_name(gap.cover))
    return tuple(
        GapLine(either("、", ", ").join(names), begin.astimezone(zone).date(), begin, end)
        for (begin, end), names in spans.items()
    )


def _is_wanted(worker: Worker, wish: Wish) -> bool:
    is_in_team = wish.team_id is None or worker.team_id == wish.team_id
    return is_in_team and (not wish.skill or wish.skill in worker.skills)


def _teams(week: Week, shown: Iterable[Worker]) -> tuple[TeamRows, ...]:
    grouped: dict[str, list[PersonRow]] = {}
    for one in shown:
        posts = post_words(one.posts)
        row = PersonRow(one, posts, skill_words(one.skills), week.cells(one))
        grouped.setdefault(one.team or posts, []).append(row)
    return tuple(TeamRows(name, tuple(rows)) for name, rows in grouped.items())


def _skills(workers: Iterable[Worker]) -> tuple[tuple[str, str], ...]:
    held: frozenset[str] = frozenset().union(*(one.skills for one in workers))
    return tuple((code, skill_name(code)) for code in SKILL_NAMES if code in held)


def _now_on(there: Iterable[OnShift]) -> tuple[tuple[str, tuple[OnShift, ...]], ...]:
    """Group who is on now: the lead first, then by post."""
    present = list(there)
    usual = (Post.CS, Post.RP)
    groups = [(gettext("值班长"), [one for one in present if one.is_lead])]
    groups += [(post_name(post), [one for one in present if post in one.posts]) for post in usual]
    others = [one for one in present if not one.is_lead and one.posts.isdisjoint(usual)]
    if others:
        groups.append((gettext("其他岗位"), others))
    return tuple((name, tuple(people)) for name, people in groups)
