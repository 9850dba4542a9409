"""How a check states what it found: a rule with its words, and the report that collects findings."""

from collections import Counter
from dataclasses import dataclass, field

from engine.check_problem import CheckProblem, Severity

MOST_FINDINGS = 200
"""Findings kept per file; more would only hide the first ones."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a file must not do.

    Attributes:
        zh, en: what is wrong, as templates with `{named}` fields.
        remedy_zh, remedy_en: what to do, as templates over the same fields.
    """

    name: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found."""

    resource: str
    element_id: str = ""
    line: int = 0


class FileRefused(Exception):
    """A file that cannot be checked any further."""

    def __init__(self, rule: Rule, element_id: str = "", **params: object) -> None:
        super().__init__(rule.name)
        self.rule = rule
        self.element_id = element_id
        self.params = params


@dataclass
class Report:
    """Collects findings over all files."""

    problems: list[CheckProblem] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, rule: Rule, place: Place, **params: object) -> None:
        """Note a finding; its parameters are cut to a length that people can read."""
        self._counts[place.resource] += 1
        if self._counts[place.resource] > MOST_FINDINGS:
            return
        words = {name: _short(value) for name, value in params.items()}
        self.problems.append(
            CheckProblem(
                place.resource,
                _short(place.element_id),
                rule.name,
                rule.zh.format(**words),
                rule.en.format(**words),
                rule.remedy_zh.format(**words),
                rule.remedy_en.format(**words),
                rule.severity,
                place.line,
            )
        )

    def refuse(self, resource: str, refused: FileRefused) -> None:
        """Note why a file was given up."""
        self.add(refused.rule, Place(resource, refused.element_id), **refused.params)

    def broken(self, resource: str) -> frozenset[str]:
        """Return the names of the rules that a file breaks so far."""
        return frozenset(found.rule for found in self.problems if found.resource == resource)


def _short(value: object) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in str(value)[:400])
    return text if len(text) <= 200 else text[:199] + "…"
