"""What somebody narrows a list of open tasks to, as the statements behind the lists take it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from engine import case_texts
from engine.work import Work

Text = Literal["", "few", "many"]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which open tasks of a list are wanted; what is not said leaves everything in.

    Attributes:
        process_key, step_id: of the procedure, and of one step of it.
        urgency: the highest rank that is wanted; 0 is the most urgent.
        scope_id: a community.
        within: at most so much time left; nothing left with timedelta(0).
        text: words of the number, the place or the title.
    """

    process_key: str = ""
    step_id: str = ""
    urgency: int | None = None
    scope_id: int | None = None
    within: timedelta | None = None
    text: str = ""


EVERYTHING = Narrowing()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of these a statement asks for: its text depends on no more, so it can be kept.

    Attributes:
        text: "few" where a pair of its characters leads to the cases, "many" where the list is walked.
    """

    process: bool = False
    step: bool = False
    urgency: bool = False
    scope: bool = False
    due: bool = False
    text: Text = ""


NOTHING = Asked()


def asked(work: Work, wanted: Narrowing) -> tuple[Asked, dict[str, Any]]:
    """Return what a statement has to ask for, and the values of its parameters."""
    words = case_texts.pieces(wanted.text)
    known: dict[str, Any] = {
        "process": wanted.process_key,
        "step": wanted.step_id,
        "urgency": wanted.urgency,
        "community": wanted.scope_id,
        "until": work.now + wanted.within if wanted.within is not None else None,
    }
    text: Text = ""
    if words:
        known["gram"], count = case_texts.rarest(work, words)
        known["pattern"] = case_texts.pattern(words)
        text = "few" if count <= case_texts.FEW else "many"
    return (
        Asked(
            process=bool(wanted.process_key),
            step=bool(wanted.step_id),
            urgency=wanted.urgency is not None,
            scope=wanted.scope_id is not None,
            due=wanted.within is not None,
            text=text,
        ),
        {name: value for name, value in known.items() if value not in (None, "")},
    )
