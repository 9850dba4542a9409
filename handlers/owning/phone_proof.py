"""Has both numbers answer before one is corrected; without the old one the counter looks closer."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from engine import tasks
from engine.ports import Actor, Json
from engine.service_tasks import Context, completion, form_data
from engine.store.tables import user_task
from engine.work import Engine, Work
from handlers.checking import corrections
from handlers.checking.correction_records import data_correction
from handlers.checking.corrections import PHOTOS, Correction
from handlers.checking.records import Risk
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordNotFound, RuleRefused
from handlers.estate.people import unsealed
from handlers.estate.records import estate_person
from handlers.owning import codes, phones
from handlers.owning.codes import CodeRefused, Purpose, Request, Target
from handlers.shared import attachments
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, option, pairs
from handlers.shared.masks import mask_name, mask_phone

STEP = "prove_phones"
CODES, COUNTER, OLD_GONE = "codes", "at_counter", "old_gone"
_PROOFS_NEEDED = 2


@dataclass(frozen=True)
class Phone:
    """One of the numbers that have to answer, masked.

    Attributes:
        which: phone_old or phone_new.
    """

    which: str
    shown: str
    is_proved: bool


def waiting(work: Work) -> dict[str, tuple[Phone, ...]]:
    """Return, by number, the actor's corrections that wait for codes, with what has to answer."""
    rows = work.connection.execute(
        select(data_correction)
        .join(user_task, user_task.c.instance_id == data_correction.c.instance_id)
        .where(data_correction.c.requested_by == work.actor.id, user_task.c.step_id == STEP)
    )
    return {row.number: _phones(work, row) for row in rows}


def send(engine: Engine, actor: Actor, number: str, address: str) -> dict[str, str]:
    """Send a code to each number that has not answered yet.

    Returns:
        which -> the token of the browser that may give its code.
    Raises:
        RecordNotFound: the actor asked for no such correction, or it waits for no codes.
        SlowDown: too many for one of the numbers or from this address.
    """

    def ask(work: Work) -> dict[str, str]:
        correction = _own(work, number)
        target = Target(correction.person_id, correction_id=correction.id)
        return {
            phone.which: codes.send(work, _request(work, correction, phone.which, address), target)
            for phone in _phones(work, correction)
            if not phone.is_proved
        }

    return engine.run(actor, ask)


def prove(
    engine: Engine, actor: Actor, number: str, tokens: Mapping[str, str], typed: Mapping[str, str]
) -> None:
    """Take the codes of both numbers; when both are right the correction goes on to its check.

    What was right stays so when the other is wrong.

    Raises:
        FieldsInvalid: under the number whose code is wrong, old or missing.
    """
    with engine.reading(actor) as work:
        left = [one for one in _phones(work, _own(work, number)) if not one.is_proved]
    wrong: dict[str, tuple[str, Mapping[str, object]]] = {}
    for phone in left:
        try:
            codes.prove(engine, tokens.get(phone.which, ""), Purpose(phone.which), typed.get(phone.which, ""))
        except CodeRefused as refused:
            wrong[phone.which] = (refused.message, refused.params)
    if wrong:
        raise FieldsInvalid(wrong)

    def complete(work: Work) -> None:
        tasks.complete(work, _task(work, _own(work, number)), {"outcome": CODES})

    engine.run(actor, complete)


@form_data("owning.phone_facts")
def phone_facts(context: Context) -> Facts:
    """Say whose number is to be replaced, masked, and what the counter may find."""
    work, correction = context.work, corrections.by_number(context.work, context.business_key)
    person = work.connection.execute(
        select(estate_person).where(estate_person.c.id == correction.person_id)
    ).one()
    shown = {one.which: one.shown for one in _phones(work, correction)}
    mine = work.actor.kind == "resident"
    outcomes = [
        option(CODES, ("新旧手机都收到验证码", "Codes to both phones")),
        option(COUNTER, ("本人在前台，已核身份", "The person is at the desk, identity checked")),
        option(
            OLD_GONE,
            ("旧号已停用，在前台核实，转主管", "The old number is gone: proved at the desk, to the lead"),
        ),
    ]
    return {
        "facts": pairs(
            ("本人", mask_name(unsealed(work.engine.vault, person, "name"))),
            ("旧手机", shown.get(phones.OLD, ("没有登记", "None on record"))),
            ("新手机", shown[phones.NEW]),
        ),
        "options": {"outcomes": outcomes[:1] if mine else outcomes[1:]},
    }


@completion("owning.prove_phones")
def prove_phones(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Let a number be corrected on: both phones answered, or the counter has proved who asks.

    Returns:
        risk high where the old number is gone: the lead checks.
    Raises:
        RuleRefused: a code is missing.
        FieldsInvalid: the counter has not proved enough.
    Source: domain.md 4.9, 4.12.
    """
    given, work = Answers(answers), context.work
    correction = corrections.by_number(work, context.business_key)
    if given.outcome == CODES:
        if work.actor.id != correction.requested_by:
            raise ActionNotAllowed("not_yours", "这项更正是别人申请的")
        for which in phones.wanted(work, correction.id):
            row = codes.proved_for(work, correction.id, Purpose(which))
            if row is None:
                raise RuleRefused("codes_missing", "新旧手机的验证码还没有都填对")
            codes.use(work, row.id)
        return {"proved_by": CODES}
    if work.actor.kind == "resident":
        raise ActionNotAllowed("desk_only", "由前台核实身份")
    if len(given.choices("proofs")) < _PROOFS_NEEDED:
        raise FieldsInvalid({"proofs": ("至少核实两项", {})})
    photos = given.ids("photos")
    if given.outcome == OLD_GONE and not photos:
        raise FieldsInvalid({"photos": ("旧号停用的，须附凭证照片", {})})
    attachments.attach(work, photos, PHOTOS, correction.id)
    found: dict[str, Json] = {"proved_by": given.outcome}
    return found | {"risk": Risk.HIGH.value} if given.outcome == OLD_GONE else found


def _request(work: Work, correction: Correction, which: str, address: str) -> Request:
    return Request(Purpose(which), phones.number(work, correction.id, which), address)


def _phones(work: Work, correction: Correction) -> tuple[Phone, ...]:
    return tuple(
        Phone(
            which,
            mask_phone(phones.number(work, correction.id, which)),
            codes.proved_for(work, correction.id, Purpose(which)) is not None,
        )
        for which in phones.wanted(work, correction.id)
    )


def _own(work: Work, number: str) -> Correction:
    correction = corrections.by_number(work, number)
    if correction.requested_by != work.actor.id:
        raise RecordNotFound("correction_not_found", "没有编号为 {number} 的更正", number=number)
    _task(work, correction)
    return correction


def _task(work: Work, correction: Correction) -> int:
    found = work.connection.execute(
        select(user_task.c.id).where(
            user_task.c.instance_id == correction.instance_id, user_task.c.step_id == STEP
        )
    ).scalar_one_or_none()
    if found is None:
        raise RecordNotFound("no_codes_asked", "更正 {number} 现在不需要验证码", number=correction.number)
    return int(found)
