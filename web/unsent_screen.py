"""What a resident typed for a step that was closed before it was sent, to copy or to add to the report."""

from dataclasses import dataclass

from engine import cases, unsent
from engine.work import Work
from web.texts import gettext, lazy_gettext
from web.typed import Typed, said_answers

# The diagram names these steps as staff do.
_WRITTEN = {
    "answer": lazy_gettext("您对报价的答复"),
    "rebook": lazy_gettext("您另约的时间"),
    "supply_info": lazy_gettext("您补充的说明"),
}


@dataclass(frozen=True)
class UnsentAnswer:
    """One such answer.

    Attributes:
        what: what it was, as its writer calls it.
        closed_at: when the step was closed, in words.
    """

    id: int
    what: str
    closed_at: str
    typed: tuple[Typed, ...]

    @property
    def words(self) -> str:
        """All of it as the text of a remark."""
        return "\n".join(f"{one.label}{gettext('：')}{one.text}" for one in self.typed)


def unsent_answers(work: Work, number: str) -> tuple[UnsentAnswer, ...]:
    """Read what the actor typed for closed steps of a report that the actor may see."""
    found = unsent.of_case(work, cases.find(work, number).id)
    answers = tuple(_answer(one) for one in found)
    return tuple(one for one in answers if one.typed)


def _answer(one: unsent.Unsent) -> UnsentAnswer:
    was, ended = one.was, one.was.ended
    return UnsentAnswer(
        id=one.task_id,
        what=str(_WRITTEN.get(was.step_id) or lazy_gettext("您填写的内容")),
        closed_at=str(ended.params.get("at", "")) if ended else "",
        typed=said_answers(was.form, one.draft.answers, was.options),
    )
