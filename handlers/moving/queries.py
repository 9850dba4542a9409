"""What pages show of cases: those that are open, those that can be taken back, and the facts of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from engine.bilingual import Text
from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.estate.records import estate_community, estate_house
from handlers.moving import cases, words
from handlers.moving.records import OVER, Kind, State, moving_case
from handlers.moving.starting import LIMITS, TITLES
from handlers.shared.facts import Pairs, local, names, pairs
from handlers.shared.permissions import Permission
from handlers.shared.scopes import within

_MOST = 50
_SHOWN = 8


@dataclass(frozen=True)
class Line:
    """One case of a list.

    Attributes:
        due_at: until when the records must say so; None where no limit runs from the notice.
    """

    number: str
    title: Text
    community: str
    house: str
    state: Text
    noticed_at: datetime
    due_at: datetime | None


def open_lines(work: Work) -> list[Line]:
    """List the cases that are not over where the actor enters owners, the oldest notice first."""
    return _lines(work, moving_case.c.state.not_in(OVER), moving_case.c.noticed_at, _MOST)


def done_transfers(work: Work) -> list[Line]:
    """List the newest transfers that are in force, and so could be taken back."""
    is_done = moving_case.c.state.in_((State.DONE, State.CLOSED)) & (moving_case.c.kind == Kind.TRANSFER)
    return _lines(work, is_done, moving_case.c.done_at.desc(), _SHOWN)


def _lines(
    work: Work, condition: ColumnElement[bool], order_by: ColumnElement[datetime], most: int
) -> list[Line]:
    rows = work.connection.execute(
        select(moving_case, estate_house.c.address, estate_community.c.name)
        .join(estate_house, estate_house.c.id == moving_case.c.house_id)
        .join(estate_community, estate_community.c.id == moving_case.c.community_id)
        .where(condition, within(work, Permission.OWNER_ENTER, moving_case.c.community_id))
        .order_by(order_by, moving_case.c.id)
        .limit(most)
    )
    return [
        Line(
            row.number,
            TITLES[Kind(row.kind)],
            row.name,
            row.address,
            words.STATE_NAMES[row.state],
            row.noticed_at,
            _due_at(row),
        )
        for row in rows
    ]


def _due_at(row: Row[Any]) -> datetime | None:
    """Return until when the records must say so: nobody has told anything yet when a lease ends soon."""
    limit = LIMITS.get(Kind(row.kind))
    return None if limit is None or row.way == "lease_end" else row.noticed_at + limit


def case_facts(work: Work, number: str) -> Pairs:
    """Say what a case is about, naming nobody of the house.

    Raises:
        RecordNotFound: there is none, or not for this actor.
    """
    case = cases.by_number(work.connection, number)
    if not work.may(Permission.CASE_READ, case.community_id):
        raise RecordNotFound("moving_case_not_found", "没有编号为 {number} 的办理单", number=number)
    by = [one for one in (case.entered_by, case.checked_by) if one is not None]
    known = [names(work, [one]) for one in by]
    return words.common(work, case) + pairs(
        ("告知原业主", local(work, case.told_at)),
        ("录入人", known[0] if case.entered_by else ""),
        ("核对人", known[-1] if case.checked_by else ""),
        ("生效时间", local(work, case.done_at)),
    )
