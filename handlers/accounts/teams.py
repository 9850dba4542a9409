"""Teams of a community and who belongs to them."""

from dataclasses import dataclass

from sqlalchemy import exists, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.records import account_team, account_team_member
from handlers.errors import RecordConflict, RecordNotFound
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Team:
    """A team; `members` are account ids with whether they lead it."""

    id: int
    name: str
    members: tuple[tuple[int, bool], ...]


def create_team(work: Work, community_id: int, name: str) -> int:
    """Create a team and return its id."""
    work.require(Permission.ROSTER_EDIT, community_id)
    is_taken = exists().where(account_team.c.community_id == community_id, account_team.c.name == name)
    if work.connection.execute(select(is_taken)).scalar_one():
        raise RecordConflict("team_exists", "本小区已有名为“{name}”的班组", name=name)
    team_id = new_id()
    work.connection.execute(account_team.insert().values(id=team_id, community_id=community_id, name=name))
    return team_id


def set_members(work: Work, team_id: int, account_ids: frozenset[int], lead_id: int | None = None) -> None:
    """Say who belongs to a team, and who leads it."""
    community_id = work.connection.execute(
        select(account_team.c.community_id).where(account_team.c.id == team_id)
    ).scalar_one_or_none()
    if community_id is None or not work.may(Permission.ROSTER_EDIT, community_id):
        raise RecordNotFound("team_not_found", "没有这个班组")
    work.connection.execute(account_team_member.delete().where(account_team_member.c.team_id == team_id))
    rows = [
        {"team_id": team_id, "account_id": account_id, "is_lead": account_id == lead_id}
        for account_id in sorted(account_ids)
    ]
    if rows:
        work.connection.execute(account_team_member.insert(), rows)


def teams(work: Work, community_id: int) -> list[Team]:
    """List the teams of a community."""
    if not work.may(Permission.REPAIR_DISPATCH, community_id):
        work.require(Permission.ROSTER_EDIT, community_id)
    found = work.connection.execute(
        select(account_team).where(account_team.c.community_id == community_id).order_by(account_team.c.id)
    ).all()
    members: dict[int, list[tuple[int, bool]]] = {row.id: [] for row in found}
    rows = work.connection.execute(
        select(account_team_member)
        .where(account_team_member.c.team_id.in_(members))
        .order_by(account_team_member.c.account_id)
    )
    for row in rows:
        members[row.team_id].append((row.account_id, row.is_lead))
    return [Team(row.id, row.name, tuple(members[row.id])) for row in found]
