"""Reads what somebody began to type into the form of a step, without the files that have lapsed since."""

from collections.abc import Collection
from dataclasses import replace

from engine import drafts
from engine.forms import ComponentType, Form
from engine.ports import Json
from engine.work import Work
from handlers.shared import attachments


def draft(work: Work, task_id: int, form: Form | None) -> drafts.Draft | None:
    """Return the actor's draft of a step's form: an upload waits for a day only, a draft for longer."""
    found = drafts.draft(work, task_id)
    return found and replace(found, answers=_with_waiting_files(work, form, found.answers))


def _with_waiting_files(work: Work, form: Form | None, answers: dict[str, Json]) -> dict[str, Json]:
    fields = form.fields.items() if form else ()
    kept = {key for key, part in fields if part.type is ComponentType.FILEPICKER and answers.get(key)}
    if not kept:
        return answers
    waiting = {str(one.id) for one in attachments.waiting_uploads(work)}
    return {key: _still(value, waiting) if key in kept else value for key, value in answers.items()}


def _still(value: Json, waiting: Collection[str]) -> Json:
    given = value if isinstance(value, list) else [value]
    return [one for one in given if str(one) in waiting]
