"""Plans shifts, and knows who is on shift now, and with which skills."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.records import account, account_post, account_shift, account_skill
from handlers.errors import RecordNotFound, RuleRefused
from handlers.shared.permissions import Permission

LONGEST_SHIFT = timedelta(hours=24)


@dataclass(frozen=True)
class OnShift:
    """Somebody who works at this moment."""

    account_id: int
    name: str
    skills: frozenset[str]
    is_lead: bool
    ends_at: datetime


@dataclass(frozen=True)
class Shift:
    """A planned shift."""

    id: int
    account_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    is_lead: bool


@dataclass(frozen=True)
class PlannedShift:
    """A shift to be planned."""

    account_id: int
    starts_at: datetime
    ends_at: datetime
    is_lead: bool = False


def plan_shift(work: Work, community_id: int, shift: PlannedShift) -> int:
    """Put somebody on the roster of a community and return the shift's id."""
    work.require(Permission.ROSTER_EDIT, community_id)
    if not timedelta(0) < shift.ends_at - shift.starts_at <= LONGEST_SHIFT:
        raise RuleRefused("shift_length", "班次应在开始之后结束，且不超过 24 小时")
    if not _holds_post(work, shift.account_id, community_id):
        raise RecordNotFound("account_not_found", "此人在本小区没有岗位")
    overlaps = exists().where(
        account_shift.c.account_id == shift.account_id,
        account_shift.c.starts_at < shift.ends_at,
        account_shift.c.ends_at > shift.starts_at,
    )
    if work.connection.execute(select(overlaps)).scalar_one():
        raise RuleRefused("shift_overlap", "此人这段时间已有班次")
    shift_id = new_id()
    work.connection.execute(
        account_shift.insert().values(
            id=shift_id,
            account_id=shift.account_id,
            community_id=community_id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            is_lead=shift.is_lead,
            planned_by=work.actor.id,
        )
    )
    return shift_id


def remove_shift(work: Work, shift_id: int) -> None:
    """Take a shift that has not begun off the roster."""
    row = work.connection.execute(select(account_shift).where(account_shift.c.id == shift_id)).one_or_none()
    if row is None or not work.may(Permission.ROSTER_EDIT, row.community_id):
        raise RecordNotFound("shift_not_found", "没有这个班次")
    if row.starts_at <= work.now:
        raise RuleRefused("shift_begun", "班次已经开始，请用“下班”结束")
    work.connection.execute(account_shift.delete().where(account_shift.c.id == shift_id))


def go_on_shift(work: Work, community_id: int, hours: int) -> int:
    """Begin to work now, unplanned, for some hours; anybody with a post in the community may."""
    if not 1 <= hours <= 24:
        raise RuleRefused("shift_length", "班次应在开始之后结束，且不超过 24 小时")
    if not _holds_post(work, work.actor.id, community_id):
        raise RecordNotFound("account_not_found", "此人在本小区没有岗位")
    current: int | None = work.connection.execute(
        select(account_shift.c.id).where(
            account_shift.c.account_id == work.actor.id,
            account_shift.c.starts_at <= work.now,
            account_shift.c.ends_at > work.now,
        )
    ).scalar()
    if current is not None:
        return current
    shift_id = new_id()
    work.connection.execute(
        account_shift.insert().values(
            id=shift_id,
            account_id=work.actor.id,
            community_id=community_id,
            starts_at=work.now,
            ends_at=work.now + timedelta(hours=hours),
            is_lead=False,
            planned_by=work.actor.id,
        )
    )
    return shift_id


def go_off_shift(work: Work) -> None:
    """End the actor's own shift now."""
    work.connection.execute(
        account_shift.update()
        .where(
            account_shift.c.account_id == work.actor.id,
            account_shift.c.starts_at <= work.now,
            account_shift.c.ends_at > work.now,
        )
        .values(ends_at=work.now)
    )


def shifts(work: Work, community_id: int, since: datetime, until: datetime) -> list[Shift]:
    """List the shifts of a community that touch a span of time; whoever works there may read it."""
    if not any(membership.scope_id == community_id for membership in work.memberships):
        work.require(Permission.ROSTER_EDIT, community_id)
    rows = work.connection.execute(
        select(account_shift)
        .where(
            account_shift.c.community_id == community_id,
            account_shift.c.starts_at < until,
            account_shift.c.ends_at > since,
        )
        .order_by(account_shift.c.starts_at, account_shift.c.id)
    ).all()
    names = work.engine.directory.names(work.connection, {row.account_id for row in rows})
    return [
        Shift(row.id, row.account_id, names[row.account_id], row.starts_at, row.ends_at, row.is_lead)
        for row in rows
    ]


def on_shift(work: Work, community_id: int, post: str, skill: str | None = None) -> list[OnShift]:
    """List who holds a post in a community and works now, those with a skill only if one is given.

    For dispatching: steps ask on behalf of the platform, people need the right to dispatch or plan there.
    """
    if not work.may(Permission.ROSTER_EDIT, community_id):
        work.require(Permission.REPAIR_DISPATCH, community_id)
    rows = work.connection.execute(
        select(account.c.id, account.c.name, account_shift.c.is_lead, account_shift.c.ends_at)
        .join(account_shift, account_shift.c.account_id == account.c.id)
        .where(
            account.c.state == "active",
            account_shift.c.community_id == community_id,
            account_shift.c.starts_at <= work.now,
            account_shift.c.ends_at > work.now,
            _has_post(work, post, community_id),
        )
        .order_by(account.c.id)
    ).all()
    skills = _skills(work, [row.id for row in rows])
    unseal = work.engine.vault.open
    return [
        OnShift(row.id, unseal("account", "name", row.id, row.name), skills[row.id], row.is_lead, row.ends_at)
        for row in rows
        if skill is None or skill in skills[row.id]
    ]


def _holds_post(work: Work, account_id: int, community_id: int) -> bool:
    held: bool = work.connection.execute(
        select(
            exists().where(
                account.c.id == account_id,
                account.c.state == "active",
                account_post.c.account_id == account.c.id,
                _is_of(work, community_id),
            )
        )
    ).scalar_one()
    return held


def _has_post(work: Work, post: str, community_id: int) -> ColumnElement[bool]:
    return (
        exists()
        .where(
            account_post.c.account_id == account.c.id,
            account_post.c.post == post,
            _is_of(work, community_id),
        )
        .correlate(account)
    )


def _is_of(work: Work, community_id: int) -> ColumnElement[bool]:
    """Say that a post counts in a community now."""
    return and_(
        or_(account_post.c.community_id.is_(None), account_post.c.community_id == community_id),
        or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
    )


def _skills(work: Work, account_ids: list[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {account_id: set() for account_id in account_ids}
    rows = work.connection.execute(select(account_skill).where(account_skill.c.account_id.in_(account_ids)))
    for row in rows:
        found[row.account_id].add(row.skill)
    return {account_id: frozenset(skills) for account_id, skills in found.items()}
