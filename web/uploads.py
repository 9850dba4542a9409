"""Takes in the files of a posted form before anything else, so that a refused form does not lose them."""

from typing import BinaryIO, cast

from flask import g, request
from werkzeug.datastructures import FileStorage

from engine.ports import Actor, Json
from engine.work import Engine
from handlers.shared import attachments
from web.answers import posted


def kept(engine: Engine, actor: Actor) -> dict[str, list[int]]:
    """Store the uploaded files of this request and return their ids by name of the field."""
    if "uploads" not in g:
        g.uploads = {}
        for name, files in request.files.lists():
            chosen = [file for file in files if file.filename]
            g.uploads[name] = [_stored(engine, actor, file) for file in chosen]
    ids: dict[str, list[int]] = g.uploads
    return ids


def _stored(engine: Engine, actor: Actor, file: FileStorage) -> int:
    return attachments.upload(engine, actor, cast(BinaryIO, file.stream), file.filename or "")


def typed_answers() -> dict[str, Json] | None:
    """Return what a refused post held, uploads included; None when the page was just opened."""
    if request.method != "POST":
        return None
    return posted(request.form, g.get("uploads", {}))
