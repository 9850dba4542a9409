"""Moving in, at the counter: papers, privacy notice, registering; and keys and fees afterwards."""

from sqlalchemy import select

from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from engine.work import Work
from handlers.accounts import residents
from handlers.accounts.records import account
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.moving import cases, checks, people, starting, words
from handlers.moving.cases import Case
from handlers.moving.people import MAIN
from handlers.moving.records import OVER, Kind, State
from handlers.moving.starting import Notice
from handlers.shared.answers import Answers

_PARTS = frozenset({"fees", "keys"})


@completion("move_in.papers")
def papers(context: Context, answers: dict[str, Json]) -> None:
    """Note which papers were seen, and who has come."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, given.outcome, given.text("note"))
    if given.outcome == "missing":
        case = cases.add_facts(work, case, missing=list(given.choices("missing")))
        cases.change(work, case, state=State.WAITING_PAPERS)
        return
    seen = given.choices("seen")
    if given.outcome == "complete" and "id" not in seen:
        raise FieldsInvalid({"seen": ("没有身份证件不能办理入住", {})})
    case = cases.add_facts(work, case, appears=given.text("appears"), seen=list(seen))
    if given.outcome == "complete":
        cases.change(work, case, state=State.EXAMINED, papers_at=work.now)


@completion("move_in.more_papers")
def more_papers(context: Context, answers: dict[str, Json]) -> None:
    """Note that papers arrived; they are looked at next."""
    cases.note(context.work, cases.of(context), "papers", Answers(answers).text("note"))


@service_task("move_in.to_transfer")
def to_transfer(context: Context) -> None:
    """Begin a change of owner for a house that is bound to somebody else, and close this case.

    The notice of the transfer is the arrival of who says that the house is theirs.
    """
    work, case = context.work, cases.of(context)
    if case.state in OVER:
        return
    if starting.open_number(work, case.house_id, Kind.TRANSFER) is None:
        starting.notice_of_transfer(work, Notice(case.house_id, case.noticed_at, case.channel))
    cases.change(work, case, state=State.STOPPED, closed_at=work.now)


@completion("move_in.consent")
def consent(context: Context, answers: dict[str, Json]) -> None:
    """Note that the privacy notice was handed over, and which uses the owner agrees to."""
    work, case = context.work, cases.of(context)
    scopes, version = list(Answers(answers).choices("scopes")), words.notice_version()
    cases.add_facts(work, case, scopes=scopes, notice_given_at=work.now.isoformat(), notice_version=version)


@completion("move_in.register")
def register(context: Context, answers: dict[str, Json]) -> None:
    """Note that the owner can sign in with a password of their own.

    Raises:
        RuleRefused: nobody has signed in with the password that went to the phone.
    Source: policy B1.
    """
    work, case = context.work, cases.of(context)
    if Answers(answers).outcome == "verified":
        if not has_own_password(work, case):
            raise RuleRefused("not_registered", "业主还没有用手机收到的密码登录并设自己的密码")
        cases.add_facts(work, case, verified_by="sms")


def has_own_password(work: Work, case: Case) -> bool:
    """Tell whether the owner has an account and has set its password."""
    row = account_of(work, case)
    return row is not None and not row.must_change_password


def account_of(work: Work, case: Case) -> Case | None:
    """Return the account of the main person of a case."""
    entered = people.parties(work, case)
    if not entered:
        return None
    return work.connection.execute(
        select(account).where(account.c.person_id == entered[MAIN].person.id)
    ).one_or_none()


@completion("move_in.check_id")
def check_id(context: Context, answers: dict[str, Json]) -> None:
    """Note which features of the document were compared."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    case = cases.add_facts(work, case, id_seen=list(given.choices("seen")))
    cases.note(work, case, "no_message", given.text("note"))


@completion("move_in.confirm_id")
def confirm_id(context: Context, answers: dict[str, Json]) -> None:
    """Note what the second person says of person and document."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "refused", given.text("note"))
    if given.outcome == "confirmed":
        cases.add_facts(work, case, verified_by="two_people")
    else:
        cases.change(work, case, state=State.WAITING_PAPERS)


@service_task("move_in.cancel")
def cancel(context: Context, reason: str) -> None:
    """Cancel moving in: what was entered is withdrawn, and with it the account that was opened for it.

    Raises:
        RuleRefused: account and home are bound already.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        raise RuleRefused("already_bound", "账号与房屋已绑定，不能取消")
    if case.state in OVER:
        return
    opened = account_of(work, case) if "account_id" in case.facts else None
    checks.withdraw(work, case)
    people.withdraw(work, case)
    if opened is not None and not people.acts_already(work, opened.person_id):
        residents.withdraw(work, opened.id)
        people.forget(work, opened.person_id)
    cases.note(work, case, "cancelled", reason)
    cases.change(work, case, state=State.STOPPED, closed_at=work.now)


# --- afterwards --------------------------------------------------------------------------------------------


@completion("move_in.set_fees")
def set_fees(context: Context, answers: dict[str, Json]) -> None:
    """Note what is charged from when, on which area."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    starts_on = given.day("starts_on")
    case = cases.add_facts(
        work,
        case,
        fee_items=list(given.choices("items")),
        fees_from=starts_on.isoformat() if starts_on else None,
        fee_area=given.text("area"),
    )
    cases.note(work, case, "fees", given.text("note"))
    _settled(work, case, "fees")


@completion("move_in.inspect")
def inspect(context: Context, answers: dict[str, Json]) -> None:
    """Keep defects and readings; the record of defects is what the developer's warranty begins with."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    found = given.lines("defects") if given.outcome == "defects" else []
    if given.outcome == "defects" and not found:
        raise FieldsInvalid({"defects": ("请写明缺陷", {})})
    defects = "；".join(f"{line.text('place')}：{line.text('what')}" for line in found)
    cases.note(work, case, "defects", defects)
    meters: dict[str, Json] = {key: given.text(key) for key in ("water", "power", "gas") if given.text(key)}
    cases.add_facts(work, case, meters=meters, defects=len(found))


@completion("move_in.defects")
def defects(context: Context, answers: dict[str, Json]) -> None:
    """Note to whom the defects went."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    case = cases.add_facts(work, case, defects_to=given.text("sent_to"))
    cases.note(work, case, "defect_numbers", f"{given.text('numbers')} {given.text('note')}")


@completion("move_in.keys")
def keys(context: Context, answers: dict[str, Json]) -> None:
    """Note how many keys and cards the owner signed for."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    case = cases.add_facts(work, case, keys=given.count("keys"), cards=given.count("cards"))
    _settled(work, case, "keys")


def _settled(work: Work, case: Case, part: str) -> None:
    done = {*(str(one) for one in case.facts.get("settled", [])), part}
    case = cases.add_facts(work, case, settled=sorted(done))
    if done >= _PARTS and case.state == State.DONE:
        cases.change(work, case, state=State.CLOSED, closed_at=work.now)
