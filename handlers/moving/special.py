"""Transfers that more than a deed has to prove: inheritance, a court, shares."""

from engine.ports import Json
from engine.service_tasks import Context, completion
from handlers.moving import cases
from handlers.moving.records import State
from handlers.shared.answers import Answers


@completion("transfer.heirs")
def heirs(context: Context, answers: dict[str, Json]) -> None:
    """Note what proves who inherits, and who died; the access of the other owners does not change."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.add_facts(work, case, special_paper=given.text("paper"), leaving=list(given.choices("leaving")))
    cases.note(work, case, "special_number", given.text("number"))
    cases.note(work, case, "special", given.text("note"))


@completion("transfer.court")
def court(context: Context, answers: dict[str, Json]) -> None:
    """Note the court's document, and whose title it ends; the access of the others does not change."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.add_facts(work, case, leaving=list(given.choices("leaving")))
    cases.note(work, case, "special_number", f"{given.text('court')} {given.text('number')}")
    cases.note(work, case, "special", given.text("note"))


@completion("transfer.shares")
def shares(context: Context, answers: dict[str, Json]) -> None:
    """Note which owners leave; the access of the others does not change."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.add_facts(work, case, leaving=list(given.choices("leaving")))
    cases.note(work, case, "special", given.text("note"))


@completion("transfer.approve_special")
def approve_special(context: Context, answers: dict[str, Json]) -> None:
    """Approve what was found, or send it back for papers."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "opinion", given.text("note"))
    if given.outcome == "reject":
        cases.change(work, case, state=State.WAITING_PAPERS, papers_at=None)
