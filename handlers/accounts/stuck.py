"""Tells system administrators, the project manager and the lead of the desk that a case is stuck."""

from sqlalchemy import select

from engine.ports import OutboxItem
from engine.store.tables import instance
from engine.work import SYSTEM
from handlers.accounts.permissions import Post
from handlers.shared.messages import DELIVER
from handlers.shared.outbox import JobContext

TOLD = (Post.SYS, Post.PM, Post.CSL)


def tell(context: JobContext) -> None:
    """Send the message to each of them, whoever holds these posts in the case's community now."""
    job = context.job
    with context.engine.work(SYSTEM) as work:
        scope_id = work.connection.execute(
            select(instance.c.scope_id).where(instance.c.id == int(str(job.args["instance_id"])))
        ).scalar_one()
        directory = work.engine.directory
        people = dict.fromkeys(
            account_id
            for post in TOLD
            for account_id in directory.recipients(work.connection, post, scope_id, work.now)
        )
        deliveries = [
            OutboxItem(
                DELIVER, {**job.args, "template": "case_stuck", "to": f"account:{one}"}, f"{job.key}:{one}"
            )
            for one in people
        ]
        work.engine.outbox.put_many(work.connection, deliveries, work.now)
        context.done(work)
