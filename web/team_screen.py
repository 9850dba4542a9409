"""What the pages about people of the roster show: one person, the teams, and what a community works in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.work import Work
from handlers.accounts import cover, leave, shift_templates, substitution, teams, workforce
from handlers.accounts.cover import Cover, CoverKind
from handlers.accounts.leave import Leave
from handlers.accounts.shift_templates import Template
from handlers.accounts.skills import SKILL_NAMES
from handlers.accounts.substitution import LONGEST, Substitution
from handlers.accounts.teams import Team
from handlers.accounts.workforce import Worker
from handlers.errors import RecordNotFound
from handlers.estate import communities
from handlers.shared.permissions import Permission
from web.days import clock_text, minute_of_day, minutes_between
from web.roster_words import cover_name, skill_name

SPARE_LINES = 2


@dataclass(frozen=True)
class PersonScreen:
    """A person whose shifts the reader plans.

    Attributes:
        others: who could stand in.
        may_substitute: the reader names substitutes here.
        starts_at: now, as a browser's field holds it.
    """

    community_id: int
    worker: Worker
    skills: tuple[tuple[str, str], ...]
    leaves: tuple[Leave, ...]
    substitutions: tuple[Substitution, ...]
    others: tuple[Worker, ...]
    may_substitute: bool
    may_set_skills: bool
    starts_at: str


@dataclass(frozen=True)
class TeamsScreen:
    """The teams of a community and who could belong to them."""

    community_id: int
    teams: tuple[Team, ...]
    workers: tuple[Worker, ...]


@dataclass(frozen=True)
class Line:
    """A line of a form about times of the day."""

    name: str
    starts: str
    ends: str
    is_on: bool
    key: str = ""


@dataclass(frozen=True)
class SettingsScreen:
    """What a community works in and what has to be manned, as forms."""

    community_id: int
    templates: tuple[Line, ...]
    covers: tuple[Line, ...]


def person_screen(work: Work, community_id: int, account_id: int) -> PersonScreen:
    """Read a person whose shifts the actor plans.

    Raises:
        RecordNotFound: there is none such in the community.
    """
    workers = workforce.workers(work, community_id)
    worker = next((one for one in workers if one.id == account_id and one.is_mine), None)
    if worker is None:
        raise RecordNotFound("account_not_found", "此人在本小区没有岗位，或不归您排班")
    until = work.now + LONGEST
    zone = communities.zone_of(work, community_id)
    return PersonScreen(
        community_id=community_id,
        worker=worker,
        skills=tuple((code, skill_name(code)) for code in SKILL_NAMES),
        leaves=tuple(
            one for one in leave.leaves(work, community_id, work.now, until) if one.account_id == account_id
        ),
        substitutions=tuple(
            one
            for one in substitution.substitutions(work, community_id, work.now, until)
            if one.absent_id == account_id
        ),
        others=tuple(one for one in workers if one.id not in (account_id, work.actor.id)),
        may_substitute=work.may(Permission.SUBSTITUTE_SET, community_id),
        may_set_skills=work.may(Permission.ROSTER_EDIT, community_id),
        starts_at=_local(work.now.astimezone(zone)),
    )


def teams_screen(work: Work, community_id: int) -> TeamsScreen:
    """Read the teams of a community."""
    work.require(Permission.ROSTER_EDIT, community_id)
    return TeamsScreen(
        community_id,
        tuple(teams.teams(work, community_id)),
        tuple(workforce.workers(work, community_id)),
    )


def settings_screen(work: Work, community_id: int) -> SettingsScreen:
    """Read what a community works in and what has to be manned."""
    work.require(Permission.ROSTER_EDIT, community_id)
    known = {(one.kind, one.skill): one for one in cover.covers(work, community_id)}
    every = [Cover(CoverKind.DESK), cover.NIGHT_LEAD, *(Cover(CoverKind.SKILL, code) for code in SKILL_NAMES)]
    lines = [
        Line(one.name, clock_text(one.starts_minute), _end(one.starts_minute, one.minutes), one.is_lead)
        for one in shift_templates.templates(work, community_id)
    ]
    return SettingsScreen(
        community_id,
        tuple(lines + [Line("", "", "", is_on=False)] * SPARE_LINES),
        tuple(
            _cover_line(known.get((one.kind, one.skill), one), is_on=(one.kind, one.skill) in known)
            for one in every
        ),
    )


def posted_templates(form: Mapping[str, str]) -> list[Template]:
    """Read the lines of the form of templates; a line without a name is none."""
    found = []
    for number in range(shift_templates.MOST + SPARE_LINES):
        name = form.get(f"name.{number}", "").strip()
        if name:
            begin, end = _times(form, number)
            found.append(
                Template(name, begin, minutes_between(begin, end), form.get(f"is_lead.{number}") == "true")
            )
    return found


def posted_covers(form: Mapping[str, str]) -> list[Cover]:
    """Read the ticked lines of the form of what has to be manned."""
    found = []
    for number in range(len(SKILL_NAMES) + len(CoverKind)):
        kind, _, skill = form.get(f"cover.{number}", "").partition(".")
        if kind in set(CoverKind):
            begin, end = _times(form, number)
            found.append(Cover(CoverKind(kind), skill, begin, minutes_between(begin, end)))
    return found


def _times(form: Mapping[str, str], number: int) -> tuple[int, int]:
    return minute_of_day(form.get(f"starts.{number}", "")), minute_of_day(form.get(f"ends.{number}", ""))


def _cover_line(one: Cover, *, is_on: bool) -> Line:
    key = f"{one.kind}.{one.skill}"
    begin = clock_text(one.starts_minute)
    return Line(cover_name(one), begin, _end(one.starts_minute, one.minutes), is_on, key)


def _end(starts_minute: int, minutes: int) -> str:
    return clock_text(starts_minute + minutes)


def _local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")
