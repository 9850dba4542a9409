"""Taking a wrong transfer back: why, and who agreed."""

from engine.ports import Json
from engine.service_tasks import Context, completion
from handlers.moving import cases
from handlers.moving.records import State
from handlers.shared.answers import Answers


@completion("transfer.explain_reversal")
def explain(context: Context, answers: dict[str, Json]) -> None:
    """Note what was wrong."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "reversal", given.text("reason"))
    cases.add_facts(work, case, cause=given.text("cause"))


@completion("transfer.agree_reversal")
def agree(context: Context, answers: dict[str, Json]) -> None:
    """Agree that a transfer is taken back, or refuse, which ends it."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "opinion", given.text("note"))
    if given.outcome == "reject":
        cases.change(work, case, state=State.STOPPED, closed_at=work.now)


@completion("transfer.tell_reversal")
def tell(context: Context, answers: dict[str, Json]) -> None:
    """Note that both sides were told."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "told_both", given.text("note"))
    cases.change(work, case, state=State.CLOSED, closed_at=work.now)
