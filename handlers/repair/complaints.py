"""Tells where a complaint about a repair stands: whether it goes on, and who has it in hand."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from engine.store.tables import instance, user_task
from engine.work import Work
from handlers.repair import crew
from handlers.repair.orders import Order
from handlers.repair.records import repair_assignment, repair_order
from handlers.shared.permissions import Permission

OUTCOME = "complaint"
_PROCESS = "repair_complaint"


def going_on(work: Work, rows: Iterable[Order]) -> frozenset[int]:
    """Return the ids of the orders whose repair is over and whose complaint is not."""
    by_case = {row.instance_id: row.id for row in rows if row.outcome == OUTCOME}
    if not by_case:
        return frozenset()
    open_cases = select(instance.c.id).where(instance.c.id.in_(by_case), instance.c.ended_at.is_(None))
    return frozenset(by_case[one] for one in work.connection.execute(open_cases).scalars())


def goes_on(work: Work, order: Order) -> bool:
    """Tell whether an order's repair is over and its complaint is not."""
    return bool(going_on(work, [order]))


def steps(work: Work, order: Order) -> list[Row[Any]]:
    """Return the open steps of the complaint about an order: who holds each, and whom it waits for."""
    return list(
        work.connection.execute(
            select(user_task.c.assignee_id, user_task.c.group_code).where(
                user_task.c.instance_id == order.instance_id, user_task.c.called_process == _PROCESS
            )
        )
    )


def in_own_hands(work: Work) -> ColumnElement[bool]:
    """Say in SQL of which orders the actor holds a step of the complaint, such as to repair again.

    So does whoever stands in for who holds it, unless they were sent to the repair.
    """
    holders = (work.actor.id, *work.grants.stands_in_for)
    held = (user_task.c.called_process == _PROCESS) & user_task.c.assignee_id.in_(holders)
    is_own = repair_order.c.instance_id.in_(select(user_task.c.instance_id).where(held))
    sent = select(repair_assignment.c.order_id).where(repair_assignment.c.worker_id == work.actor.id)
    return is_own & repair_order.c.id.not_in(sent)


def may_read(work: Work, order: Order) -> bool:
    """Tell whether an actor who sees an order may know what was said and shown of the complaint about it.

    Never who was sent to the repair, a lead no more than others: they are whom the owner complains of. Who
    came again because of it reads of it while a step of it is in their hands, and nothing afterwards.
    """
    if work.actor.kind == "resident":
        return True
    is_of_desk = work.may(Permission.CASE_READ, order.community_id)
    return (is_of_desk and not _came(work, order)) or is_in_hand(work, order)


def _came(work: Work, order: Order) -> bool:
    """Tell whether the actor was ever sent to the repair of an order, or repaired it again."""
    return work.actor.id in crew.came_to(work.connection, order)


def is_in_hand(work: Work, order: Order) -> bool:
    """Tell whether the actor holds an open step of the complaint, or stands in for who does.

    Never who was sent to the repair.
    """
    holders = {work.actor.id, *work.grants.stands_in_for}
    if work.actor.kind != "staff" or holders.isdisjoint(one.assignee_id for one in steps(work, order)):
        return False
    return work.actor.id not in crew.past_workers(work.connection, order.id)
