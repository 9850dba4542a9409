"""Completes a step with the posted form, once however often it is sent, and finds where to go on."""

from dataclasses import dataclass

from flask import request

from engine import going_on, idempotency, tasks
from engine.forms import Option
from engine.ports import Actor, Json
from engine.work import Engine, Work
from web import listing, repeats, uploads
from web.answers import posted
from web.wishes import Wish


def complete(engine: Engine, actor: Actor, task_id: int, wish: Wish) -> tuple[int | None, Option | None]:
    """Complete a task with this request's form.

    Returns:
        the task to go on with, or None; what came of it, where that is not the outcome that was chosen.
    Raises:
        TaskGone, TaskNotFound, NotPermitted, Invalid, Refused: as `tasks.complete`.
    """
    sent = sent_by(engine, actor)

    def act(work: Work) -> tuple[int | None, Option | None]:
        left = going_on.standing(work, task_id)
        found = sent.complete(work, task_id)
        return following(work, left, wish), found  # here, where the actor's rights are known already

    return engine.run(actor, act)


@dataclass(frozen=True, slots=True)
class Sent:
    """The posted form of a step.

    Attributes:
        key, digest: by which the same form is known when it is sent again.
    """

    answers: dict[str, Json]
    key: str | None
    digest: str

    def complete(self, work: Work, task_id: int) -> Option | None:
        """Complete a task with it, once however often it is sent.

        Returns:
            what came of it, where that is not the outcome that was chosen.
        Raises:
            TaskGone, TaskNotFound, NotPermitted, Invalid, Refused: as `tasks.complete`.
        """
        return tasks.complete(work, task_id, self.answers, idempotency_key=self.key, digest=self.digest)


def sent_by(engine: Engine, actor: Actor) -> Sent:
    """Read this request's form; of one that was answered before the files are not stored a second time."""
    key, digest = repeats.key(), repeats.digest()
    is_repeat = bool(request.files) and _was_answered(engine, actor, key, digest)
    return Sent(posted(request.form, {} if is_repeat else uploads.kept(engine, actor)), key, digest)


def _was_answered(engine: Engine, actor: Actor, key: str | None, digest: str) -> bool:
    """Tell whether this very form was sent before, so that its files are not stored a second time."""
    with engine.reading(actor) as work:
        return idempotency.was_answered(work, key, tasks.COMPLETE, digest)


def following(work: Work, left: going_on.Standing, wish: Wish) -> int | None:
    """Return the task to go on with after one has left the list."""
    found = listing.of_wish(work, wish)
    return going_on.next_task(work, left, going_on.read_view(work, found.view, found.wanted))
