"""The diagrams of a change that was refused, drawn with what the checks found in them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.bpmn.errors import ModelInvalid
from engine.bpmn.xml import read_xml
from engine.check_problem import CheckProblem
from web.diagrams import in_readers_language

_MOST_SHEETS = 4  # drawn on one page; the table names what was found in the others
_DIAGRAM_PLANE = "{*}BPMNPlane"


@dataclass(frozen=True)
class RefusedSheet:
    """A diagram as it was sent.

    Attributes:
        content: the file, as JSON text.
        marks: JSON of element id -> {"wrong": numbers of the lines of the table that are about it}.
    """

    name: str
    content: str
    marks: str


def refused_sheets(files: Mapping[str, bytes], problems: Sequence[CheckProblem]) -> tuple[RefusedSheet, ...]:
    """Return the diagrams that can be drawn and in whose elements something was found."""
    found: dict[str, dict[str, list[str]]] = {}
    for number, one in enumerate(problems, 1):
        if one.element_id and one.resource in files:
            found.setdefault(one.resource, {}).setdefault(one.element_id, []).append(str(number))
    drawn = ((name, _drawing(files[name]), marks) for name, marks in found.items())
    sheets = (
        RefusedSheet(name, json.dumps(text, ensure_ascii=False), _marks(marks))
        for name, text, marks in drawn
        if text
    )
    return tuple(islice(sheets, _MOST_SHEETS))


def _drawing(content: bytes) -> str:
    """Return a diagram in the reader's language; "" where there is nothing to draw."""
    try:
        if next(read_xml(content).iter(_DIAGRAM_PLANE), None) is None:
            return ""
        return in_readers_language(content).decode()
    except (ModelInvalid, UnicodeDecodeError):
        return ""


def _marks(found: Mapping[str, Sequence[str]]) -> str:
    return json.dumps({element: {"wrong": ", ".join(numbers)} for element, numbers in found.items()})
