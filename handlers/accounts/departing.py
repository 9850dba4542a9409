"""Takes everything from an account that ends: posts, shifts, standing in, place in teams, and open tasks."""

from collections.abc import Iterable

from sqlalchemy import or_

from engine import drafts, tasks
from engine.ids import new_id
from engine.rights import Case, Task
from engine.work import Work
from handlers.accounts import lasting
from handlers.accounts.permissions import LEADS, Post
from handlers.accounts.records import (
    account_post,
    account_post_request,
    account_shift,
    account_substitution,
    account_team_member,
)
from handlers.shared import access_log
from handlers.shared.messages import notification


def leave_everything(work: Work, account_id: int, successor_id: int | None = None) -> None:
    """End what somebody has and does, at once; for commands that have asked who may.

    Args:
        successor_id: who takes the open tasks on that this one may do; the others go back to their posts. A
            visit at an hour when they are expected elsewhere is left to the lead, who is told of it.
    Raises:
        RuleRefused: nobody would be left who grants, approves or looks.
    Source: policy A4; domain.md 4.8.
    """
    end_posts(work, account_id)
    _leave_roster(work, account_id)
    work.connection.execute(
        account_team_member.delete().where(account_team_member.c.account_id == account_id)
    )
    _tell_leads(work, tasks.hand_over(work, account_id, successor_id))
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


def _tell_leads(work: Work, left: Iterable[tuple[Case, Task]]) -> None:
    """Tell the lead of each post which visits nobody goes to, one message for all of a community."""
    numbers: dict[tuple[str, int], list[str]] = {}
    for case, task in left:
        place = (LEADS.get(task.group_code, Post.PM), task.scope_id)
        numbers.setdefault(place, []).append(case.business_key)
    messages = [
        notification(
            "visits_left", [], f"left:{new_id()}", group=lead, scope_id=str(scope_id), cases=list(found)
        )
        for (lead, scope_id), found in numbers.items()
    ]
    work.engine.outbox.put_many(work.connection, messages, work.now)
