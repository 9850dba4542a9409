"""The smaller forms of a task's page, which keep what is typed into them as its own form does."""

from collections.abc import Mapping

from flask import request

# By the endpoint that each is sent to; the name is that of its part of the draft.
SIDE_FORMS: Mapping[str, str] = {
    "tasks.reassign": "reassign",
    "tasks.pause": "pause",
    "tasks.move": "move",
    "tasks.comment": "comment",
    "reminders.remind": "remind",
}


def named() -> str:
    """Return the smaller form that this request is about: posted, or named by the address; "" for none."""
    wanted = SIDE_FORMS.get(request.endpoint or "") or request.args.get("form", "")
    return wanted if wanted in SIDE_FORMS.values() else ""
