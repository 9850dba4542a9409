"""Ends grants of posts, and keeps the last who grants, the last who approves and the last who looks."""

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select

from engine.store.dialects import one_at_a_time
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post
from handlers.errors import RuleRefused

_KEPT = (Post.SYS, Post.SEC, Post.AUD)


def end_grants(work: Work, which: ColumnElement[bool]) -> list[Row[Any]]:
    """End the grants in force among some, at once, and return them; for commands that have asked who may.

    Raises:
        RuleRefused: nobody would be left who holds one of the kept posts everywhere.
    """
    require_another(work, which)
    return list(
        work.connection.execute(
            account_post.update()
            .where(which, _in_force(work))
            .values(ended_at=work.now, ended_by=work.actor.id)
            .returning(account_post)
        )
    )


def require_another(work: Work, ending: ColumnElement[bool]) -> None:
    """Refuse to end what some grants give while nobody else could do what they are there for.

    Only who holds such a post everywhere can do it, and only with an account that is in use.

    Raises:
        RuleRefused: see `end_grants`.
    """
    one_at_a_time(work.connection, account_post)
    kept = and_(account_post.c.post.in_(_KEPT), account_post.c.community_id.is_(None), _in_force(work))
    posts = set(work.connection.execute(select(account_post.c.post).where(ending, kept)).scalars())
    others = (
        select(account_post.c.post)
        .join(account, account.c.id == account_post.c.account_id)
        .where(~ending, kept, account.c.state == "active", account.c.kind == "staff")
    )
    if posts - set(work.connection.execute(others).scalars()):
        raise RuleRefused("last_of_post", "这是最后一位，请先授予另一个人同样的岗位，再结束这一项")


def _in_force(work: Work) -> ColumnElement[bool]:
    return or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now)
