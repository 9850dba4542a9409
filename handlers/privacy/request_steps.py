"""The steps of privacy_request.bpmn: who asks, what is concerned, the answer, and doing what was granted."""

from sqlalchemy import select

from engine.bilingual import Text, in_both, joined
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts import residents
from handlers.accounts.records import account
from handlers.checking.correction_records import data_correction
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate import authorisation
from handlers.estate.authorisation import Purpose
from handlers.estate.people import unsealed
from handlers.estate.records import estate_house, estate_person
from handlers.privacy import erasing, request_files, requests
from handlers.privacy.records import RequestState
from handlers.privacy.requests import RECORD, Request
from handlers.privacy.words import CHANNELS, FILED, KINDS, ON_BEHALF, PURPOSES, REQUEST_STATES
from handlers.shared import access_log
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, Pairs, local, names, pairs
from handlers.shared.masks import mask_name

_OWES = "unpaid"
_UNPAID: Text = ("还有未缴的费用，缴清前不能删除", "fees are unpaid; nothing is erased before they are paid")
_NOT_CONFIRMED = "不能确认申请人的身份，请本人带证件到物业前台办理"


@form_data("privacy.request_facts")
def request_facts(context: Context) -> Facts:
    """Say who asks what, what was found, and what stands against erasing."""
    work, row = context.work, _of(context)
    against: Pairs = []
    if row.kind == "delete" and row.state == RequestState.OPEN:
        against = pairs(("不能删除的原因", _reasons(work, row, context.instance_id)))
    # What has to be kept though its erasing was asked for is kept and not used (PIPL 47); nothing else is.
    without: list[Json] = [] if row.kind == "delete" else ["outcome.restrict"]
    return {"facts": said(work, row) + against, "without": without}


def said(work: Work, row: Request) -> Pairs:
    """Say what a request is; for queries that have asked who may."""
    notes = requests.notes(work, row)
    person = work.connection.execute(select(estate_person).where(estate_person.c.id == row.person_id)).one()
    address = work.connection.execute(
        select(estate_house.c.address).where(estate_house.c.id == row.house_id)
    ).scalar_one_or_none()
    return pairs(
        ("编号", row.number),
        ("状态", REQUEST_STATES[row.state]),
        ("申请", KINDS[row.kind]),
        ("谁的信息", mask_name(unsealed(work.engine.vault, person, "name"))),
        ("房屋", address or ""),
        ("谁申请", ON_BEHALF[row.on_behalf]),
        ("方式", CHANNELS[row.channel]),
        ("登记人", names(work, [row.asked_by]) if row.channel == "counter" else ""),
        ("申请时间", local(work, row.asked_at)),
        ("撤回的用途", joined(PURPOSES[one] for one in row.scopes)),
        ("说明", notes.get("wish", "")),
        ("怎样核对的", notes.get("proof", "")),
        ("涉及的资料", notes.get("found", "")),
        ("费用", _UNPAID if notes.get("fees") == _OWES else ""),
        ("答复期限", local(work, row.answer_by)),
        ("最迟答复", local(work, row.hard_stop)),
        ("更正单号", row.correction),
        ("答复", requests.answer_of(work, row)),
        ("答复时间", local(work, row.settled_at)),
        ("交给", notes.get("handed_to", "")),
        ("交付时怎样核对的", notes.get("handed_proof", "")),
        ("文件交付时间", local(work, row.fetched_at)),
    )


@completion("privacy.identify")
def identify(context: Context, answers: dict[str, Json]) -> None:
    """Note how it was checked who asks; where it cannot be confirmed, say what to do instead."""
    work, row, given = context.work, _of(context), Answers(answers)
    requests.note(work, row, proof=given.text("proof"))
    if given.outcome == "not_confirmed":
        _answer(work, row, _NOT_CONFIRMED)


@completion("privacy.collect")
def collect(context: Context, answers: dict[str, Json]) -> None:
    """Note which data are concerned, and what is open between the person and the company."""
    given = Answers(answers)
    requests.note(context.work, _of(context), found=given.text("found"), fees=given.text("fees"))


@completion("privacy.decide")
def decide(context: Context, answers: dict[str, Json]) -> None:
    """Take the answer; a refusal says why, and nothing is erased that has to be kept.

    Raises:
        RuleRefused: a contract, open matters or the law stand against erasing; or only erasing can be
            answered by keeping the data and not using them.
    """
    work, row, given = context.work, _of(context), Answers(answers)
    is_deletion = row.kind == "delete"
    if given.outcome == "restrict" and not is_deletion:
        raise RuleRefused("only_deletion", "“只存不用”只用于删除申请，请同意或说明理由拒绝")
    if given.outcome == "grant" and is_deletion and (reasons := _reasons(work, row, context.instance_id)):
        raise RuleRefused("erasure_blocked", "现在不能删除：{reasons}。请选“只存不用”并说明", reasons=reasons)
    _answer(work, row, given.text("answer"))
    detail: dict[str, Json] = {"outcome": given.outcome}
    access_log.append(work, access_log.Entry("decide_privacy_request", RECORD, row.id, detail=detail))
    if given.outcome == "grant" and is_deletion:
        requests.tell(work, row, "request_erasing")  # while there is still a number to tell it to


