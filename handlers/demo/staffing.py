"""Writes the invented staff: posts, skills, teams, a roster around the clock, and somebody who is away."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import insert, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts import leave, staff, substitution, teams
from handlers.accounts.installation import make_usable
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_shift, account_skill
from handlers.accounts.roster import LONGEST_SHIFT
from handlers.accounts.skills import SKILL_NAMES
from handlers.accounts.staff import Registration
from handlers.demo import crew
from handlers.demo.settling import Settled

_ROWS_AT_ONCE = 500
_TEAM_NAMES = ("一班", "二班", "三班", "四班")


def employ(work: Work, settled: Settled, people: Sequence[crew.Employee], throwaway_hash: str) -> None:
    """Write the staff with their posts and skills; whoever gets no password of their own cannot sign in.

    Args:
        throwaway_hash: of a password that nobody knows.
    """
    skills = []
    for one in people:
        entry = Registration(one.name, one.login, one.phone, one.department)
        account_id = staff.insert_staff(work, entry)
        community_id = None if one.community is None else settled.communities[one.community]
        staff.insert_post(work, account_id, one.post, community_id)
        staff.log(work, "grant_post", account_id, f"{one.post}@{community_id or '*'}")
        make_usable(work, account_id, throwaway_hash)
        skills += [{"account_id": account_id, "skill": skill} for skill in sorted(one.skills)]
        settled.staff.append((one, account_id))
    work.connection.execute(insert(account_skill), skills)
    _form_teams(work, settled)


def plan_shifts(work: Work, settled: Settled, first: datetime, days: int) -> None:
    """Write the roster of every community, around the clock."""
    rows = []
    for shift in crew.roster(first.astimezone(work.engine.zone).date(), days, work.engine.zone):
        for one, account_id in settled.staff:
            if one.team != shift.team or one.community is None:
                continue
            rows.append(
                {
                    "id": new_id(),
                    "account_id": account_id,
                    "community_id": settled.communities[one.community],
                    "starts_at": shift.starts_at,
                    "ends_at": shift.ends_at,
                    "is_lead": shift.is_led_by_clerk and one.post == "cs",
                    "planned_by": 0,
                }
            )
    for at in range(0, len(rows), _ROWS_AT_ONCE):
        work.connection.execute(insert(account_shift), rows[at : at + _ROWS_AT_ONCE])


def always_there(work: Work, account_id: int, community_id: int, days: int) -> None:
    """Let somebody whose sign-in is printed be at work at every hour.

    The hours beside their planned shifts are none of the plan: they just stay.
    """
    known = account_shift.c
    rows = work.connection.execute(
        select(known.starts_at, known.ends_at)
        .where(known.account_id == account_id, known.ends_at > work.now)
        .order_by(known.starts_at)
    ).all()
    until = work.now + timedelta(days=days)
    gaps: list[tuple[datetime, datetime]] = []
    free_from = work.now
    for starts_at, ends_at in (*rows, (until, until)):
        gaps += _spans(free_from, starts_at)
        free_from = max(free_from, ends_at)
    held = {"account_id": account_id, "community_id": community_id, "planned_by": 0, "is_planned": False}
    spans = [{"id": new_id(), "starts_at": begin, "ends_at": end, **held} for begin, end in gaps]
    work.connection.execute(insert(account_shift), spans)


def learn_everything(work: Work, account_id: int) -> None:
    """Let somebody of the repair staff have every skill."""
    mine = account_skill.c.account_id == account_id
    known = set(work.connection.execute(select(account_skill.c.skill).where(mine)).scalars())
    rows = [{"account_id": account_id, "skill": skill} for skill in sorted(SKILL_NAMES.keys() - known)]
    work.connection.execute(insert(account_skill), rows)


def _spans(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < end:
        stop = min(begin + LONGEST_SHIFT, end)
        yield begin, stop
        begin = stop


def send_away(work: Work, settled: Settled) -> None:
    """Let somebody of the first community be on leave soon, and somebody else have a substitute."""
    community_id = settled.communities[0]
    held = {(one.team, one.post): account_id for one, account_id in settled.staff if one.community == 0}
    today = work.now.astimezone(work.engine.zone).date()

    def midnight(days: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(), work.engine.zone)

    leave.set_leave(work, community_id, held[1, Post.RP], midnight(2), midnight(4))
    second_clerk = held[crew.DAY_TEAM, Post.CS]
    substitution.set_substitute(work, held[2, Post.CS], second_clerk, midnight(3), midnight(5))


def _form_teams(work: Work, settled: Settled) -> None:
    """Put everybody who works in turns into a team that a repairer leads."""
    for number, community_id in enumerate(settled.communities):
        for team, name in enumerate(_TEAM_NAMES):
            members = {
                account_id: one.post
                for one, account_id in settled.staff
                if (one.community, one.team) == (number, team)
            }
            lead_id = min(account_id for account_id, post in members.items() if post is Post.RP)
            team_id = teams.create_team(work, community_id, name)
            teams.set_members(work, team_id, frozenset(members), lead_id)
