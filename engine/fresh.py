"""Tells which tasks came to somebody since a list was shown; ids grow with time, so it looks at few rows."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, tuple_

from engine.ids import first_of
from engine.store.tables import user_task
from engine.work import Work

MOST = 100
_LONGEST = timedelta(hours=12)
_OVERLAP = timedelta(seconds=10)  # a task's id is drawn a little before its transaction is seen


def since(work: Work, moment: datetime) -> list[int]:
    """Return ids of open tasks that came to the actor after a moment, at most MOST; some may be known.

    A task comes by being opened for one of the actor's groups or for the actor, or by being handed over.
    """
    begin = max(moment - _OVERLAP, work.now - _LONGEST)
    people = (work.actor.id, *work.grants.stands_in_for)
    groups = {(member.group, member.scope_id) for member in work.memberships}
    offered = and_(
        user_task.c.assignee_id.is_(None),
        tuple_(user_task.c.group_code, user_task.c.scope_id).in_(sorted(groups)),
    )
    opened = select(user_task.c.id).where(
        user_task.c.id >= first_of(begin),
        or_(user_task.c.assignee_id.in_(people), offered) if groups else user_task.c.assignee_id.in_(people),
    )
    handed = select(user_task.c.id).where(
        user_task.c.assignee_id.in_(people), user_task.c.claimed_at >= begin
    )
    found: set[int] = set()
    for query in (opened, handed):
        found |= set(work.connection.execute(query.order_by(user_task.c.id).limit(MOST)).scalars())
    return sorted(found)[:MOST]
