"""Builds forms for the tests of this folder."""

import json
from typing import Any

from engine.forms import Form, read_form


def source(*components: dict[str, Any], **top: Any) -> bytes:
    """Write a form file."""
    document = {"type": "default", "id": "step", "schemaVersion": 18, "components": list(components)}
    return json.dumps({**document, **top}, ensure_ascii=False).encode()


def form(*components: dict[str, Any], **top: Any) -> Form:
    """Read a form that must be good."""
    read, problems = read_form("step.form", source(*components, **top))
    assert read is not None, problems
    return read


def rules(*components: Any, **top: Any) -> list[tuple[str, str]]:
    """Return the rules that a form breaks, each with its element."""
    read, problems = read_form("step.form", source(*components, **top))
    assert (read is None) == bool(problems)
    return [(found.rule, found.element_id) for found in problems]


def field(kind: str, key: str = "x", **more: Any) -> dict[str, Any]:
    """Write a component."""
    return {"type": kind, "key": key, "label": key, **more}
