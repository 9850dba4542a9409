"""Grants posts to staff; nobody gives another person rights without a second one who is named for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, exists, or_, select

from engine import tasks
from engine.ids import new_id
from engine.work import Work
from handlers.accounts import departing, trust
from handlers.accounts.permissions import APART, GUARDED_POSTS, Post
from handlers.accounts.records import account, account_post, account_post_request
from handlers.accounts.staff import insert_post, log, posts_in_force, require_staff
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound, RuleRefused
from handlers.shared import limits
from handlers.shared.alarms import GRANTED_ALONE, raise_alarm
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Granted:
    """What became of a grant.

    Attributes:
        is_waiting: it deviates, and takes effect once the security administrator has approved it.
        together: posts that this person now holds though one person should not hold them together.
    """

    is_waiting: bool
    together: tuple[str, ...]


@dataclass(frozen=True)
class Deviation:
    """A post that somebody is to hold beside others, and that nobody has decided on yet.

    Attributes:
        may_decide: the actor neither asked for it nor is to hold it.
    """

    id: int
    account_id: int
    name: str
    post: str
    community_id: int | None
    held: tuple[str, ...]
    asked_by: int
    asked_at: datetime
    may_decide: bool


def grant_post(work: Work, account_id: int, post: Post, community_id: int | None) -> Granted:
    """Grant a post in a community, or everywhere.

    A first post takes effect at once where somebody else registered the account, and so does the same post in
    a further community. Any other one, and every guarded one, waits for the security administrator.

    Raises:
        ActionNotAllowed: nobody grants themselves a post.
        RecordConflict: the post is held, or asked for, already.
        RuleRefused: there never was a security administrator; that post has to be granted first.
    Source: policy A3.
    """
    work.require(Permission.ACCOUNT_GRANT)
    if account_id == work.actor.id:
        raise ActionNotAllowed("own_post", "不能给自己授予岗位，请由另一位系统管理员办理")
    trust.require_settled(work)
    row = require_staff(work, account_id)
    held = {row.post for row in posts_in_force(work, [account_id])}
    if post not in GUARDED_POSTS and not held - {post} and row.created_by != work.actor.id:
        insert_post(work, account_id, post, community_id)
        log(work, "grant_post", account_id, f"{post}@{community_id or '*'}")
        return Granted(False, ())
    return _with_a_second(work, account_id, post, community_id, held)


def change_post(work: Work, account_id: int, post: Post, community_id: int | None) -> Granted:
    """Give somebody another post instead of all they hold: the old ones end first, so rights never add up.

    Tasks they have claimed go back to their posts, and what was asked for them beside is let go. The new post
    waits for the security administrator, unless it is the same one elsewhere.

    Raises:
        ActionNotAllowed: nobody grants themselves a post.
        RuleRefused: see `grant_post`, or nobody else holds a post that has to be held.
    Source: policy A3.
    """
    work.require(Permission.ACCOUNT_GRANT)
    if account_id == work.actor.id:
        raise ActionNotAllowed("own_post", "不能给自己授予岗位，请由另一位系统管理员办理")
    trust.require_settled(work)
    require_staff(work, account_id)
    ended = departing.end_posts(work, account_id)
    tasks.hand_over(work, account_id, None)
    log(work, "change_post", account_id, f"{post}@{community_id or '*'}")
    if post not in GUARDED_POSTS and set(ended) == {post}:
        insert_post(work, account_id, post, community_id)
        return Granted(False, ())
    return _with_a_second(work, account_id, post, community_id, set())


def together(held: set[str]) -> tuple[str, ...]:
    """Name the posts among some that one person should not hold together."""
    return tuple(sorted({str(one) for pair in APART if pair <= held for one in pair}))


def approve(work: Work, request_id: int) -> None:
    """Let a post that deviates take effect.

    Raises:
        ActionNotAllowed: nobody approves what they asked for, or are to hold themselves.
    """
    row = _decided(work, request_id, "approved")
    insert_post(work, row.account_id, Post(row.post), row.community_id)
    log(work, "approve_post", row.account_id, f"{row.post}@{row.community_id or '*'}")


def refuse(work: Work, request_id: int) -> None:
    """Turn a post that deviates down; nothing changes for the person."""
    row = _decided(work, request_id, "refused")
    log(work, "refuse_post", row.account_id, f"{row.post}@{row.community_id or '*'}")


def waiting(work: Work) -> list[Deviation]:
    """List the posts that wait for approval, oldest first."""
    work.require(Permission.ACCOUNT_READ)
    rows = work.connection.execute(
        select(account_post_request)
        .where(account_post_request.c.decided_at.is_(None))
        .order_by(account_post_request.c.asked_at, account_post_request.c.id)
        .limit(limits.PAGE_ROWS)
    ).all()
    ids = [row.account_id for row in rows]
    names = work.engine.directory.names(work.connection, ids)
    held = posts_in_force(work, ids)
    approves = work.may(Permission.ACCOUNT_APPROVE_DEVIATION)
    return [
        Deviation(
            row.id,
            row.account_id,
            names[row.account_id],
            row.post,
            row.community_id,
            tuple(dict.fromkeys(one.post for one in held if one.account_id == row.account_id)),
            row.asked_by,
            row.asked_at,
            approves and work.actor.id not in (row.asked_by, row.account_id),
        )
        for row in rows
    ]


def people_with_too_much(work: Work) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Name who holds posts that belong apart, with those posts; a small company is warned, not stopped."""
    work.require(Permission.ACCOUNT_READ)
    guarded = {str(post) for pair in APART for post in pair}
    rows = work.connection.execute(
        select(account_post.c.account_id, account_post.c.post)
        .join(account, account.c.id == account_post.c.account_id)
        .where(account.c.state == "active", account_post.c.post.in_(guarded), _in_force(work))
    )
    held: dict[int, set[str]] = {}
    for row in rows:
        held.setdefault(row.account_id, set()).add(row.post)
    found = {account_id: together(posts) for account_id, posts in held.items() if together(posts)}
    names = work.engine.directory.names(work.connection, found)
    return tuple((names[account_id], posts) for account_id, posts in sorted(found.items()))


