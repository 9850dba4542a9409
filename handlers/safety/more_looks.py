"""More looks than the quota: asked for by whoever needs them, agreed to by a lead, for a stated time."""

from typing import Any

from sqlalchemy import Row, select

from engine import instances
from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data
from engine.work import Work
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate.more_looks import REVEALS, UNITS
from handlers.estate.records import estate_more_looks
from handlers.shared import access_log, limits
from handlers.shared.answers import Answers
from handlers.shared.facts import local, names, pairs
from handlers.shared.messages import notification
from handlers.shared.numbers import next_number
from handlers.shared.permissions import Permission

PROCESS = "more_looks"
START = "more_looks_asked"
_LETTER = "Q"
_NEEDED = {REVEALS: Permission.OWNER_REVEAL_PHONE, UNITS: Permission.UNIT_CONTACTS_READ}
_KINDS = {REVEALS: ("查看号码", "Numbers in clear"), UNITS: ("查看单元业主电话", "Phones of units' owners")}


def ask(work: Work, kind: str, community_id: int, reason: str) -> str:
    """Ask a lead for more, and return the number of the case.

    Raises:
        FieldsInvalid: no reason was given.
        RecordConflict: it was asked for already.
        NotPermitted: the actor's post does not include such looks there.
    Source: policy C4.
    """
    if kind not in _NEEDED:
        raise RecordNotFound("kind_unknown", "没有这种限额")
    work.require(_NEEDED[kind], community_id)
    if not reason.strip():
        raise FieldsInvalid({"reason": ("请写明为什么还要查看", {})})
    asked = estate_more_looks.c
    known = work.connection.execute(
        select(asked.number).where(
            asked.account_id == work.actor.id, asked.kind == kind, asked.decided_at.is_(None)
        )
    ).scalar()
    if known is not None:
        raise RecordConflict("asked_already", "已经申请过了（{number}），请等主管答复", number=known)
    row_id, number = new_id(), next_number(work, _LETTER)
    work.connection.execute(
        estate_more_looks.insert().values(
            id=row_id,
            number=number,
            account_id=work.actor.id,
            kind=kind,
            community_id=community_id,
            asked_at=work.now,
            reason=work.engine.vault.seal("estate_more_looks", "reason", row_id, reason.strip()[:500]),
        )
    )
    access_log.append(work, access_log.Entry("ask_more_looks", "more_looks", row_id, detail={"kind": kind}))
    subject = instances.Subject(
        number, community_id, title="申请超限额查看", title_en="Asked to look at more"
    )
    instances.start(work, PROCESS, subject, message=START)
    return number


@form_data("safety.more_looks_facts")
def more_looks_facts(context: Context) -> dict[str, Json]:
    """Say who wants to look at more, at what, why, and how much more that would be."""
    work, row = context.work, _of(context)
    more, hours = limits.MORE_LOOKS[row.kind], int(limits.MORE_LOOKS_FOR.total_seconds() // 3600)
    reason = work.engine.vault.open("estate_more_looks", "reason", row.id, row.reason)
    return {
        "facts": pairs(
            ("申请人", names(work, [row.account_id])),
            ("查看什么", _KINDS[row.kind]),
            ("原因", reason),
            ("申请时间", local(work, row.asked_at)),
            ("同意后", (f"{hours} 小时内可再看 {more} 次", f"{more} more within {hours} hours")),
        )
    }


@completion("safety.decide_more_looks")
def decide_more_looks(context: Context, answers: dict[str, Json]) -> None:
    """Open more looks for a stated time, or refuse them, and tell who asked.

    Whoever asked never gets here: the diagram keeps them out.
    """
    work, row, given = context.work, _of(context), Answers(answers)
    is_agreed = given.outcome == "approve"
    work.connection.execute(
        estate_more_looks.update()
        .where(estate_more_looks.c.id == row.id)
        .values(
            decided_at=work.now,
            decided_by=work.actor.id,
            until=work.now + limits.MORE_LOOKS_FOR if is_agreed else None,
        )
    )
    action = "agree_more_looks" if is_agreed else "refuse_more_looks"
    access_log.append(work, access_log.Entry(action, "account", row.account_id, detail={"kind": row.kind}))
    told = notification(action, [f"account:{row.account_id}"], f"more_looks:{row.number}", number=row.number)
    work.engine.outbox.put_many(work.connection, [told], work.now)


def _of(context: Context) -> Row[Any]:
    row = context.connection.execute(
        select(estate_more_looks).where(estate_more_looks.c.number == context.business_key)
    ).one_or_none()
    if row is None:
        raise RecordNotFound("more_looks_not_found", "没有这项申请")
    return row
