"""The figures of repair: how reports were entered, confirmed and repaired, asked after and complained of."""

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from engine.store.tables import user_task
from engine.work import Work
from handlers.policy.counting import MONTH, Figure, share, within
from handlers.repair.records import Channel, repair_event, repair_order

_COMPLAINT = "repair_complaint"  # the sheet of its steps


def _recent(work: Work) -> list[ColumnElement[bool]]:
    community = within(work, repair_order.c.community_id)
    return [repair_order.c.called_at > work.now - MONTH, *community]


def phone_entries(work: Work, _argument: str) -> Figure:
    """Share of calls whose entry was complete in time."""
    calls = (repair_order.c.channel == Channel.PHONE, repair_order.c.entered_at.is_not(None))
    return share(work, repair_order, repair_order.c.is_late_entry.is_(False), *calls, *_recent(work))


def answered_by_owner(work: Work, _argument: str) -> Figure:
    """Share of confirmed repairs that somebody answered for, instead of time."""
    done = repair_order.c.confirmed_at.is_not(None)
    return share(work, repair_order, repair_order.c.is_auto_confirmed.is_(False), done, *_recent(work))


def signed_on_site(work: Work, _argument: str) -> Figure:
    """Share of confirmed repairs whose owner signed on the repairer's phone."""
    done = repair_order.c.confirmed_at.is_not(None)
    return share(work, repair_order, repair_order.c.confirmed_by == "signed", done, *_recent(work))


def without_rework(work: Work, _argument: str) -> Figure:
    """Share of confirmed repairs that were right the first time."""
    done = repair_order.c.confirmed_at.is_not(None)
    return share(work, repair_order, repair_order.c.rework_count == 0, done, *_recent(work))


def return_visits(work: Work, _argument: str) -> Figure:
    """Share of the return visits of late in which somebody was reached."""
    grades = _grades(work)
    return Figure(grades.total() - grades["unreachable"], grades.total())


def return_visits_content(work: Work, _argument: str) -> Figure:
    """Share of those reached at a return visit of late who were content: A or B."""
    grades = _grades(work)
    return Figure(grades["a"] + grades["b"], grades.total() - grades["unreachable"])


def _grades(work: Work) -> Counter[str]:
    """Count how the return visits about recent reports ended."""
    told = _of_recent(work, repair_event.c.params, repair_event.c.kind == "return_visited")
    return Counter(str(one["grade"]) for one in work.connection.execute(told).scalars())


def complaints(work: Work, _argument: str) -> Figure:
    """Share of recent reports that became a complaint."""
    raised = repair_order.c.outcome == "complaint"
    return share(work, repair_order, raised, *_recent(work))


def complaints_settled(work: Work, _argument: str) -> Figure:
    """Share of complaints about recent reports, of those that ended, after which the owner was content."""
    ends = _ends(work)
    return Figure(ends["complaint_closed"], sum(ends.values()))


def _ends(work: Work) -> Counter[str]:
    kinds = ("complaint_closed", "complaint_unreached", "complaint_reviewed")
    told = _of_recent(work, repair_event.c.kind, repair_event.c.kind.in_(kinds))
    return Counter(work.connection.execute(told).scalars())


def repaired_again(work: Work, _argument: str) -> Figure:
    """Share of the further visits because of complaints about recent reports at which it was repaired."""
    kinds = ("complaint_mended", "complaint_not_mended")
    told = _of_recent(work, repair_event.c.kind, repair_event.c.kind.in_(kinds))
    visits = Counter(work.connection.execute(told).scalars())
    return Figure(visits["complaint_mended"], visits.total())


def complaints_late(work: Work, _argument: str) -> Figure:
    """Share of the complaints that go on now, however old, with a step that is late."""
    going_on = select(
        func.count(user_task.c.instance_id.distinct()),
        func.count(user_task.c.instance_id.distinct()).filter(user_task.c.due_at < work.now),
    ).where(user_task.c.called_process == _COMPLAINT, *within(work, user_task.c.scope_id))
    of, late = work.connection.execute(going_on).one()
    return Figure(late, of)


def _of_recent(work: Work, column: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    order = repair_event.join(repair_order, repair_order.c.id == repair_event.c.order_id)
    return select(column).select_from(order).where(condition, *_recent(work))
