"""Lists phone reports that wait for the second look of another clerk (policy C1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select

from engine.bilingual import Text
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.estate.records import estate_community
from handlers.repair import catalogue
from handlers.repair.records import SecondCheck, repair_order
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.scopes import scopes_with

_LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True)
class PhoneCheck:
    """A report that a clerk wrote down on the phone.

    Attributes:
        task_id, due_at, opened_at: of the step in which somebody else looks at it, while it is open.
        is_mine: the actor wrote it down, so somebody else has to look.
    """

    number: str
    fault: Text
    community: str
    place: str
    entered_by: int
    entered_at: datetime
    task_id: int | None
    due_at: datetime | None
    opened_at: datetime | None
    is_mine: bool


def waiting(work: Work) -> list[PhoneCheck]:
    """List phone reports of the last 30 days that nobody else has looked at, the most urgent first."""
    step = and_(user_task.c.instance_id == repair_order.c.instance_id, user_task.c.group_code == Post.CS)
    query: Select[*tuple[Any, ...]] = (
        select(
            repair_order.c.number,
            repair_order.c.fault_code,
            repair_order.c.place,
            repair_order.c.entered_by,
            repair_order.c.entered_at,
            estate_community.c.name.label("community"),
            user_task.c.id.label("task_id"),
            user_task.c.due_at,
            user_task.c.opened_at,
        )
        .join(estate_community, estate_community.c.id == repair_order.c.community_id)
        .outerjoin(user_task, step)
        .where(_waits(work))
        .order_by(user_task.c.due_at.is_(None), user_task.c.due_at, repair_order.c.entered_at)
        .limit(limits.PAGE_ROWS)
    )
    return _shown(work, work.connection.execute(query).all())


def waiting_count(work: Work) -> int:
    """Count those that wait for the actor: not what they wrote down themselves."""
    if scopes_with(work, Permission.REPAIR_DISPATCH) == frozenset():
        return 0
    others = repair_order.c.entered_by != work.actor.id
    count: int = work.connection.execute(
        select(func.count()).select_from(repair_order).where(_waits(work), others)
    ).scalar_one()
    return count


def _waits(work: Work) -> ColumnElement[bool]:
    scopes = scopes_with(work, Permission.REPAIR_DISPATCH)
    everywhere = repair_order.c.community_id.is_not(None)
    return and_(
        everywhere if scopes is None else repair_order.c.community_id.in_(scopes),
        repair_order.c.called_at > work.now - _LOOKED_BACK,
        repair_order.c.second_check == SecondCheck.PENDING,
        repair_order.c.entered_at.is_not(None),
        repair_order.c.closed_at.is_(None),
    )


def _shown(work: Work, rows: Iterable[Row[Any]]) -> list[PhoneCheck]:
    return [
        PhoneCheck(
            row.number,
            catalogue.name_of(work, row.fault_code),
            row.community,
            row.place,
            row.entered_by,
            row.entered_at,
            row.task_id,
            row.due_at,
            row.opened_at,
            row.entered_by == work.actor.id,
        )
        for row in rows
    ]
