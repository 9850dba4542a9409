"""Says what a joining or a leaving is about, to administration and whoever asked for it."""

from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.shared.facts import Pairs
from handlers.shared.permissions import Permission
from handlers.staffing import cases, forgotten, joining, leaving


def told(work: Work, number: str) -> Pairs:
    """Say what is known.

    Raises:
        RecordNotFound: there is none, or it is none of the actor's business.
    """
    row = cases.by_number(work, number)
    if row.asked_by != work.actor.id and not work.may(Permission.ACCOUNT_READ):
        raise RecordNotFound("staffing_not_found", "没有这次入职或离职")
    said = {"joining": joining.said, forgotten.KIND: forgotten.said}.get(row.kind, leaving.said)
    return said(work, row)
