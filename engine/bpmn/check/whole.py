"""All files that would be in force after a deployment, read as far as possible, and what surrounds them."""

from dataclasses import dataclass, field
from datetime import datetime

from engine.bpmn.check.model import Diagram, Process
from engine.bpmn.decisions import Decision
from engine.forms import Form
from engine.ports import Library
from engine.topics import Topics


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What diagrams may name and no file of theirs declares.

    Attributes:
        groups: post codes.
        calendars: names of working calendars.
        library: the Python behind the topics; None where only files are compared with each other.
        now: moment of the check; None where it does not matter.
    """

    groups: frozenset[str]
    calendars: frozenset[str]
    library: Library | None = None
    now: datetime | None = None


@dataclass
class Whole:
    """The files of one check.

    Attributes:
        processes, decisions, forms: by the key that others name them by; the first one where two claim it.
        decision_files, form_files: key -> file.
        has_topics: whether topics.toml is among the files.
        ladders: names that the table of escalation ladders knows.
    """

    surroundings: Surroundings
    topics: Topics = field(default_factory=Topics)
    has_topics: bool = False
    diagrams: dict[str, Diagram] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    decision_files: dict[str, str] = field(default_factory=dict)
    form_files: dict[str, str] = field(default_factory=dict)
    ladders: frozenset[str] = frozenset()

    def message_of(self, resource: str, reference: str | None) -> str:
        """Return the name of a message of a file, or ""."""
        return self.diagrams[resource].messages.get(reference or "", "")
