"""A good procedure of two diagrams, a table, ladders and forms, from which the tests make bad ones."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.bpmn.check.examine import Examination, examine
from engine.bpmn.check.whole import Surroundings

_FOLDER = Path(__file__).parent / "good_files"


def form(identity: str, *components: dict[str, Any], **top: Any) -> bytes:
    """Write a form file."""
    return json.dumps({"type": "default", "id": identity, "components": list(components), **top}).encode()


def field(kind: str, key: str, **more: Any) -> dict[str, Any]:
    """Write a component."""
    return {"type": kind, "key": key, "label": key, **more}


CHOICES = [{"label": "受理", "value": "accept"}, {"label": "不受理", "value": "reject"}]


def source(name: str) -> str:
    """Read a file of the good procedure."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def drawn(diagram: str) -> str:
    """Draw every element, as far as the checks look."""
    ids = set()
    for part in diagram.split(' id="')[1:]:
        ids.add(part.split('"')[0])
    shapes = "".join(f'<bpmndi:BPMNShape bpmnElement="{name}"/>' for name in sorted(ids))
    return diagram.replace("SHAPES", shapes)


def files() -> dict[str, bytes]:
    """Return the files of the good procedure."""
    return {
        "repair.bpmn": drawn(source("repair.bpmn")).encode(),
        "visit.bpmn": drawn(source("visit.bpmn")).encode(),
        "topics.toml": source("topics.toml").encode(),
        "urgency.dmn": source("urgency.dmn").encode(),
        "escalation.dmn": source("escalation.dmn").encode(),
        "accept.form": form(
            "accept_form",
            field("radio", "outcome", values=CHOICES, variable=True),
            field("textarea", "note"),
            on_complete="repair.accept",
            on_open="repair.facts",
        ),
        "parts.form": form("parts_form", field("textfield", "what")),
        "rate.form": form("rate_form", field("number", "stars", variable=True)),
        "visit.form": form("visit_form", field("checkbox", "repaired", variable=True)),
    }


def around() -> Surroundings:
    """Return what surrounds the good procedure."""
    groups = frozenset({"cs", "csl", "rp", "resident", "fin"})
    return Surroundings(groups, frozenset({"24x7", "office"}), now=datetime(2026, 11, 1, tzinfo=UTC))


def examined(changed: dict[str, str | bytes | None]) -> Examination:
    """Examine the good procedure with some files changed; None leaves one out."""
    found = files()
    for name, content in changed.items():
        if content is None:
            del found[name]
        else:
            found[name] = content.encode() if isinstance(content, str) else content
    return examine(found, around())
