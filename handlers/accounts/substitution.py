"""Lets one person act for another who is away, from one moment until another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts import trust
from handlers.accounts.booking import lock, require_not_on_leave
from handlers.accounts.permissions import LENT_BY_APPROVAL, Post
from handlers.accounts.records import account, account_post, account_substitution
from handlers.accounts.workforce import workers
from handlers.errors import ActionNotAllowed, RecordNotFound, RuleRefused
from handlers.shared import access_log
from handlers.shared.permissions import Permission

LONGEST = timedelta(days=180)
LONGEST_APPROVED = timedelta(days=30)  # where the absent person's posts are lent by approval


# Whoever approves or watches others is stood in for by nobody whom a lead has chosen.
_ONLY_THEMSELVES = frozenset({Post.DPO, Post.SEC, Post.SYS, Post.AUD})
_ABOVE_LEADS = frozenset({Post.PM, Post.QA, Post.ADM, Post.FINL})


@dataclass(frozen=True)
class Substitution:
    """Who acts for whom, and when; while `is_waiting` for approval it gives nothing."""

    id: int
    absent_id: int
    absent_name: str
    substitute_id: int
    substitute_name: str
    starts_at: datetime
    ends_at: datetime
    is_waiting: bool = False


def set_substitute(
    work: Work, absent_id: int, substitute_id: int, starts_at: datetime, ends_at: datetime
) -> int:
    """Name a substitute: for oneself, or as a lead for somebody of one's community.

    Whoever approves or sees much is stood in for at most 30 days at once, and not before the security
    administrator has approved it, see `lending`.

    Returns:
        The substitution's id.
    Raises:
        ActionNotAllowed: nobody makes themselves a substitute, or names one within a day of a reset.
        RuleRefused: the span of time makes no sense, or one of the two is away or stands in for another then.
    """
    _require_may_set(work, absent_id)
    trust.require_settled(work)
    if substitute_id in (absent_id, work.actor.id):
        raise ActionNotAllowed("own_substitute", "不能指定自己为代理人")
    for account_id in (absent_id, substitute_id):
        _require_staff(work, account_id)
    lock(work, absent_id, substitute_id)
    asks = bool({row.post for row in _posts_held(work, absent_id)} & LENT_BY_APPROVAL)
    longest = LONGEST_APPROVED if asks else LONGEST
    if not timedelta(0) < ends_at - starts_at <= longest or ends_at <= work.now:
        raise RuleRefused(
            "substitution_span", "代理时段应在将来结束，且不超过 {count} 天", count=longest.days
        )
    _require_no_chain(work, absent_id, substitute_id, starts_at, ends_at)
    require_not_on_leave(work, substitute_id, starts_at, ends_at)
    substitution_id = new_id()
    work.connection.execute(
        account_substitution.insert().values(
            id=substitution_id,
            absent_id=absent_id,
            substitute_id=substitute_id,
            starts_at=starts_at,
            ends_at=ends_at,
            set_by=work.actor.id,
            is_waiting=asks,
        )
    )
    detail = {"substitute": str(substitute_id)}
    action = "ask_substitute" if asks else "set_substitute"
    access_log.append(work, access_log.Entry(action, "account", absent_id, detail=detail))
    return substitution_id


def is_waiting(work: Work, substitution_id: int) -> bool:
    """Tell whether a substitution waits for approval."""
    column = account_substitution.c.is_waiting
    return bool(
        work.connection.execute(select(column).where(account_substitution.c.id == substitution_id)).scalar()
    )


def end_substitution(work: Work, substitution_id: int) -> None:
    """End a substitution now, because the person is back."""
    row = work.connection.execute(
        select(account_substitution).where(account_substitution.c.id == substitution_id)
    ).one_or_none()
    if row is None:
        raise RecordNotFound("substitution_not_found", "没有这项代理")
    _require_may_set(work, row.absent_id)
    work.connection.execute(
        account_substitution.update()
        .where(account_substitution.c.id == substitution_id, account_substitution.c.ends_at > work.now)
        .values(ends_at=work.now)
    )
    access_log.append(work, access_log.Entry("end_substitution", "account", row.absent_id))


def own_substitutions(work: Work) -> list[Substitution]:
    """List those that concern the actor and are not over."""
    is_mine = or_(
        account_substitution.c.absent_id == work.actor.id,
        account_substitution.c.substitute_id == work.actor.id,
    )
    rows = work.connection.execute(
        select(account_substitution)
        .where(is_mine, account_substitution.c.ends_at > work.now)
        .order_by(account_substitution.c.starts_at)
    ).all()
    ids = {account_id for row in rows for account_id in (row.absent_id, row.substitute_id)}
    names = work.engine.directory.names(work.connection, ids)
    return _named(rows, names)


def lent_to(work: Work) -> list[Substitution]:
    """List for whom the actor acts at this moment, and until when."""
    return [
        one
        for one in own_substitutions(work)
        if one.substitute_id == work.actor.id and one.starts_at <= work.now and not one.is_waiting
    ]


def substitutions(work: Work, community_id: int, since: datetime, until: datetime) -> list[Substitution]:
    """List who stands in for whom in a community within a span of time, as far as the actor may see them."""
    names = {one.id: one.name for one in workers(work, community_id)}
    rows = work.connection.execute(
        select(account_substitution)
        .where(
            account_substitution.c.absent_id.in_(names),
            account_substitution.c.starts_at < until,
            account_substitution.c.ends_at > since,
        )
        .order_by(account_substitution.c.starts_at)
    ).all()
    others = {row.substitute_id for row in rows}.difference(names)
    return _named(rows, {**work.engine.directory.names(work.connection, others), **names})


def _named(rows: Iterable[Row[tuple[object, ...]]], names: Mapping[int, str]) -> list[Substitution]:
    return [
        Substitution(
            row.id,
            row.absent_id,
            names[row.absent_id],
            row.substitute_id,
            names[row.substitute_id],
            row.starts_at,
            row.ends_at,
            row.is_waiting,
        )
        for row in rows
    ]


def _require_no_chain(
    work: Work, absent_id: int, substitute_id: int, starts_at: datetime, ends_at: datetime
) -> None:
    """Keep substitutes of substitutes out: nobody acts for somebody through a third person."""
    chained = or_(
        account_substitution.c.absent_id == substitute_id, account_substitution.c.substitute_id == absent_id
    )
    row = work.connection.execute(
        select(account_substitution).where(
            chained, account_substitution.c.starts_at < ends_at, account_substitution.c.ends_at > starts_at
        )
    ).first()
    if row is None:
        return
    names = work.engine.directory.names(work.connection, [row.absent_id, row.substitute_id])
    raise RuleRefused(
        "substitution_chain",
        "{name}从 {since} 到 {until} 由{other}替班，请先改由另一人替班",
        name=names[row.absent_id],
        other=names[row.substitute_id],
        since=row.starts_at,
        until=row.ends_at,
    )


def _require_may_set(work: Work, absent_id: int) -> None:
    """Let the absent person decide, and whoever leads somebody in every community where that one works."""
    if absent_id == work.actor.id and work.actor.kind == "staff":
        return
    held = _posts_held(work, absent_id)
    for scope_id in {row.community_id for row in held} or {None}:
        work.require(Permission.SUBSTITUTE_SET, scope_id)
    posts = {row.post for row in held}
    if posts & _ONLY_THEMSELVES or (posts & _ABOVE_LEADS and not _is_manager(work)):
        raise ActionNotAllowed("substitute_above", "此人的岗位不归您安排，代理人由本人指定")


def _posts_held(work: Work, account_id: int) -> Sequence[Any]:
    return work.connection.execute(
        select(account_post.c.post, account_post.c.community_id).where(
            account_post.c.account_id == account_id,
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
        )
    ).all()


def _is_manager(work: Work) -> bool:
    """Tell whether the actor manages a project, and does not just stand in for who does."""
    return work.actor.kind == "system" or any(
        member.group == Post.PM and member.on_behalf_of is None for member in work.memberships
    )


def _require_staff(work: Work, account_id: int) -> None:
    row = work.connection.execute(
        select(account.c.id).where(
            account.c.id == account_id, account.c.kind == "staff", account.c.state == "active"
        )
    ).one_or_none()
    if row is None:
        raise RecordNotFound("account_not_found", "没有这个账号")
