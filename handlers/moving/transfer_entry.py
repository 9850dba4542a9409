"""Entering the new owners, and the second check by somebody who types from the papers without looking."""

from engine.bilingual import Text
from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.work import Work
from handlers.estate.identity import IdType
from handlers.estate.people import PersonEntry
from handlers.estate.records import RelationKind
from handlers.moving import cases, checks, people, rules, words
from handlers.moving.cases import Case
from handlers.moving.people import Member
from handlers.moving.records import State
from handlers.shared.answers import Answers
from handlers.shared.facts import Options, option
from handlers.shared.permissions import Permission

KEEP = "keep"


@completion("transfer.enter")
def enter(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Write the new owners down, unchecked; what was entered before is replaced, unless it is kept.

    Source: policy C1, C2.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    work.require(Permission.OWNER_ENTER, case.community_id)
    if given.text("entry") != KEEP:
        lines = given.lines("co_owners")
        shares = {f"co_owners.{index}.share": line.text("share") for index, line in enumerate(lines)}
        rules.require_shares({"share": given.text("share"), **shares})
        people.enter(work, case, [_owner(given), *_co_owners(given)])
        _require_rest(work, case, [given.text("share"), *shares.values()])
        case = cases.add_facts(
            work,
            case,
            scopes=list(given.choices("scopes")),
            places=list(given.choices("places")),
            notice_version=words.notice_version(),
        )
    checks.ask(context, case)
    cases.change(work, case, state=State.ENTERED, entered_at=work.now, entered_by=work.actor.id)
    return {"same": False}


def _require_rest(work: Work, case: Case, shares: list[str]) -> None:
    """Refuse shares that leave less than what owners who stay have on record."""
    leaving = case.facts.get("leaving")
    if leaving is None or not any(shares):
        return
    entered = {one.person.id for one in people.parties(work, case)}
    gone = {int(str(one)) for one in leaving}
    owners = [one for one in people.standings(work, case.house_id) if one.kind in rules.OWNERS]
    rules.require_rest(
        shares, [one.share for one in owners if one.id not in gone and one.person_id not in entered]
    )


def entry_options(case: Case) -> Options:
    """Offer to enter, and after a check that differed also to keep what was entered."""
    fresh = [option("new", ("按证件录入", "Enter from the papers"))]
    if not case.differed:
        return fresh
    kept: Text = ("已核对原件，录入无误，再核对一次", "Compared with the papers, it is right: check again")
    return [*fresh, option(KEEP, kept)]


def _owner(given: Answers) -> Member:
    entry = PersonEntry(
        name=given.text("name"),
        phone=given.text("phone"),
        id_type=given.text("id_type"),
        id_number=given.text("id_number"),
    )
    return Member(
        entry, RelationKind.OWNER, relation={"share": given.text("share") or None, "is_payer": True}
    )


def _co_owners(given: Answers) -> list[Member]:
    return [
        Member(
            PersonEntry(
                name=line.text("name"),
                phone=line.text("phone"),
                id_type=IdType.ID_CARD,
                id_number=line.text("id_number"),
            ),
            RelationKind.CO_OWNER,
            place=f"co_owners.{index}.",
            relation={"share": line.text("share") or None},
        )
        for index, line in enumerate(given.lines("co_owners"))
    ]


@completion("transfer.check")
def check(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Compare what another person types from the papers with what was entered.

    Returns:
        same lets the switch happen in this very transaction.
    Raises:
        ActionNotAllowed: the same person entered it.
    Source: policy C1.
    """
    return checks.decide(context, cases.of(context), answers)