def _with_a_second(
    work: Work, account_id: int, post: Post, community_id: int | None, held: set[str]
) -> Granted:
    """Have a grant approved; only the first security administrator of all is appointed by one person.

    Whoever that is finds an alarm that says so.
    """
    if _had_security(work):
        _ask(work, account_id, post, community_id)
        return Granted(True, ())
    if post is not Post.SEC or community_id is not None:
        raise RuleRefused(
            "security_first", "一个人不能单独授权，请先授予另一个人“安全管理员”（所有小区），由其核准其他岗位"
        )
    insert_post(work, account_id, post, None)
    log(work, "grant_unapproved", account_id, f"{post}@*")
    raise_alarm(work, GRANTED_ALONE, work.actor.id, {"account_id": str(work.actor.id)})
    return Granted(False, together(held | {post}))


def _had_security(work: Work) -> bool:
    """Tell whether there is, or ever was, somebody who approves posts."""
    was_ever = (
        exists()
        .where(account_post.c.post == Post.SEC, account_post.c.community_id.is_(None))
        .where(account.c.id == account_post.c.account_id, account.c.kind == "staff")
    )
    return bool(work.connection.execute(select(was_ever)).scalar_one())


def _in_force(work: Work) -> ColumnElement[bool]:
    return or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now)


def _ask(work: Work, account_id: int, post: Post, community_id: int | None) -> None:
    if any(
        row.post == post and row.community_id == community_id for row in posts_in_force(work, [account_id])
    ):
        raise RecordConflict("post_held", "此人已有这个岗位")
    same_place = (
        account_post_request.c.community_id.is_(None)
        if community_id is None
        else account_post_request.c.community_id == community_id
    )
    is_asked = exists().where(
        account_post_request.c.account_id == account_id,
        account_post_request.c.post == post,
        same_place,
        account_post_request.c.decided_at.is_(None),
    )
    if work.connection.execute(select(is_asked)).scalar_one():
        raise RecordConflict("post_asked", "这个岗位已在等安全管理员核准")
    work.connection.execute(
        account_post_request.insert().values(
            id=new_id(),
            account_id=account_id,
            post=post,
            community_id=community_id,
            asked_at=work.now,
            asked_by=work.actor.id,
        )
    )
    log(work, "ask_post", account_id, f"{post}@{community_id or '*'}")


def _decided(work: Work, request_id: int, decision: str) -> Row[tuple[object, ...]]:
    work.require(Permission.ACCOUNT_APPROVE_DEVIATION)
    row = work.connection.execute(
        select(account_post_request)
        .where(account_post_request.c.id == request_id, account_post_request.c.decided_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise RecordNotFound("request_not_found", "没有这项待核准的岗位，或已有人处理")
    if work.actor.id in (row.asked_by, row.account_id):
        raise ActionNotAllowed("own_request", "不能核准自己提出的或给自己的岗位")
    work.connection.execute(
        account_post_request.update()
        .where(account_post_request.c.id == request_id)
        .values(decided_at=work.now, decided_by=work.actor.id, decision=decision)
    )
    return row
