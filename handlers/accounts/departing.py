"""Takes everything from an account that ends: posts, shifts, standing in, place in teams, and open tasks."""

from sqlalchemy import or_

from engine import drafts, tasks
from engine.work import Work
from handlers.accounts import lasting
from handlers.accounts.records import (
    account_post,
    account_post_request,
    account_shift,
    account_substitution,
    account_team_member,
)
from handlers.shared import access_log


def leave_everything(work: Work, account_id: int, successor_id: int | None = None) -> None:
    """End what somebody has and does, at once; for commands that have asked who may.

    Args:
        successor_id: who takes the open tasks on that this one may do; the others go back to their posts.
    Raises:
        RuleRefused: nobody would be left who grants, approves or looks.
    Source: policy A4; domain.md 4.8.
    """
    end_posts(work, account_id)
    _leave_roster(work, account_id)
    work.connection.execute(
        account_team_member.delete().where(account_team_member.c.account_id == account_id)
    )
    tasks.hand_over(work, account_id, successor_id)
    drafts.forget_all(work, account_id)


def end_posts(work: Work, account_id: int) -> list[str]:
    """End every post that somebody holds, each noted in the access log, and let go what was asked for.

    Returns:
        The posts that ended.
    """
    ended = [row.post for row in lasting.end_grants(work, account_post.c.account_id == account_id)]
    for post in ended:
        access_log.append(work, access_log.Entry("end_post", "account", account_id, detail={"post": post}))
    asked = account_post_request.c
    work.connection.execute(
        account_post_request.update()
        .where(asked.account_id == account_id, asked.decided_at.is_(None))
        .values(decided_at=work.now, decided_by=work.actor.id, decision="refused")
    )
    return ended


def _leave_roster(work: Work, account_id: int) -> None:
    """Take somebody off the roster from now on, and end standing in, in both directions."""
    work.connection.execute(
        account_shift.delete().where(
            account_shift.c.account_id == account_id, account_shift.c.starts_at > work.now
        )
    )
    work.connection.execute(
        account_shift.update()
        .where(account_shift.c.account_id == account_id, account_shift.c.ends_at > work.now)
        .values(ends_at=work.now)
    )
    work.connection.execute(
        account_substitution.update()
        .where(
            or_(
                account_substitution.c.absent_id == account_id,
                account_substitution.c.substitute_id == account_id,
            ),
            account_substitution.c.ends_at > work.now,
        )
        .values(ends_at=work.now)
    )
