"""Does one thing to several tasks, each in a Work of its own, and says of each what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine import inbox
from engine.errors import Problem
from engine.ports import Actor
from engine.work import Engine, Work
from web.texts import gettext
from web.words import either, problem_text

Act = Callable[[Work, int], None]


@dataclass(frozen=True)
class Done:
    """What came of one task.

    Attributes:
        text: why it was refused; "" where it was done.
    """

    number: str
    step: str
    text: str

    @property
    def is_done(self) -> bool:
        """Tell whether it was done."""
        return not self.text


def each(engine: Engine, actor: Actor, task_ids: Iterable[int], act: Act) -> list[Done]:
    """Do something to each task; one that refuses keeps no other from being done."""
    return [_one(engine, actor, task_id, act) for task_id in dict.fromkeys(task_ids)]


def _one(engine: Engine, actor: Actor, task_id: int, act: Act) -> Done:
    number, step = gettext("任务"), ""
    try:
        with engine.reading(actor) as work:
            found = inbox.detail(work, task_id)
            number, step = found.case.business_key, either(found.task.name, found.task.name_en)
        engine.run(actor, lambda work: act(work, task_id))
    except Problem as problem:
        return Done(number, step, problem_text(problem))
    return Done(number, step, "")
