"""Lets the security administrator approve who stands in for those who approve or see much."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select

from engine.work import Work
from handlers.accounts import trust
from handlers.accounts.records import account_substitution
from handlers.errors import ActionNotAllowed, RecordNotFound
from handlers.shared import access_log, limits
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Loan:
    """A substitution that waits for approval, with names.

    Attributes:
        may_decide: the actor neither asked for it nor is one of the two.
    """

    id: int
    absent_id: int
    absent_name: str
    substitute_name: str
    starts_at: datetime
    ends_at: datetime
    asker_name: str
    may_decide: bool


def waiting(work: Work) -> list[Loan]:
    """List the substitutions that wait for approval and are not over, the earliest first."""
    work.require(Permission.ACCOUNT_READ)
    table = account_substitution.c
    rows = work.connection.execute(
        select(account_substitution)
        .where(table.is_waiting, table.decided_at.is_(None), table.ends_at > work.now)
        .order_by(table.starts_at, table.id)
        .limit(limits.PAGE_ROWS)
    ).all()
    ids = {one for row in rows for one in (row.absent_id, row.substitute_id, row.set_by)}
    names = work.engine.directory.names(work.connection, ids)
    approves = work.may(Permission.ACCOUNT_APPROVE_DEVIATION)
    return [
        Loan(
            row.id,
            row.absent_id,
            names[row.absent_id],
            names[row.substitute_id],
            row.starts_at,
            row.ends_at,
            names[row.set_by],
            approves and work.actor.id not in (row.set_by, row.absent_id, row.substitute_id),
        )
        for row in rows
    ]


def approve(work: Work, substitution_id: int) -> None:
    """Let a substitution take effect.

    Raises:
        ActionNotAllowed: nobody approves what they asked for, or who stands in for them or for whom they do.
        RecordNotFound: there is none that waits; somebody decided or ended it.
    """
    row = _waiting_row(work, substitution_id)
    work.connection.execute(
        account_substitution.update()
        .where(account_substitution.c.id == substitution_id)
        .values(is_waiting=False, decided_at=work.now, decided_by=work.actor.id)
    )
    _log(work, "approve_substitute", row)


def refuse(work: Work, substitution_id: int) -> None:
    """Turn a substitution down; it never gave anything."""
    row = _waiting_row(work, substitution_id)
    work.connection.execute(
        account_substitution.update()
        .where(account_substitution.c.id == substitution_id)
        .values(ends_at=work.now, decided_at=work.now)
    )
    _log(work, "refuse_substitute", row)


def _waiting_row(work: Work, substitution_id: int) -> Row[tuple[object, ...]]:
    work.require(Permission.ACCOUNT_APPROVE_DEVIATION)
    trust.require_settled(work)
    table = account_substitution.c
    row = work.connection.execute(
        select(account_substitution)
        .where(table.id == substitution_id, table.is_waiting, table.decided_at.is_(None))
        .where(table.ends_at > work.now)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise RecordNotFound("substitution_not_found", "没有这项待核准的代理，或已有人处理")
    if work.actor.id in (row.set_by, row.absent_id, row.substitute_id):
        raise ActionNotAllowed("own_substitute", "不能核准自己提出的或与自己有关的代理")
    return row


def _log(work: Work, action: str, row: Row[tuple[object, ...]]) -> None:
    detail = {"substitute": str(row.substitute_id), "substitution": str(row.id)}
    access_log.append(work, access_log.Entry(action, "account", row.absent_id, detail=detail))
