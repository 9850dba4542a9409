"""The steps of data_correction.bpmn: wait for the check, compare, write, tell."""

from sqlalchemy import select

from engine.bilingual import Text
from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts.logins import LoginTaken
from handlers.accounts.records import account
from handlers.checking import (
    asking,
    correction_logins,
    correction_values,
    corrections,
    deciding,
    form_parts,
    members,
)
from handlers.checking.asking import Entered, Step, Subject
from handlers.checking.correction_records import CorrectionState, data_correction
from handlers.checking.corrections import PHOTOS, Correction
from handlers.checking.deciding import Result
from handlers.checking.fields import FIELD_NAMES, Field, shown
from handlers.checking.records import Risk, second_check
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordNotFound, RuleRefused
from handlers.shared import access_log, attachments
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, local, names, pairs
from handlers.shared.messages import notification

_TYPE_AGAIN = ("请对照原件在下面重新输入", "Type it again below, from the paper")
_NOT_POSSIBLE = "按现有登记不能更正，请联系物业前台"


@service_task("checking.open_correction")
def open_correction(context: Context, *, risk: str, typed_again: bool) -> None:
    """Let the new value wait for a second person; one check serves a correction until it is settled."""
    work, correction = context.work, _of(context)
    if asking.open_check(work, _subject(correction)) is not None:
        return
    field = Field(correction.field)
    entered = Entered(
        {field: corrections.opened(work, correction, "after")},
        Risk(risk),
        frozenset({field}) if typed_again else frozenset(),
        entered_by=correction.requested_by,
    )
    asking.ask(work, _subject(correction), entered, Step(context.instance_id, "check_by_clerk"))


