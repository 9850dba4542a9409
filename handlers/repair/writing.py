"""What somebody who writes a report is told before it goes out: a warning, one question, or nothing."""

from dataclasses import dataclass

from engine.work import Work
from handlers.repair import catalogue, rules
from handlers.repair.words import Hint, Question, hint_in, question_for


@dataclass(frozen=True)
class FirstLook:
    """What a text says before it is sent.

    Attributes:
        danger: leave first, then phone; the form comes after.
        question: the one thing to ask, or None.
    """

    danger: Hint | None
    question: Question | None


def first_look(work: Work, text: str, fault_code: str = "") -> FirstLook:
    """Tell what to show to somebody who is writing a report.

    Args:
        text: what was written; where it is empty the name of the fault stands for it.
        fault_code: the kind of fault that was chosen; where it is urgent by itself nothing is asked.
    """
    hints = catalogue.hints(work)
    fault = catalogue.fault(work, fault_code)
    text = text.strip() or (fault.name if fault else "")
    hint = hint_in(text, hints) or catalogue.danger_of(work, fault_code)
    danger = hint if hint is not None and hint.is_danger else None
    question = question_for(text, hints, catalogue.questions(work))
    known = catalogue.urgency(work, fault_code)
    if question is not None and known and rules.more_urgent(known, question.urgency) == known:
        question = None
    return FirstLook(danger, question)