@completion("privacy.hand_to_correction")
def hand_to_correction(context: Context, answers: dict[str, Json]) -> None:
    """Note with which correction it goes on.

    Raises:
        FieldsInvalid: there is no such correction of this person's data since they asked.
    """
    work, row = context.work, _of(context)
    number = Answers(answers).text("correction")
    found = work.connection.execute(
        select(data_correction.c.id).where(
            data_correction.c.number == number,
            data_correction.c.person_id == row.person_id,
            data_correction.c.requested_at >= row.asked_at,
        )
    ).one_or_none()
    if found is None:
        raise FieldsInvalid(
            {"correction": ("没有此人在申请之后的更正 {number}，请先录入更正", {"number": number})}
        )
    _settle(work, row, RequestState.GRANTED, correction=number)
    requests.tell(work, row, "request_correction")


@service_task("privacy.withdraw_consent")
def withdraw_consent(context: Context) -> None:
    """End the agreements in this very transaction: from now on those uses are refused.

    Source: policy C4, PIPL 15.
    """
    work, row = context.work, _of(context)
    if row.state != RequestState.OPEN:
        return
    authorisation.end(work, row.person_id, (Purpose(one) for one in row.scopes))
    _settle(work, row, RequestState.GRANTED)
    requests.tell(work, row, "request_withdrawn_consent")


@service_task("privacy.carry_out")
def carry_out(context: Context) -> None:
    """Do what was granted, and tell the person.

    Raises:
        RuleRefused("erasure_blocked"): something stands against erasing by now.
    """
    work, row = context.work, _of(context)
    if row.state != RequestState.OPEN:
        return
    _settle(work, row, RequestState.GRANTED)
    if row.kind == "delete":
        if not erasing.is_erased(work, erasing.PERSON, row.person_id):
            erasing.erase_person(work, row.person_id, context.instance_id)
        return
    if row.kind in FILED:
        request_files.have_made(work, row, f"{row.id}")
    if row.kind == "close":
        _close(work, row.person_id)
    requests.tell(work, row, "request_answered")


@service_task("privacy.restrict")
def restrict(context: Context) -> None:
    """Keep the data because they must be kept, and use them for nothing the person has to agree to."""
    work, row = context.work, _of(context)
    if row.state != RequestState.OPEN:
        return
    if reasons := _reasons(work, row, context.instance_id):
        own = requests.answer_of(work, row)
        _answer(work, row, "\n".join(filter(None, (own, in_both(reasons)[0]))))
    authorisation.end(work, row.person_id, Purpose)
    _settle(work, row, RequestState.RESTRICTED)
    requests.tell(work, row, "request_restricted")


@service_task("privacy.refuse_request")
def refuse_request(context: Context) -> None:
    """End a request without doing it; why stands in the answer."""
    work, row = context.work, _of(context)
    if row.state != RequestState.OPEN:
        return
    _settle(work, row, RequestState.REFUSED)
    requests.tell(work, row, "request_refused")


@service_task("privacy.withdraw_request")
def withdraw_request(context: Context, reason: str) -> None:
    """End a request because it is not wanted any more.

    Raises:
        RuleRefused: a person asked for it online, and somebody else withdraws it.
    """
    work, row = context.work, _of(context)
    if row.channel == "online" and work.actor.kind != "system":
        raise RuleRefused(
            "person_withdraws", "这是本人在线提出的申请，只能由本人撤回；不能办的请在审定时写明理由"
        )
    _answer(work, row, reason)
    _settle(work, row, RequestState.WITHDRAWN)
    if row.channel == "counter":
        requests.tell(work, row, "request_withdrawn")


def _of(context: Context) -> Request:
    return requests.by_number(context.work, context.business_key)


def _reasons(work: Work, row: Request, instance_id: int) -> Text:
    """Say what stands against erasing; empty where nothing does."""
    if erasing.is_erased(work, erasing.PERSON, row.person_id):
        return ""
    found = [one.text for one in erasing.blocks(work, row.person_id, instance_id)]
    owes = [_UNPAID] if requests.notes(work, row).get("fees") == _OWES else []
    return joined((*found, *owes), ("；", "; "))


def _answer(work: Work, row: Request, text: str) -> None:
    requests.change(work, row, answer=work.engine.vault.seal("privacy_request", "answer", row.id, text))


def _settle(work: Work, row: Request, state: RequestState, **values: object) -> None:
    requests.change(work, row, state=state, settled_at=work.now, settled_by=work.actor.id, **values)
    entry = access_log.Entry(f"{state}_privacy_request", RECORD, row.id, detail={"kind": row.kind})
    access_log.append(work, entry)


def _close(work: Work, person_id: int) -> None:
    """Close the person's account: nobody signs in with it any more; the data have their own periods."""
    found = work.connection.execute(select(account.c.id).where(account.c.person_id == person_id))
    for account_id in found.scalars().all():
        residents.withdraw(work, account_id)
