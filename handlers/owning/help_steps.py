"""The steps of password_help.bpmn: proofs, a second clerk, the code, failures, and what looks like fraud."""

from collections.abc import Mapping

from sqlalchemy import or_, select

from engine.bilingual import joined
from engine.ports import Json, OutboxItem
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts import sessions
from handlers.accounts.records import account
from handlers.errors import FieldsInvalid
from handlers.estate.people import unsealed
from handlers.estate.records import CheckState, RelationKind, estate_house, estate_person, estate_relation
from handlers.owning import helping
from handlers.owning.helping import JOB, RECORD, Help
from handlers.owning.records import HelpState
from handlers.shared import access_log, alarms
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, Pairs, local, names, pairs
from handlers.shared.masks import mask_name, mask_phone
from handlers.shared.messages import notification
from handlers.shared.outbox import put

ALARM = "sim_fraud"
_LEAST_PROOFS = 2
_OWNERS = (RelationKind.OWNER, RelationKind.CO_OWNER)

PROOFS: Mapping[str, tuple[str, str]] = {
    "id_document": ("当面看证件原件", "ID document at the counter"),
    "house_facts": ("说得出房屋和表读数、账单", "Facts of the house, meter or bill"),
    "call_back": ("回拨登记的原号码", "Call back on the old number"),
    "co_owner": ("共有人确认", "A co-owner confirms"),
}
STATES: Mapping[str, tuple[str, str]] = {
    HelpState.OPEN: ("核验中", "Being checked"),
    HelpState.ISSUED: ("验证码已发", "The code was sent"),
    HelpState.USED: ("验证码已用", "The code was used"),
    HelpState.FAILED: ("未办成", "Not done"),
    HelpState.LOCKED: ("账号已锁定", "The account is locked"),
    HelpState.DROPPED: ("已撤回", "Withdrawn"),
}


@form_data("owning.help_facts")
def help_facts(context: Context) -> Facts:
    """Say whose account it is, masked, which proofs were seen, and what failed before."""
    return {"facts": said(context.work, _of(context))}


def said(work: Work, row: Help) -> Pairs:
    """Say what a case is about; for queries that have asked who may."""
    person = work.connection.execute(select(estate_person).where(estate_person.c.id == row.person_id)).one()
    address = work.connection.execute(
        select(estate_house.c.address).where(estate_house.c.id == row.house_id)
    ).scalar_one()
    sealed, vault = row.new_phone, work.engine.vault
    phone = "" if sealed is None else vault.open("owner_help", "new_phone", row.id, sealed)
    failures = helping.failures(work, row.account_id)
    return pairs(
        ("编号", row.number),
        ("状态", STATES[row.state]),
        ("谁的账号", mask_name(unsealed(vault, person, "name"))),
        ("房屋", address),
        ("登记的号码", mask_phone(unsealed(vault, person, "phone"))),
        ("新号码", mask_phone(phone)),
        ("已核验", joined(PROOFS[one] for one in row.proofs)),
        ("近期失败", str(failures) if failures else ""),
        ("登记人", names(work, [row.asked_by])),
        ("登记时间", local(work, row.asked_at)),
    )


@completion("owning.verify_help")
def verify_help(context: Context, answers: dict[str, Json]) -> None:
    """Note the proofs that were seen.

    Raises:
        FieldsInvalid: fewer than two.
    """
    given = Answers(answers)
    proofs = [one for one in PROOFS if one in given.choices("proofs")]
    if given.outcome == "proven" and len(proofs) < _LEAST_PROOFS:
        raise FieldsInvalid({"proofs": ("至少核验两项", {})})
    helping.change(context.work, _of(context), proofs=proofs, state=HelpState.OPEN)
    _log(context, "verify_help", given.outcome)


@completion("owning.confirm_help")
def confirm_help(context: Context, answers: dict[str, Json]) -> None:
    """Note what the second clerk says."""
    _log(context, "confirm_help", Answers(answers).outcome)


