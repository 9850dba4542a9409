"""Completes a step with the posted form, once however often it is sent, and finds where to go on."""

from flask import request

from engine import going_on, idempotency, tasks
from engine.ports import Actor
from engine.work import Engine, Work
from web import listing, repeats, uploads
from web.answers import posted
from web.wishes import Wish


def complete(engine: Engine, actor: Actor, task_id: int, wish: Wish) -> int | None:
    """Complete a task with this request's form and return the task to go on with, or None.

    Raises:
        TaskGone, TaskNotFound, NotPermitted, Invalid, Refused: as `tasks.complete`.
    """
    key, digest = repeats.key(), repeats.digest()
    is_repeat = bool(request.files) and _was_answered(engine, actor, key, digest)
    answers = posted(request.form, {} if is_repeat else uploads.kept(engine, actor))

    def act(work: Work) -> int | None:
        left = going_on.standing(work, task_id)
        tasks.complete(work, task_id, answers, idempotency_key=key, digest=digest)
        return following(work, left, wish)  # here, where the actor's rights are known already

    return engine.run(actor, act)


def _was_answered(engine: Engine, actor: Actor, key: str | None, digest: str) -> bool:
    """Tell whether this very form was sent before, so that its files are not stored a second time."""
    with engine.reading(actor) as work:
        return idempotency.was_answered(work, key, tasks.COMPLETE, digest)


def following(work: Work, left: going_on.Standing, wish: Wish) -> int | None:
    """Return the task to go on with after one has left the list."""
    found = listing.of_wish(work, wish)
    return going_on.next_task(work, left, going_on.read_view(work, found.view, found.wanted))
