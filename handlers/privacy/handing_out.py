"""Hands a person's own data out in person, where there is no account to download them with."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select

from engine.store.tables import task_history
from engine.work import Work
from handlers.accounts.records import account
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound
from handlers.privacy import requests
from handlers.privacy.records import privacy_request
from handlers.privacy.requests import Request
from handlers.shared import access_log, limits
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, within

_LONGEST = 200


@dataclass(frozen=True)
class Receipt:
    """Who took a file, and how it was seen that it is theirs."""

    to: str
    proof: str


def waiting(work: Work) -> list[Request]:
    """List the files that wait for data protection to hand them out, the first to lapse first."""
    require_somewhere(work, Permission.OWN_DATA_HAND_OUT)
    rows = work.connection.execute(
        select(privacy_request)
        .where(_is_for_hands(), _REQUEST.file_name.is_not(None), _REQUEST.file_until > work.now)
        .where(within(work, Permission.OWN_DATA_HAND_OUT, _REQUEST.community_id))
        .order_by(_REQUEST.file_until, _REQUEST.id)
        .limit(limits.PAGE_ROWS)
    )
    return list(rows)


def is_for_hands(work: Work, row: Request) -> bool:
    """Tell whether a file is handed out in person: there is no account, or the person has died."""
    found = select(_REQUEST.id).where(_REQUEST.id == row.id, _is_for_hands())
    return work.connection.execute(found).first() is not None


def hand_out(work: Work, number: str, receipt: Receipt) -> bytes:
    """Hand the file to who stands there, once, and keep the receipt.

    Raises:
        FieldsInvalid: the receipt is not complete.
        RecordConflict: the person downloads it themselves, or it is not there.
        ActionNotAllowed: whoever asked for it, saw the papers or collected the data hands nothing out.
    """
    if not number:
        raise FieldsInvalid({"number": ("请选择一项申请", {})})
    row = requests.by_number(work, number, locked=True)
    if not work.may(Permission.OWN_DATA_HAND_OUT, row.community_id):
        raise RecordNotFound("request_not_found", "没有这项申请")
    _require_complete(receipt)
    if not is_for_hands(work, row):
        raise RecordConflict("has_account", "此人有账户，文件由本人登录后在“个人信息”下载")
    if _took_part(work, row):
        raise ActionNotAllowed("own_hand_out", "您登记或办理过这项申请，文件须由另一人交付")
    requests.note(work, row, handed_to=receipt.to.strip(), handed_proof=receipt.proof.strip())
    return requests.released(work, row, access_log.Entry("hand_out_own_data", requests.RECORD, row.id))


def _require_complete(receipt: Receipt) -> None:
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if not receipt.to.strip():
        wrong["to"] = ("请写明交给了谁", {})
    if not receipt.proof.strip():
        wrong["proof"] = ("请写明怎样核对的身份", {})
    for name, text in (("to", receipt.to), ("proof", receipt.proof)):
        if len(text) > _LONGEST:
            wrong[name] = ("最多 {count} 字", {"count": _LONGEST})
    if wrong:
        raise FieldsInvalid(wrong)


def _took_part(work: Work, row: Request) -> bool:
    """Tell whether the actor asked for it, or did a step before the decision, whoever they stand in for."""
    done = select(task_history.c.id).where(
        task_history.c.instance_id == row.instance_id,
        task_history.c.step_id.in_(_BEFORE),
        task_history.c.end_kind == "completed",
        task_history.c.actor_id == work.actor.id,
    )
    return work.actor.id == row.asked_by or work.connection.execute(done.limit(1)).first() is not None


def _is_for_hands() -> ColumnElement[bool]:
    has_account = exists().where(account.c.person_id == _REQUEST.person_id, account.c.state == "active")
    return or_(_REQUEST.on_behalf == "relative", ~has_account)


_BEFORE = ("identity", "collect")
_REQUEST = privacy_request.c
