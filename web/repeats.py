"""Recognises a form that is sent again under its key, files included, before anything is stored twice."""

import hashlib
from typing import BinaryIO, cast

from flask import request

from engine import idempotency
from engine.ports import Json

_BLOCK = 1 << 20


def key() -> str | None:
    """Return the key under which the page sends its form; the same page sends the same one again."""
    return request.form.get("_key") or None


def digest() -> str:
    """Digest what was sent: where to, every field of the form, and the contents of every file."""
    files: list[Json] = [
        [name, _content(cast(BinaryIO, file.stream))]
        for name, listed in sorted(request.files.lists())
        for file in listed
        if file.filename
    ]
    return idempotency.fingerprint(request.path, _fields(), files)


def name_of_refusal() -> str | None:
    """Name the refusal of this very form under its key; None where a form has no key."""
    return idempotency.fingerprint("refused", key(), request.path, _fields()) if key() else None


def _fields() -> list[Json]:
    sent = sorted(request.form.lists())
    return [[name, list(values)] for name, values in sent if not _is_of_the_page(name)]


def _is_of_the_page(name: str) -> bool:
    return name.startswith("_") or name == "csrf_token"


def _content(stream: BinaryIO) -> str:
    whole = hashlib.sha256()
    while block := stream.read(_BLOCK):
        whole.update(block)
    stream.seek(0)
    return whole.hexdigest()
