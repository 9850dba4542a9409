"""Knows who works in a community, and whose shifts the actor plans: leads those of their own people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from engine.work import Work
from handlers.accounts.permissions import SHIFT_POSTS, Post
from handlers.accounts.records import (
    account,
    account_post,
    account_skill,
    account_team,
    account_team_member,
)
from handlers.errors import ActionNotAllowed
from handlers.shared.permissions import Permission

# Whose shifts the lead of a post plans; a project manager plans everybody's.
_LED: Mapping[str, frozenset[Post]] = {
    Post.CSL: frozenset({Post.CS, Post.CSL}),
    Post.RPL: frozenset({Post.RP, Post.RPL, Post.VEN}),
    Post.PM: frozenset(Post),
}


@dataclass(frozen=True)
class Planner:
    """Whose shifts somebody plans in a community.

    Attributes:
        posts: of the people who are theirs.
        account_ids: members of the teams that they lead.
    """

    posts: frozenset[Post]
    account_ids: frozenset[int]

    @property
    def is_any(self) -> bool:
        """Tell whether there is anybody."""
        return bool(self.posts or self.account_ids)

    def plans(self, account_id: int, posts: Collection[str]) -> bool:
        """Tell whether somebody who holds these posts is one of theirs; who has left is any lead's."""
        return account_id in self.account_ids or bool(self.posts.intersection(posts) if posts else self.posts)


@dataclass(frozen=True)
class Worker:
    """Somebody who works in a community.

    Attributes:
        team_id, team: the oldest one; None and "" without one.
        is_mine: the actor plans their shifts.
    """

    id: int
    name: str
    posts: tuple[str, ...]
    skills: frozenset[str]
    team_id: int | None
    team: str
    is_mine: bool


def planner(work: Work, community_id: int) -> Planner:
    """Tell whose shifts the actor plans in a community."""
    if work.actor.kind == "system":
        return Planner(frozenset(Post), frozenset())
    groups = [one.group for one in work.memberships if one.scope_id == community_id]
    posts: frozenset[Post] = frozenset().union(*(_LED.get(group, frozenset()) for group in groups))
    led = select(account_team_member.c.team_id).where(
        account_team_member.c.account_id == work.actor.id, account_team_member.c.is_lead
    )
    members = work.connection.execute(
        select(account_team_member.c.account_id)
        .join(account_team, account_team.c.id == account_team_member.c.team_id)
        .where(account_team.c.community_id == community_id, account_team.c.id.in_(led))
    ).scalars()
    return Planner(posts, frozenset(members) if groups else frozenset())


def require_planner(work: Work, community_id: int, account_id: int) -> None:
    """Refuse whoever does not plan somebody's shifts.

    Raises:
        NotPermitted: the actor plans nobody's there.
        ActionNotAllowed: the actor plans others' shifts, but not this person's.
    """
    mine = planner(work, community_id)
    if not mine.is_any:
        work.require(Permission.ROSTER_EDIT, community_id)
    if not mine.plans(account_id, posts_of(work, [account_id], community_id)[account_id]):
        raise ActionNotAllowed("not_your_team", "此人不归您排班，请由其主管办理")


def require_overview(work: Work, community_id: int) -> None:
    """Refuse whoever neither plans shifts nor sends people there.

    Raises:
        NotPermitted: naming the permission.
    """
    if not work.may(Permission.REPAIR_DISPATCH, community_id) and not planner(work, community_id).is_any:
        work.require(Permission.ROSTER_EDIT, community_id)


def works_at(work: Work, account_id: int, community_id: int) -> bool:
    """Tell whether somebody has a post that counts in a community now."""
    return bool(posts_of(work, [account_id], community_id)[account_id])


def posts_of(work: Work, account_ids: Iterable[int], community_id: int) -> dict[int, tuple[str, ...]]:
    """Return the posts that active accounts hold in a community now."""
    ids = list(account_ids)
    found: dict[int, dict[str, None]] = {account_id: {} for account_id in ids}
    rows = work.connection.execute(
        select(account_post.c.account_id, account_post.c.post)
        .join(account, account.c.id == account_post.c.account_id)
        .where(account.c.state == "active", account_post.c.account_id.in_(ids), in_force(work, community_id))
        .order_by(account_post.c.id)
    )
    for account_id, post in rows:
        found[account_id][post] = None
    return {account_id: tuple(posts) for account_id, posts in found.items()}


def workers(work: Work, community_id: int) -> list[Worker]:
    """List who works in a community, as far as the actor may see them: by team, the oldest first, and name.

    Whoever plans or dispatches sees everybody; others who work there themselves and their teams.

    Raises:
        NotPermitted: the actor does not work there.
    """
    if not any(one.scope_id == community_id for one in work.memberships):
        work.require(Permission.ROSTER_EDIT, community_id)
    ids = _workers(work, community_id)
    mine = planner(work, community_id)
    teams = _teams(work.connection, community_id)
    if not mine.is_any and not work.may(Permission.REPAIR_DISPATCH, community_id):
        own = {team_id for team_id, _ in teams.get(work.actor.id, ())}
        ids = [
            one for one in ids if one == work.actor.id or own & {team_id for team_id, _ in teams.get(one, ())}
        ]
    posts, skills = posts_of(work, ids, community_id), skills_of(work.connection, ids)
    names = work.engine.directory.names(work.connection, ids)
    found = [
        Worker(
            one,
            names[one],
            posts[one],
            skills[one],
            teams[one][0][0] if one in teams else None,
            teams[one][0][1] if one in teams else "",
            mine.plans(one, posts[one]),
        )
        for one in ids
    ]
    return sorted(found, key=lambda one: (one.team_id is None, one.team_id, one.name, one.id))


def skills_of(connection: Connection, account_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return what each of some people is able to do."""
    found: dict[int, set[str]] = {account_id: set() for account_id in account_ids}
    rows = connection.execute(select(account_skill).where(account_skill.c.account_id.in_(found)))
    for row in rows:
        found[row.account_id].add(row.skill)
    return {account_id: frozenset(skills) for account_id, skills in found.items()}


def in_force(work: Work, community_id: int) -> ColumnElement[bool]:
    """Say in SQL that a post counts in a community now."""
    return and_(
        or_(account_post.c.community_id.is_(None), account_post.c.community_id == community_id),
        or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
    )


def _workers(work: Work, community_id: int) -> list[int]:
    """Return who has a post in the community itself, or one that works in shifts everywhere."""
    is_here = or_(account_post.c.community_id == community_id, account_post.c.post.in_(SHIFT_POSTS))
    return list(
        work.connection.execute(
            select(account.c.id)
            .distinct()
            .join(account_post, account_post.c.account_id == account.c.id)
            .where(
                account.c.state == "active",
                account.c.kind == "staff",
                in_force(work, community_id),
                is_here,
            )
            .order_by(account.c.id)
        ).scalars()
    )


def _teams(connection: Connection, community_id: int) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = connection.execute(
        select(account_team_member.c.account_id, account_team.c.id, account_team.c.name)
        .join(account_team, account_team.c.id == account_team_member.c.team_id)
        .where(account_team.c.community_id == community_id)
        .order_by(account_team.c.id)
    )
    for account_id, team_id, name in rows:
        found[account_id].append((team_id, name))
    return found
