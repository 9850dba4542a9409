"""Lists what waits for a second person, and what was decided lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, select

from engine.store.tables import instance, user_task
from engine.work import Work
from handlers.accounts.permissions import RESIDENT
from handlers.checking.fields import Field
from handlers.checking.records import CheckOutcome, second_check
from handlers.estate import importing
from handlers.estate.importing import PastImport
from handlers.estate.records import ImportState, estate_community, estate_house, estate_import
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, scopes_with

SETTLED_SHOWN = timedelta(days=30)
_IMPORT = "import"
_ANY_IMPORT = select(estate_import.c.id).where(estate_import.c.state == ImportState.WAITING).limit(1)
_EVERYWHERE = second_check.c.community_id.is_not(None)
# Every page asks for this count, so its statement is built once.
_COUNTED_EVERYWHERE = (
    select(func.count())
    .select_from(second_check)
    .where(
        _EVERYWHERE,
        second_check.c.state == CheckOutcome.WAITING,
        second_check.c.subject_kind != _IMPORT,  # counted by their own state, not twice
        func.coalesce(second_check.c.entered_by != bindparam("actor_id"), True),
        func.coalesce(second_check.c.entered_for != bindparam("actor_id"), True),
    )
)
_COUNTED_WITHIN = _COUNTED_EVERYWHERE.where(
    second_check.c.community_id.in_(bindparam("scopes", expanding=True))
)
PERMISSIONS = (Permission.OWNER_CHECK, Permission.HOUSE_CHECK, Permission.FEE_CHECK)


@dataclass(frozen=True)
class ListedCheck:
    """A second check as lists show it.

    Attributes:
        number: of the case in which it is a step.
        task_id, due_at, opened_at: of that step while it is open.
        is_mine: the actor entered it, or it was entered for them, so somebody else has to check it.
        is_held: the applicant has something to add first.
    """

    id: int
    kind: str
    fields: tuple[Field, ...]
    community: str
    place: str
    risk: str
    state: str
    entered_by: int
    entered_at: datetime
    mismatches: int
    number: str
    task_id: int | None
    due_at: datetime | None
    opened_at: datetime | None
    checked_by: int | None
    checked_at: datetime | None
    is_mine: bool
    is_held: bool


def waiting(work: Work) -> list[ListedCheck]:
    """List what waits where the actor may be the second person, the most urgent first."""
    _require_reader(work)
    rows = work.connection.execute(
        _listed()
        .where(
            second_check.c.state == CheckOutcome.WAITING,
            second_check.c.subject_kind != _IMPORT,
            _within(work),
        )
        .order_by(user_task.c.due_at.is_(None), user_task.c.due_at, second_check.c.entered_at)
        .limit(limits.PAGE_ROWS)
    ).all()
    return _shown(work, rows)


def settled(work: Work) -> list[ListedCheck]:
    """List what was decided in the last thirty days, the newest first."""
    _require_reader(work)
    rows = work.connection.execute(
        _listed()
        .where(
            second_check.c.state != CheckOutcome.WAITING,
            second_check.c.checked_at > work.now - SETTLED_SHOWN,
            _within(work),
        )
        .order_by(second_check.c.checked_at.desc())
        .limit(limits.PAGE_ROWS)
    ).all()
    return _shown(work, rows)


def waiting_count(work: Work) -> int:
    """Count what waits for the actor: not what they entered themselves."""
    if not any(scopes_with(work, one) != frozenset() for one in PERMISSIONS):
        return 0
    scopes = _scopes(work)
    known = {"actor_id": work.actor.id} if scopes is None else {"actor_id": work.actor.id, "scopes": scopes}
    counted = _COUNTED_EVERYWHERE if scopes is None else _COUNTED_WITHIN
    checks: int = work.connection.execute(counted, known).scalar_one()
    return checks + sum(one.may_release for one in _imports(work))


def waiting_imports(work: Work) -> list[PastImport]:
    """List imports that wait for their release, for who may give it and for who imported them."""
    _require_reader(work)
    return _imports(work)


def due_imports(work: Work) -> dict[int, tuple[datetime | None, datetime]]:
    """Return by when each waiting import has to be released, and when that step was opened."""
    rows = work.connection.execute(
        _listed().where(
            second_check.c.state == CheckOutcome.WAITING,
            second_check.c.subject_kind == _IMPORT,
            _within(work),
        )
    )
    return {row.subject_id: (row.due_at, row.opened_at) for row in rows if row.task_id is not None}


def _imports(work: Work) -> list[PastImport]:
    if work.connection.execute(_ANY_IMPORT).first() is None:
        return []
    return [one for one in importing.imports(work) if one.state == ImportState.WAITING]


def _require_reader(work: Work) -> None:
    for permission in PERMISSIONS:
        if scopes_with(work, permission) != frozenset():
            return
    require_somewhere(work, Permission.OWNER_CHECK)


def _within(work: Work) -> ColumnElement[bool]:
    scopes = _scopes(work)
    return _EVERYWHERE if scopes is None else second_check.c.community_id.in_(scopes)


def _scopes(work: Work) -> list[int] | None:
    """Return the communities in which the actor may be the second person; None means everywhere."""
    scopes: set[int] = set()
    for permission in PERMISSIONS:
        held = scopes_with(work, permission)
        if held is None:
            return None
        scopes |= held
    return sorted(scopes)


def _listed() -> Select[*tuple[Any, ...]]:
    return (
        select(
            second_check,
            estate_community.c.name.label("community"),
            estate_house.c.address.label("place"),
            instance.c.business_key.label("number"),
            user_task.c.id.label("task_id"),
            user_task.c.group_code,
            user_task.c.due_at,
            user_task.c.opened_at,
        )
        .join(estate_community, estate_community.c.id == second_check.c.community_id)
        .outerjoin(estate_house, estate_house.c.id == second_check.c.house_id)
        .outerjoin(instance, instance.c.id == second_check.c.instance_id)
        .outerjoin(
            user_task,
            and_(
                user_task.c.instance_id == second_check.c.instance_id,
                second_check.c.state == CheckOutcome.WAITING,
                user_task.c.id
                == select(func.max(user_task.c.id))
                .where(user_task.c.instance_id == second_check.c.instance_id)
                .correlate(second_check)
                .scalar_subquery(),
            ),
        )
    )


def _shown(work: Work, rows: Iterable[Row[Any]]) -> list[ListedCheck]:
    return [
        ListedCheck(
            row.id,
            row.subject_kind,
            tuple(field for field in Field if field in row.fields),
            row.community,
            row.place or "",
            row.risk,
            row.state,
            row.entered_by,
            row.entered_at,
            row.mismatches,
            row.number or "",
            row.task_id,
            row.due_at,
            row.opened_at,
            row.checked_by,
            row.checked_at,
            work.actor.id in (row.entered_by, row.entered_for),
            row.group_code == RESIDENT,
        )
        for row in rows
    ]
