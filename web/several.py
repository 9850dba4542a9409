"""Does one thing to several tasks, each in a Work of its own, and says of each what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import g, request
from werkzeug.datastructures import MultiDict

from engine import deadlines, inbox, reminding, tasks
from engine.errors import Problem, RuleBroken
from engine.ports import Actor
from engine.work import Engine, Work
from web import errors
from web.numbers import ids, posted_id, posted_moment
from web.texts import gettext
from web.words import either, problem_text

Act = Callable[[Work, int], None]


@dataclass(frozen=True)
class Done:
    """What came of one task.

    Attributes:
        text: why it was refused; "" where it was done.
    """

    task_id: int
    number: str
    step: str
    text: str

    @property
    def is_done(self) -> bool:
        """Tell whether it was done."""
        return not self.text


@dataclass(frozen=True)
class Kept:
    """What stays chosen and typed in the form when its page comes back.

    Attributes:
        act: what was wanted, as the form names it; "" when nothing stays.
        to: the account that was to take over; 0 when none was chosen.
        due_at: as the browser wrote it.
    """

    act: str = ""
    task_ids: frozenset[int] = frozenset()
    reason: str = ""
    to: int = 0
    due_at: str = ""


def kept() -> Kept:
    """Return all of it after a refusal; once something was done, what was not, with its text."""
    sent = MultiDict(errors.typed())
    done = {one.task_id for one in g.get("done", []) if one.is_done}
    left = frozenset(ids(sent.getlist("task"))) - done
    if not left and not errors.refusal():
        return Kept()
    (to,) = ids([sent.get("to")]) or (0,)
    return Kept(sent.get("act", ""), left, sent.get("reason", ""), to, sent.get("due_at", ""))


def each(engine: Engine, actor: Actor, task_ids: Iterable[int], act: Act) -> list[Done]:
    """Do something to each task; one that refuses keeps no other from being done."""
    return [_one(engine, actor, task_id, act) for task_id in dict.fromkeys(task_ids)]


def wanted() -> Act:
    """Read what this request wants done to each chosen task, before anything is done.

    Raises:
        RuleBroken: the reason or the person is missing.
    """
    reason = request.form.get("reason", "").strip()
    match request.form.get("act"):
        case "claim":
            return tasks.claim
        case "reassign":
            to = posted_id("to")
            if not to or not reason:
                raise RuleBroken("reassign_incomplete", "转交须选择接手的人并填写原因")
            return lambda work, task_id: tasks.reassign(work, task_id, to, reason)
        case "move":
            if not reason:
                raise RuleBroken("reason_missing", "请填写调整时限的原因")
            due_at = posted_moment("due_at")
            return lambda work, task_id: deadlines.move(work, task_id, due_at, reason)
    return _remind


def _remind(work: Work, task_id: int) -> None:
    reminding.remind(work, task_id)


def _one(engine: Engine, actor: Actor, task_id: int, act: Act) -> Done:
    number, step = gettext("任务"), ""
    try:
        with engine.reading(actor) as work:
            found = inbox.detail(work, task_id)
            number, step = found.case.business_key, either(found.task.name, found.task.name_en)
        engine.run(actor, lambda work: act(work, task_id))
    except Problem as problem:
        return Done(task_id, number, step, problem_text(problem))
    return Done(task_id, number, step, "")