@completion("checking.check_correction")
def check_correction(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Take what the second person found.

    Raises:
        ActionNotAllowed: the actor entered it, or stands in for who did.
    Source: policy C1.
    """
    given = Answers(answers)
    work, correction = context.work, _of(context)
    check_id = asking.open_check(work, _subject(correction))
    if check_id is None:
        raise RecordNotFound("check_not_found", "没有这项二次核对")
    if given.outcome == "more":
        deciding.require_second(work, check_id)
        _answer(work, correction, given.text("reason"))
        _tell_applicant(work, correction, "correction_more")
        return {"check_result": "more"}
    if given.outcome == "reject":
        deciding.reject(work, check_id, given.text("reason"))
        _answer(work, correction, given.text("reason"))
        return {"check_result": "rejected"}
    try:
        verdict = deciding.decide(work, check_id, {correction.field: given.text("again")})
    except FieldsInvalid as error:
        raise FieldsInvalid({"again": next(iter(error.fields.values()))}) from error
    found: dict[str, Json] = {"check_result": verdict.result.value}
    if verdict.result is Result.TO_LEAD:
        found["risk"] = Risk.HIGH.value
    return found if verdict.result is Result.CONFIRMED else found | {"outcome": form_parts.DIFFERED}


@form_data("checking.correction_facts")
def correction_facts(context: Context) -> Facts:
    """Say what is to become what, masked, and nothing of what is to be typed again."""
    work, correction = context.work, _of(context)
    check = _check(work, correction)
    field = Field(correction.field)
    before = corrections.opened(work, correction, "before")
    after = corrections.opened(work, correction, "after")
    is_blind = check is not None and field in check.typed_again
    photos = len(attachments.attachments_of(work, PHOTOS, correction.id))
    mismatches = check.mismatches if check is not None else 0
    return {
        "facts": pairs(
            ("更正栏目", FIELD_NAMES[field]),
            ("现有登记", shown(field, before) if before else ("未登记", "Not on record")),
            ("新内容", _TYPE_AGAIN if is_blind else shown(field, after)),
            ("录入人", _applicant(work, correction)),
            ("录入时间", local(work, correction.requested_at)),
            ("申请原因", corrections.opened(work, correction, "reason")),
            ("凭证", (f"{photos} 张", f"{photos} photos") if photos else ""),
            (
                "上次核对",
                (f"重新输入不一致（第 {mismatches} 次）", f"typed again and differed, {mismatches} so far")
                if mismatches
                else "",
            ),
        ),
        "without": form_parts.NOT_CHOSEN,
    }


@completion("checking.add_evidence")
def add_evidence(context: Context, answers: dict[str, Json]) -> None:
    """Take photos along, from who asked for the correction or from the desk."""
    work, correction = context.work, _of(context)
    _require_concerned(work, correction)
    attachments.attach(work, Answers(answers).ids("photos"), PHOTOS, correction.id)


@form_data("checking.evidence_facts")
def evidence_facts(context: Context) -> Facts:
    """Say what is missing."""
    correction = _of(context)
    return {
        "facts": pairs(
            ("更正栏目", FIELD_NAMES[Field(correction.field)]),
            ("要补充什么", corrections.opened(context.work, correction, "answer")),
        )
    }


@service_task("checking.apply_correction")
def apply_correction(context: Context) -> None:
    """Write the new value, keep the one before, and tell the owner at the old number and the new one.

    Raises:
        RuleRefused("not_possible"): the new number opens somebody else's account, or the record is gone.
    """
    work, correction = context.work, _of(context)
    if correction.state != CorrectionState.OPEN:
        return
    target = corrections.target_of(correction)
    value = corrections.opened(work, correction, "after")
    try:
        before = correction_values.current(work, target)
        correction_values.write(work, target, value)
        correction_logins.follow(work, correction.person_id, target.field, value)
    except (LoginTaken, RecordNotFound) as error:
        raise RuleRefused("not_possible", "按现有登记不能更正，请联系物业前台") from error
    sealed = work.engine.vault.seal("data_correction", "before", correction.id, before)
    _settle(work, correction, CorrectionState.CORRECTED, before=sealed)
    _tell_applicant(work, correction, "correction_done")
    if target.field is Field.PHONE and before:
        correction_logins.begin_cool_off(work, correction.person_id)
        _tell(work, correction, "correction_done", f"correction_before:{correction.id}")


@service_task("checking.refuse_correction")
def refuse_correction(context: Context) -> None:
    """End a correction without a change and tell who asked why."""
    work, correction = context.work, _of(context)
    if correction.state != CorrectionState.OPEN:
        return
    check_id = asking.open_check(work, _subject(correction))
    if check_id is not None:  # the evidence never came
        deciding.withdraw(work, check_id)
    if not corrections.opened(work, correction, "answer"):
        _answer(work, correction, _NOT_POSSIBLE)
    _take_back(work, correction)
    _settle(work, correction, CorrectionState.REFUSED)
    _tell_applicant(work, correction, "correction_refused")


@service_task("checking.withdraw_correction")
def withdraw_correction(context: Context, reason: str) -> None:
    """End a correction because it is not wanted any more.

    Raises:
        ActionNotAllowed: it is another resident's.
    """
    work, correction = context.work, _of(context)
    _require_concerned(work, correction)
    check_id = asking.open_check(work, _subject(correction))
    if check_id is not None:
        deciding.withdraw(work, check_id)
    _answer(work, correction, reason)
    _take_back(work, correction)
    _settle(work, correction, CorrectionState.WITHDRAWN)


def _take_back(work: Work, correction: Correction) -> None:
    if correction.field == Field.MEMBER:
        members.take_back(work, correction.subject_id)
    if correction.field == Field.VEHICLE:
        members.take_vehicle_back(work, correction.subject_id)


def _of(context: Context) -> Correction:
    return corrections.by_number(context.work, context.business_key)


def _subject(correction: Correction) -> Subject:
    return Subject(
        "correction", correction.id, correction.field, correction.community_id, correction.house_id
    )


def _check(work: Work, correction: Correction) -> Correction | None:
    check_id = asking.open_check(work, _subject(correction))
    if check_id is None:
        return None
    return work.connection.execute(select(second_check).where(second_check.c.id == check_id)).one()


def _require_concerned(work: Work, correction: Correction) -> None:
    """Keep other residents of the same house out."""
    if work.actor.kind == "resident" and work.actor.id != correction.requested_by:
        raise ActionNotAllowed("not_yours", "这项更正是别人申请的")


def _answer(work: Work, correction: Correction, text: str) -> None:
    sealed = work.engine.vault.seal("data_correction", "answer", correction.id, text[:500])
    work.connection.execute(
        data_correction.update().where(data_correction.c.id == correction.id).values(answer=sealed)
    )


def _settle(work: Work, correction: Correction, state: CorrectionState, **values: object) -> None:
    work.connection.execute(
        data_correction.update()
        .where(data_correction.c.id == correction.id)
        .values(state=state, settled_at=work.now, settled_by=work.actor.id, **values)
    )
    detail: dict[str, Json] = {"field": correction.field}
    entry = access_log.Entry(f"{state}_correction", "data_correction", correction.id, detail=detail)
    access_log.append(work, entry)


def _applicant(work: Work, correction: Correction) -> Text:
    if _is_residents(work, correction):
        return ("业主本人", "The owner")
    return names(work, [correction.requested_by])


def _is_residents(work: Work, correction: Correction) -> bool:
    kind = work.connection.execute(
        select(account.c.kind).where(account.c.id == correction.requested_by)
    ).scalar_one_or_none()
    return bool(kind == "resident")


def _tell_applicant(work: Work, correction: Correction, template: str) -> None:
    """Tell the resident who asked, else the person whose data it is."""
    is_own = _is_residents(work, correction)
    to = f"account:{correction.requested_by}" if is_own else f"person:{correction.person_id}"
    _tell(work, correction, template, to)


def _tell(work: Work, correction: Correction, template: str, to: str) -> None:
    item = notification(
        template, [to], f"correction:{correction.id}:{new_id()}", correction_id=str(correction.id)
    )
    work.engine.outbox.put_many(work.connection, [item], work.now)
