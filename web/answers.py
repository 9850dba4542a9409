"""Reads the posted fields of a form by the shape of their names; the engine alone judges the values."""

import re
from collections.abc import Mapping, Sequence

from werkzeug.datastructures import MultiDict

from engine.ports import Json

_OWN = frozenset({"csrf_token"})
_LINE = re.compile(r"([a-z][a-z0-9_]*)\.([0-9]{1,3})\.([a-z][a-z0-9_]*)(\[\])?", re.ASCII)


def posted(fields: MultiDict[str, str], files: Mapping[str, Sequence[int]] | None = None) -> dict[str, Json]:
    """Collect the answers of a form.

    A name ending in "[]" holds a list, each value once: a photo that went ahead while its form was being
    sent is named by both. "parts.0.count" is a field of a line, anything else a single text. Names beginning
    with "_" and the CSRF token are the page's own.

    Args:
        files: name of the field -> ids of what was uploaded with this request.
    """
    answers: dict[str, Json] = {}
    lines: dict[str, dict[int, dict[str, Json]]] = {}
    for name, values in _lists(fields, files or {}):
        line = _LINE.fullmatch(name)
        value: Json = list(dict.fromkeys(values)) if name.endswith("[]") else values[0]
        if line is None:
            answers[name.removesuffix("[]")] = value
        elif value not in ("", []):
            lines.setdefault(line[1], {}).setdefault(int(line[2]), {})[line[3]] = value
    for key, numbered in lines.items():
        answers[key] = [numbered[index] for index in sorted(numbered)]
    return answers


def _lists(fields: MultiDict[str, str], files: Mapping[str, Sequence[int]]) -> list[tuple[str, list[str]]]:
    both = {name: list(values) for name, values in fields.lists() if name not in _OWN and name[:1] != "_"}
    for name, ids in files.items():
        if not ids:
            continue  # an input for files that nobody used
        both.setdefault(name, []).extend(str(number) for number in ids)
    return [(name, [value for value in values if value] or values[:1]) for name, values in both.items()]
