"""Plans shifts one by one, and lets people go on and off shift."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.booking import PlannedShift, lock, require_free, require_not_on_leave, shifts_of
from handlers.accounts.presence import present_at
from handlers.accounts.records import account_shift
from handlers.accounts.workforce import (
    planner,
    posts_of,
    require_overview,
    require_planner,
    skills_of,
    workers,
    works_at,
)
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound, RuleRefused
from handlers.shared import access_log
from handlers.shared.permissions import Permission

LONGEST_SHIFT = timedelta(hours=24)


@dataclass(frozen=True)
class OnShift:
    """Somebody who works at this moment.

    Attributes:
        instead_of: the absent person's name whose shift it is, or "".
        posts: own ones and those of the absent person.
    """

    account_id: int
    name: str
    instead_of: str
    posts: frozenset[str]
    skills: frozenset[str]
    is_lead: bool
    ends_at: datetime


@dataclass(frozen=True)
class Shift:
    """A shift on the roster; `is_planned` is False when the person just began to work."""

    id: int
    community_id: int
    account_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    is_lead: bool
    is_planned: bool


def plan_shift(work: Work, community_id: int, shift: PlannedShift) -> int:
    """Put somebody on the roster of a community and return the shift's id.

    Raises:
        RuleRefused: the times make no sense, or the person is booked or away then.
        ActionNotAllowed: the person is not the actor's to plan, or would get the lead from themselves.
    """
    _require_sensible(work, community_id, shift)
    require_free(work, shift)
    shift_id = _insert(work, community_id, shift, is_planned=True)
    if shift.is_lead:
        _log(work, "plan_lead_shift", shift.account_id, shift_id)
    return shift_id


def change_shift(work: Work, shift_id: int, shift: PlannedShift) -> None:
    """Move a shift, or give it to somebody else; of one that has begun only the end can still change.

    Raises:
        RuleRefused: the times make no sense, or the person is booked or away then.
        RecordConflict: the shift is over.
    """
    row = _locked(work, shift_id)
    _require_sensible(work, row.community_id, shift)
    if row.ends_at <= work.now:
        raise RecordConflict("shift_over", "班次已于 {at} 结束，不能再改", at=row.ends_at)
    kept = (row.account_id, row.starts_at, row.is_lead)
    if row.starts_at <= work.now and kept != (shift.account_id, shift.starts_at, shift.is_lead):
        raise RuleRefused("shift_begun", "班次已经开始，只能改结束时间")
    require_free(work, shift, but=shift_id)
    values = {
        "account_id": shift.account_id,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "is_lead": shift.is_lead,
        "is_planned": True,
        "planned_by": work.actor.id,
    }
    work.connection.execute(account_shift.update().where(account_shift.c.id == shift_id).values(values))
    _log(work, "change_shift", row.account_id, shift_id)
    if shift.is_lead:
        _log(work, "plan_lead_shift", shift.account_id, shift_id)


def remove_shift(work: Work, shift_id: int) -> None:
    """Take a shift that has not begun off the roster."""
    row = _locked(work, shift_id)
    if row.starts_at <= work.now:
        raise RuleRefused("shift_begun", "班次已经开始，请用“下班”结束")
    work.connection.execute(account_shift.delete().where(account_shift.c.id == shift_id))
    _log(work, "remove_shift", row.account_id, shift_id)


def go_on_shift(work: Work, community_id: int, hours: int) -> int:
    """Begin to work now, unplanned, for some hours; anybody with a post in the community may.

    A planned shift that begins meanwhile takes over then.
    """
    if not 1 <= hours <= 24:
        raise RuleRefused("shift_length", "班次应在开始之后结束，且不超过 24 小时")
    if not works_at(work, work.actor.id, community_id):
        raise RecordNotFound("account_not_found", "此人在本小区没有岗位")
    lock(work, work.actor.id)
    ends_at = work.now + timedelta(hours=hours)
    for known in work.connection.execute(shifts_of(work.actor.id, work.now, ends_at)):
        if known.starts_at <= work.now:
            return int(known.id)
        ends_at = min(ends_at, known.starts_at)
    require_not_on_leave(work, work.actor.id, work.now, ends_at)
    return _insert(work, community_id, PlannedShift(work.actor.id, work.now, ends_at), is_planned=False)


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
    """List the shifts of a community that touch a span of time, of everybody whom the actor may see there."""
    visible = {one.id: one.name for one in workers(work, community_id)}
    rows = work.connection.execute(
        select(account_shift)
        .where(
            account_shift.c.community_id == community_id,
            account_shift.c.account_id.in_(visible),
            account_shift.c.starts_at < until,
            account_shift.c.ends_at > since,
        )
        .order_by(account_shift.c.starts_at, account_shift.c.id)
    ).all()
    return [_shift(row, visible[row.account_id]) for row in rows]


def shift(work: Work, shift_id: int) -> Shift:
    """Return a shift that the actor may change.

    Raises:
        RecordNotFound: there is none, or it is somebody else's to plan.
    """
    query = select(account_shift).where(account_shift.c.id == shift_id)
    row = _own_to_plan(work, work.connection.execute(query).one_or_none())
    names = work.engine.directory.names(work.connection, [row.account_id])
    return _shift(row, names[row.account_id])


def on_shift(
    work: Work, community_id: int, post: str | None = None, skill: str | None = None
) -> list[OnShift]:
    """List who works in a community now, substitutes included, for whoever plans or dispatches there.

    Args:
        post, skill: only those who hold it; None for everybody.
    """
    require_overview(work, community_id)
    there = present_at(work.connection, community_id, work.now)
    ids = {one.account_id for one in there} | {one.instead_of for one in there if one.instead_of}
    names = work.engine.directory.names(work.connection, ids)
    posts, skills = posts_of(work, ids, community_id), skills_of(work.connection, ids)
    ends = _ends(work, {one.shift_id for one in there})
    found = [
        OnShift(
            one.account_id,
            names[one.account_id],
            names[one.instead_of] if one.instead_of else "",
            frozenset((*posts[one.account_id], *(posts[one.instead_of] if one.instead_of else ()))),
            skills[one.account_id],
            one.is_lead,
            ends[one.shift_id],
        )
        for one in there
    ]
    return [one for one in found if (not post or post in one.posts) and (not skill or skill in one.skills)]


# --- what planning rests on ---------------------------------------------------------------------------------


def _require_sensible(work: Work, community_id: int, shift: PlannedShift) -> None:
    require_planner(work, community_id, shift.account_id)
    if not timedelta(0) < shift.ends_at - shift.starts_at <= LONGEST_SHIFT:
        raise RuleRefused("shift_length", "班次应在开始之后结束，且不超过 24 小时")
    if shift.ends_at <= work.now:
        raise RuleRefused("shift_past", "这个班次已经过去，不能再排")
    if not works_at(work, shift.account_id, community_id):
        raise RecordNotFound("account_not_found", "此人在本小区没有岗位")
    if shift.is_lead:
        work.require(Permission.ROSTER_EDIT, community_id)
        if shift.account_id == work.actor.id:
            raise ActionNotAllowed("own_lead_shift", "不能给自己排值班长，请由另一位主管排班")


def _locked(work: Work, shift_id: int) -> Row[tuple[object, ...]]:
    query = select(account_shift).where(account_shift.c.id == shift_id)
    return _own_to_plan(work, work.connection.execute(query.with_for_update()).one_or_none())


def _own_to_plan(work: Work, row: Row[tuple[object, ...]] | None) -> Row[tuple[object, ...]]:
    if row is not None:
        posts = posts_of(work, [row.account_id], row.community_id)[row.account_id]
        if planner(work, row.community_id).plans(row.account_id, posts):
            return row
    raise RecordNotFound("shift_not_found", "没有这个班次")


def _insert(work: Work, community_id: int, shift: PlannedShift, *, is_planned: bool) -> int:
    shift_id = new_id()
    work.connection.execute(
        account_shift.insert().values(
            id=shift_id,
            account_id=shift.account_id,
            community_id=community_id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            is_lead=shift.is_lead,
            is_planned=is_planned,
            planned_by=work.actor.id,
        )
    )
    return shift_id


def _ends(work: Work, shift_ids: set[int]) -> dict[int, datetime]:
    query = select(account_shift.c.id, account_shift.c.ends_at).where(account_shift.c.id.in_(shift_ids))
    return dict(work.connection.execute(query).all())


def _shift(row: Row[tuple[object, ...]], name: str) -> Shift:
    return Shift(
        row.id,
        row.community_id,
        row.account_id,
        name,
        row.starts_at,
        row.ends_at,
        row.is_lead,
        row.is_planned,
    )


def _log(work: Work, action: str, account_id: int, shift_id: int) -> None:
    entry = access_log.Entry(action, "account", account_id, detail={"shift": str(shift_id)})
    access_log.append(work, entry)
