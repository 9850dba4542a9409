"""Reads and writes the record behind a joining or a leaving."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from engine.ids import new_id
from engine.service_tasks import Context, service_task
from engine.work import Work
from handlers.errors import RecordNotFound, RuleRefused
from handlers.estate import communities
from handlers.shared.numbers import next_number
from handlers.staffing.records import staffing_case

Case = Row[Any]


def write(work: Work, letter: str, scope_id: int, values: Mapping[str, object]) -> Case:
    """Write a new record under the next number of its letter; "name", "phone" and "note" get sealed."""
    case_id, number = new_id(), next_number(work, letter)
    seal = work.engine.vault.seal
    sealed = {
        column: seal("staffing_case", column, case_id, str(values[column]))
        for column in ("name", "phone", "note")
        if values.get(column)
    }
    defaults = {"state": "open", "posts": [], "returned": [], "department": "", "asked_at": work.now}
    work.connection.execute(
        staffing_case.insert().values(
            **{**defaults, **values, **sealed},
            id=case_id,
            number=number,
            scope_id=scope_id,
            asked_by=work.actor.id,
        )
    )
    return by_number(work, number)


def by_number(work: Work, number: str) -> Case:
    """Return a record.

    Raises:
        RecordNotFound: there is none.
    """
    row = work.connection.execute(select(staffing_case).where(staffing_case.c.number == number)).one_or_none()
    if row is None:
        raise RecordNotFound("staffing_not_found", "没有这次入职或离职")
    return row


def of(context: Context) -> Case:
    """Return the record of a case."""
    return by_number(context.work, context.business_key)


def change(context: Context, **values: object) -> None:
    """Change the record of a case."""
    context.connection.execute(
        staffing_case.update().where(staffing_case.c.number == context.business_key).values(**values)
    )


def opened(work: Work, row: Case, column: str) -> str:
    """Open a sealed column."""
    sealed = getattr(row, column)
    return "" if sealed is None else work.engine.vault.open("staffing_case", column, row.id, sealed)


def scope_for(work: Work, community_id: int | None) -> int:
    """Return where a case runs: where the posts count, or the oldest community for those of the company.

    Raises:
        RuleRefused: there is no community yet; the account is then registered on its own page.
    """
    found = community_id or min((one.id for one in communities.every(work)), default=None)
    if found is None:
        raise RuleRefused("no_community", "还没有小区，请直接在“员工账号”登记")
    return found


@service_task("staffing.withdraw")
def withdraw(context: Context, reason: str) -> None:
    """Note that somebody does not join, or stays after all, and why."""
    seal = context.work.engine.vault.seal
    change(context, state="withdrawn", note=seal("staffing_case", "note", of(context).id, reason))
