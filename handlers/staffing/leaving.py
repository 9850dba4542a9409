"""Leaving: access ends at the agreed moment, or now, and in the same moment what is open is handed over."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from engine import instances
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts import lasting, staff
from handlers.accounts.records import account_post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict
from handlers.shared.answers import Answers
from handlers.shared.facts import Pairs, local, names, option, pairs
from handlers.shared.permissions import Permission
from handlers.staffing import cases
from handlers.staffing.cases import Case
from handlers.staffing.records import staffing_case

PROCESS = "staff_offboarding"
_LETTER = "D"  # departure; L is a tenant change
PREPARED_BEFORE = timedelta(hours=4)  # the hand-over is arranged this long before access ends


def ask(work: Work, account_id: int, leaves_at: datetime | None) -> str:
    """Note that somebody leaves, and return the number of the case.

    Args:
        leaves_at: when access ends; None is now.
    Raises:
        ActionNotAllowed: nobody lets themselves go.
        FieldsInvalid: the moment has passed.
        RecordConflict: it is under way already.
        RuleRefused: nobody would be left who grants, approves or looks.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    if account_id == work.actor.id:
        raise ActionNotAllowed("own_account", "不能停用自己的账号")
    if leaves_at is not None and leaves_at <= work.now:
        raise FieldsInvalid({"leaves_at": ("离岗时间应在将来；立即离岗请勾选", {})})
    row = staff.require_staff(work, account_id)
    is_open = select(staffing_case.c.number).where(
        staffing_case.c.account_id == account_id,
        staffing_case.c.kind == "leaving",
        staffing_case.c.state == "open",
        staffing_case.c.left_at.is_(None),
    )
    known = work.connection.execute(is_open).scalar()
    if known is not None or row.state != "active":
        raise RecordConflict("leaving_already", "此人已在办理离职，或账号已停用")
    lasting.require_another(work, account_post.c.account_id == account_id)
    held = staff.posts_in_force(work, [account_id])
    place = min((one.community_id for one in held if one.community_id is not None), default=None)
    at = leaves_at or work.now
    case = cases.write(
        work,
        _LETTER,
        cases.scope_for(work, place),
        {"kind": "leaving", "account_id": account_id, "leaves_at": at},
    )
    subject = instances.Subject(case.number, case.scope_id, title="员工离职", title_en="Leaving")
    variables: dict[str, Json] = {
        "leaves_at": at.isoformat(),
        "prepare_until": max(work.now, at - PREPARED_BEFORE).isoformat(),
        "immediate": leaves_at is None,
    }
    instances.start(work, PROCESS, subject, message="staff_leaving", variables=variables)
    return str(case.number)


@form_data("staffing.leaving_facts")
def leaving_facts(context: Context) -> dict[str, Json]:
    """Say who leaves when, what is still open, and who could take it over."""
    work, row = context.work, cases.of(context)
    held = staff.posts_in_force(work, [row.account_id])
    posts = {one.post for one in held}
    others = work.connection.execute(
        select(account_post.c.account_id)
        .distinct()
        .where(
            account_post.c.post.in_(posts),
            account_post.c.account_id != row.account_id,
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
        )
    ).scalars()
    known = work.engine.directory.names(work.connection, list(others))
    successors = [option(one, name) for one, name in sorted(known.items())]
    return {"facts": said(work, row), "options": {"successors": successors}}


def said(work: Work, row: Case) -> Pairs:
    """Say who leaves and when; for queries that have asked who may."""
    open_tasks = work.connection.execute(
        select(user_task.c.id).where(user_task.c.assignee_id == row.account_id)
    ).all()
    return pairs(
        ("编号", row.number),
        ("姓名", names(work, [row.account_id])),
        ("离岗时间", local(work, row.leaves_at)),
        ("权限已收回", local(work, row.left_at)),
        ("在办任务", str(len(open_tasks))),
        ("接手人", names(work, [row.successor_id]) if row.successor_id else ""),
        ("交接安排", cases.opened(work, row, "note")),
    )


@completion("staffing.prepare")
def prepare(context: Context, answers: dict[str, Json]) -> None:
    """Note who takes the open tasks."""
    given = Answers(answers)
    cases.change(context, successor_id=given.id("successor_id"))
    _note(context, given)


@service_task("staffing.end_access")
def end_access(context: Context) -> None:
    """End everything that the account gives, in this transaction, and hand its open tasks over.

    Source: policy A4.
    """
    work, row = context.work, cases.of(context)
    if row.left_at is not None:
        return
    staff.end_account(work, row.account_id, row.successor_id)
    cases.change(context, left_at=work.now)


@completion("staffing.collect")
def collect(context: Context, answers: dict[str, Json]) -> None:
    """Note what was given back."""
    given = Answers(answers)
    cases.change(context, returned=list(given.choices("returned")))
    _note(context, given)


@completion("staffing.review")
def review(context: Context, answers: dict[str, Json]) -> None:
    """Note what the auditor found in the looks and exports of the last days."""
    _note(context, Answers(answers))


def _note(context: Context, given: Answers) -> None:
    row, text = cases.of(context), given.text("note")
    if text:
        text = "；".join(filter(None, (cases.opened(context.work, row, "note"), text)))
        cases.change(context, note=context.work.engine.vault.seal("staffing_case", "note", row.id, text))
