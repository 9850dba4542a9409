"""Recognises a form that is sent again under its key, files included, before anything is stored twice."""

import hashlib
from collections.abc import Callable
from typing import BinaryIO, cast

from flask import request

from engine import idempotency
from engine.ports import Json
from engine.work import Work

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


def answered(work: Work, act: Callable[[], str]) -> str:
    """Do what a form asks for, and say what came of it; the same form sent again is answered, not done again.

    Raises:
        RuleBroken: as `idempotency.recall`.
    """
    command = request.endpoint or ""
    earlier = idempotency.recall(work, key(), command, digest())
    if earlier is not None:
        return str(earlier["said"])
    said = act()
    idempotency.remember(work, key(), {"said": said})
    return said
