"""A change of owner until the new one is entered: notice, papers, dispute, telling the old owner."""

from engine.ports import Json
from engine.service_tasks import Context, completion
from handlers.moving import cases, checks, notices, people, rules
from handlers.moving.records import OVER, State
from handlers.shared.answers import Answers


@completion("transfer.register")
def register(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Write down why the house changes hands and who told us.

    Returns:
        way is the reason; special when more than a deed has to be looked at.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    way = given.text("way")
    case = cases.change(work, case, way=way)
    cases.add_facts(work, case, told_by=given.text("told_by"))
    cases.note(work, case, "told_by", f"{given.text('contact_name')} {given.text('contact_phone')}")
    cases.note(work, case, "notice", given.text("note"))
    return {"way": way, "special": way in rules.SPECIAL_WAYS}


@completion("transfer.verify")
def verify(context: Context, answers: dict[str, Json]) -> None:
    """Note whether the papers prove the change; a contract alone changes nothing (待过户).

    The moment of complete papers is kept beside that of the notice; no limit is counted anew from it.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    proof_kind, outcome = given.text("proof_kind"), given.outcome
    cases.note(work, case, outcome, given.text("note"))
    if outcome == "complete":
        rules.require_proof(case.way, proof_kind)
        cases.change(
            work,
            case,
            state=State.EXAMINED,
            papers_at=work.now,
            proof_kind=proof_kind,
            proof_number=cases.seal_proof(work, case, given.text("proof_number")),
        )
        return
    if outcome == "missing":
        case = cases.add_facts(work, case, missing=list(given.choices("missing")))
        is_contract = proof_kind == rules.CONTRACT
        state = State.AWAITING_TITLE if is_contract else State.WAITING_PAPERS
        cases.change(work, case, state=state, proof_kind=proof_kind)
        return
    cases.change(work, case, state=State.DISPUTED)


@completion("transfer.papers")
def papers(context: Context, answers: dict[str, Json]) -> None:
    """Note that papers arrived; they are examined next."""
    given = Answers(answers)
    cases.note(context.work, cases.of(context), "papers", given.text("note"))


@completion("transfer.decide")
def decide(context: Context, answers: dict[str, Json]) -> None:
    """Stop a disputed transfer, or let it go on; stopped, everything stays as it was."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "ruling", given.text("reason"))
    if given.outcome != "stop":
        cases.change(work, case, state=State.NOTICED)
        return
    checks.withdraw(work, case)
    people.withdraw(work, case)
    owners = [one.person_id for one in people.standings(work, case.house_id) if one.kind in rules.OWNERS]
    cases.change(work, case, state=State.STOPPED, closed_at=work.now)
    notices.to_people(work, case, owners, "transfer_stopped")


@completion("transfer.tell")
def tell(context: Context, answers: dict[str, Json]) -> None:
    """Note that the old owner was told before anything changes, and tell them by message as well."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, given.outcome, given.text("note"))
    case = cases.add_facts(work, case, told_how=given.text("how"))
    if given.outcome == "objects":
        cases.change(work, case, state=State.DISPUTED)
        return
    owners = [one.person_id for one in people.standings(work, case.house_id) if one.kind in rules.OWNERS]
    notices.to_people(work, case, owners, "transfer_announced")
    if case.state not in OVER:
        cases.change(work, case, told_at=work.now)
