"""Invents the staff: every post, the skills of the repair staff, and shifts around the clock."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from handlers.accounts.permissions import Post
from handlers.demo.names import Inventor

# Four teams take three shifts in turn (四班三倒): each day one of them is off.
TEAMS = 4
_SHIFTS = ((time(8), 8, False), (time(16), 8, True), (time(0), 8, True))  # from, hours, led by its clerk
DAY_TEAM = TEAMS  # a second clerk by day, so that what one writes down another checks

# What the two repairers of every team can do between them.
_SKILLS = (
    frozenset({"plumbing", "building", "emergency", "cleaning", "general"}),
    frozenset({"electric", "weak_current", "emergency", "security", "fire_vendor", "lift_vendor", "general"}),
)
_MORE_SKILLS = ("hvac_vendor", "green_vendor", "developer", "by_item", "cs_lead")

_EVERYWHERE = (
    *(Post.QA, Post.ADM, Post.SYS, Post.SEC, Post.AUD, Post.DPO, Post.PO),
    *(Post.FINL, Post.FIN, Post.ACT, Post.VEN),
    Post.CSL,  # of the company: somebody has to check what the leads of the communities enter
)
_IN_EACH_COMMUNITY = (Post.PM, Post.CSL, Post.RPL)

_DEPARTMENTS = {
    Post.CS: "客户服务部",
    Post.CSL: "客户服务部",
    Post.RP: "工程部",
    Post.RPL: "工程部",
    Post.FIN: "财务部",
    Post.FINL: "财务部",
    Post.PM: "项目部",
    Post.QA: "品质部",
    Post.ACT: "社区文化部",
    Post.VEN: "外包单位",
}
_OFFICE = "行政部"


@dataclass(frozen=True)
class Employee:
    """An invented member of staff.

    Attributes:
        community: place in the list of communities; None for the whole company.
        team: from 0 to 4 for those who work in shifts, else None.
    """

    name: str
    login: str
    phone: str
    post: Post
    community: int | None
    team: int | None = None
    skills: frozenset[str] = frozenset()

    @property
    def department(self) -> str:
        """Where they belong."""
        return _DEPARTMENTS.get(self.post, _OFFICE)


@dataclass(frozen=True)
class Shift:
    """A span of work of one team."""

    team: int
    starts_at: datetime
    ends_at: datetime
    is_led_by_clerk: bool


def invent(communities: int, seed: int) -> list[Employee]:
    """Invent twelve people of the company and sixteen of each community; every post is held."""
    random = Random(seed + 1)  # noqa: S311  # inventing, not guarding
    inventor = Inventor(random, block=4)
    staff = [_employee(inventor, post, None, login) for login, post in _numbered(_EVERYWHERE)]
    for community in range(communities):
        tail = str(community + 1)
        staff += [_employee(inventor, post, community, f"{post}{tail}") for post in _IN_EACH_COMMUNITY]
        for team in range(TEAMS):
            staff += _team(inventor, community, team)
        staff.append(replace(_employee(inventor, Post.CS, community, f"cs{tail}e"), team=DAY_TEAM))
    return staff


def _numbered(posts: tuple[Post, ...]) -> Iterator[tuple[str, Post]]:
    for place, post in enumerate(posts):
        count = posts[:place].count(post)
        yield f"{post}{count + 1}" if count else str(post), post


def _team(inventor: Inventor, community: int, team: int) -> Iterator[Employee]:
    tail = f"{community + 1}{'abcd'[team]}"
    yield replace(_employee(inventor, Post.CS, community, f"cs{tail}"), team=team)
    for place, skills in enumerate(_SKILLS):
        more = frozenset(_MORE_SKILLS[place::2])
        repairer = _employee(inventor, Post.RP, community, f"rp{tail}{place + 1}")
        yield replace(repairer, team=team, skills=skills | more)


def _employee(inventor: Inventor, post: Post, community: int | None, login: str) -> Employee:
    long_enough = login if len(login) > 2 else f"{login}01"
    return Employee(inventor.name(), long_enough, inventor.phone(), post, community)


def roster(first: date, days: int, zone: ZoneInfo) -> Iterator[Shift]:
    """Plan the shifts of the four teams for a number of days, without a gap."""
    for day in range(days):
        for turn, (starts, hours, is_led) in enumerate(_SHIFTS):
            starts_at = datetime.combine(first + timedelta(days=day), starts, zone)
            team = (day + turn) % TEAMS
            yield Shift(team, starts_at, starts_at + timedelta(hours=hours), is_led)
        starts_at = datetime.combine(first + timedelta(days=day), _SHIFTS[0][0], zone)
        yield Shift(DAY_TEAM, starts_at, starts_at + timedelta(hours=_SHIFTS[0][1]), False)
