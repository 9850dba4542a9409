"""Tells whoever leads a member of staff what others did to the account, so that nobody does it unseen."""

from sqlalchemy import or_, select

from engine.work import Work
from handlers.accounts import habits
from handlers.accounts.permissions import LEADS, Post
from handlers.accounts.records import account_post
from handlers.shared.messages import notification


def leads_of(work: Work, account_id: int) -> set[int]:
    """Return who leads somebody: the lead of each post in its community, else the project manager there."""
    held = work.connection.execute(
        select(account_post.c.post, account_post.c.community_id).where(
            account_post.c.account_id == account_id,
            account_post.c.community_id.is_not(None),
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
        )
    ).all()
    directory = work.engine.directory
    found = {
        one
        for row in held
        for one in directory.recipients(
            work.connection, LEADS.get(row.post, Post.PM), row.community_id, work.now
        )
    }
    return found - {account_id, work.actor.id}


def tell_leads(work: Work, template: str, account_id: int) -> None:
    """Tell who leads somebody about the account; of those whom nobody leads, the administrators are told."""
    leads = leads_of(work, account_id)
    if not leads:
        habits.tell_watchers(work, template, account_id, {"account_id": str(account_id)})
        return
    key = f"{template}:{account_id}:{work.now.isoformat()}"
    item = notification(
        template, [f"account:{one}" for one in sorted(leads)], key, account_id=str(account_id)
    )
    work.engine.outbox.put_many(work.connection, [item], work.now)
