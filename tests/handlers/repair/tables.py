"""The decision tables of the repair procedure, read straight from their files."""

from pathlib import Path

from engine.bpmn.decisions import Decision, read_decisions
from handlers.repair.words import Hint, Question

PROCESSES = Path(__file__).parents[3] / "processes"


def table(key: str) -> Decision:
    """Read a decision of the procedure."""
    (found,) = read_decisions((PROCESSES / f"{key}.dmn").read_bytes())
    return found


def hints() -> list[Hint]:
    """Return the phrases of danger."""
    return [
        Hint(str(row["phrase"]), str(row["urgency"]), row["fault_code"], row["danger"] is True)  # type: ignore[arg-type]  # a cell
        for row in table("repair_hints").evaluate({"kind": "hint"})
    ]


def questions() -> list[Question]:
    """Return the questions about unclear words."""
    return [
        Question(str(row["phrase"]), str(row["question"]), str(row["question_en"]), str(row["urgency"]))
        for row in table("repair_hints").evaluate({"kind": "question"})
    ]
