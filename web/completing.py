"""Completes a step with the posted form, once however often it is sent, and finds where to go on."""

from flask import request

from engine import going_on, idempotency, tasks
from engine.ports import Actor
from engine.work import Engine
from web import listing, repeats, uploads
from web.answers import posted
from web.wishes import Wish


def complete(engine: Engine, actor: Actor, task_id: int, wish: Wish) -> int | None:
    """Complete a task with this request's form and return the task to go on with, or None.

    Raises:
        TaskGone, TaskNotFound, NotPermitted, Invalid, Refused: as `tasks.complete`.
    """
    key, digest = repeats.key(), repeats.digest()
    with engine.reading(actor) as work:
        left = going_on.standing(work, task_id)
        is_repeat = idempotency.was_answered(work, key, tasks.COMPLETE, digest)
    if not is_repeat:
        answers = posted(request.form, uploads.kept(engine, actor))
        engine.run(
            actor,
            lambda work: tasks.complete(work, task_id, answers, idempotency_key=key, digest=digest),
        )
    return following(engine, actor, left, wish)


def following(engine: Engine, actor: Actor, left: going_on.Standing, wish: Wish) -> int | None:
    """Return the task to go on with after one has left the list."""
    with engine.reading(actor) as work:
        found = listing.of_wish(work, wish)
        return going_on.next_task(work, left, going_on.read_view(work, found.view, found.wanted))
