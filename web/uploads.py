"""Takes in the files of a posted form before anything else, so that a refused form does not lose them."""

from contextlib import suppress
from hashlib import sha256
from typing import BinaryIO, cast

from flask import g, request
from werkzeug.datastructures import FileStorage

from engine.errors import Problem
from engine.ports import Actor, Json
from engine.work import Engine
from handlers.shared import attachments
from handlers.shared.uploads import UploadRefused, blocks
from web.answers import posted
from web.numbers import ids


def kept(engine: Engine, actor: Actor) -> dict[str, list[int]]:
    """Store the uploaded files of this request and return their ids by name of the field.

    A file that was chosen twice is kept once. When one is refused, the others are kept for the page
    that says so.
    """
    if "uploads" not in g:
        g.uploads = {}
        refusals: list[UploadRefused] = []
        for name, files in request.files.lists():
            stored: dict[bytes, int] = {}
            for file in files:
                content = _digest(file)
                if file.filename and content not in stored:
                    try:
                        stored[content] = _stored(engine, actor, file)
                    except UploadRefused as refused:
                        refusals.append(refused)
                g.uploads[name] = list(stored.values())
        if refusals:
            raise refusals[0]
    ids: dict[str, list[int]] = g.uploads
    return ids


def kept_for_later(engine: Engine, actor: Actor) -> None:
    """Store the files of a form that cannot be taken in now: nobody has to choose them again."""
    with suppress(Problem):  # what is wrong with a file is said when the form is taken in
        kept(engine, actor)


def posted_ids(engine: Engine, actor: Actor, name: str) -> tuple[int, ...]:
    """Return ids of the files of one field: those that were sent ahead, and those of this request."""
    return (*ids(request.form.getlist(name)), *kept(engine, actor).get(name, ()))


def waiting_ids(name: str) -> tuple[int, ...]:
    """Return ids of the files of a field of a refused post, so that its form can keep them."""
    return (*ids(request.form.getlist(name)), *stored().get(name, ()))


def stored() -> dict[str, list[int]]:
    """Return ids of the files that this request has stored, by name of the field."""
    found: dict[str, list[int]] = g.get("uploads", {})
    return found


def _stored(engine: Engine, actor: Actor, file: FileStorage) -> int:
    return attachments.upload(engine, actor, cast(BinaryIO, file.stream), file.filename or "")


def _digest(file: FileStorage) -> bytes:
    digest = sha256()
    for block in blocks(cast(BinaryIO, file.stream)):
        digest.update(block)
    return digest.digest()


def typed_answers() -> dict[str, Json] | None:
    """Return what a refused post held, uploads included; None when the page was just opened."""
    if request.method != "POST":
        return None
    return posted(request.form, stored())