@service_task("owning.issue_help_code")
def issue_help_code(context: Context) -> None:
    """Send a code to the new phone, and word to the old one and to the other owners of the home.

    Source: policy B3.
    """
    work, row = context.work, _of(context)
    if row.state != HelpState.OPEN:
        return
    helping.fresh_code(work, row)
    put(work, OutboxItem(JOB, {"number": row.number}, f"{JOB}:{row.id}:{context.key}"))
    told = {"help_old_phone": [row.person_id], "help_co_owner": _co_owners(work, row)}
    for template, people in told.items():
        to = [f"person:{one}" for one in people]
        if to:
            item = notification(template, to, f"{template}:{row.id}:{context.key}")
            work.engine.outbox.put_many(work.connection, [item], work.now)
    _log(context, "issue_help_code", "")


@service_task("owning.settle_help")
def settle_help(context: Context) -> dict[str, Json]:
    """Look whether the code was given in time; what it could still do ends now.

    Returns:
        {"code_used"}: the owner has set, or is setting, a password.
    """
    row = _of(context)
    is_used = row.state == HelpState.USED
    if is_used:
        helping.change(context.work, row, new_phone=None)
    elif row.state == HelpState.ISSUED:
        helping.change(context.work, row, nonce=None, code_until=context.now)
    return {"code_used": is_used}


@service_task("owning.count_help_failure")
def count_help_failure(context: Context) -> dict[str, Json]:
    """Count what failed, over all cases of the account of the last days.

    Returns:
        {"failures"}: from three on security decides whether it goes on.
    """
    work, row = context.work, _of(context)
    if row.state != HelpState.FAILED:
        helping.change(work, row, failures=row.failures + 1, state=HelpState.FAILED)
        _log(context, "fail_help", "")
    return {"failures": helping.failures(work, row.account_id)}


@completion("owning.review_help")
def review_help(context: Context, answers: dict[str, Json]) -> None:
    """Take security's word on whether it may be tried again."""
    given = Answers(answers)
    if given.outcome == "allow":
        helping.change(context.work, _of(context), state=HelpState.OPEN)
    _log(context, "review_help", given.outcome)


@service_task("owning.lock_helped")
def lock_helped(context: Context) -> None:
    """Lock the account at once: nobody signs in, no code counts, and security is alarmed."""
    work, row = context.work, _of(context)
    if row.state == HelpState.LOCKED:
        return
    helping.change(work, row, state=HelpState.LOCKED, nonce=None)
    _switch(work, row, "disabled")
    sessions.end_every(work, row.account_id)
    alarms.raise_alarm(work, ALARM, row.account_id, {"case": row.number})
    _log(context, "lock_account", "")


@completion("owning.call_helped")
def call_helped(context: Context, answers: dict[str, Json]) -> None:
    """Take what came of the call to the old number: the holder asked for it, or the account stays locked."""
    work, row, given = context.work, _of(context), Answers(answers)
    if given.outcome == "genuine":
        _switch(work, row, "active")
        helping.change(work, row, state=HelpState.OPEN)
    _log(context, "call_helped", given.outcome)


@service_task("owning.drop_help")
def drop_help(context: Context, reason: str) -> None:
    """End the help because it is not needed any more."""
    assert reason
    helping.change(context.work, _of(context), state=HelpState.DROPPED, new_phone=None, nonce=None)


def _of(context: Context) -> Help:
    return helping.by_number(context.work, context.business_key)


def _switch(work: Work, row: Help, state: str) -> None:
    off = state == "disabled"
    work.connection.execute(
        account.update()
        .where(account.c.id == row.account_id)
        .values(
            state=state,
            disabled_at=work.now if off else None,
            disabled_by=work.actor.id if off else None,
        )
    )


def _co_owners(work: Work, row: Help) -> list[int]:
    found = work.connection.execute(
        select(estate_relation.c.person_id).where(
            estate_relation.c.house_id == row.house_id,
            estate_relation.c.kind.in_(_OWNERS),
            estate_relation.c.check_state == CheckState.CHECKED,
            estate_relation.c.person_id != row.person_id,
            or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
        )
    )
    return sorted(set(found.scalars()))


def _log(context: Context, action: str, outcome: str) -> None:
    row = _of(context)
    detail: dict[str, Json] = {"outcome": outcome} if outcome else {}
    access_log.append(context.work, access_log.Entry(action, RECORD, row.id, detail=detail))
