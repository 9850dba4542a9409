"""How a check states what it found: a rule with its words, and the report that collects findings."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.check_problem import CheckProblem, Severity, in_order

MOST_LISTED = 100
"""Errors, and as many warnings, listed per file; the others are only counted."""


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


MORE_ERRORS = Rule(
    "more_errors",
    "另有 {count} 个错误没有列出（{rules}）",
    "{count} more errors are not listed ({rules})",
    "先改正已列出的，再检查一次",
    "correct those that are listed, then check again",
)
MORE_WARNINGS = Rule(
    "more_warnings",
    "另有 {count} 个提醒没有列出（{rules}）",
    "{count} more warnings are not listed ({rules})",
    "先处理已列出的，再检查一次",
    "deal with those that are listed, then check again",
    Severity.WARNING,
)


class FileRefused(Exception):
    """A file that cannot be checked any further."""

    def __init__(self, rule: Rule, element_id: str = "", **params: object) -> None:
        super().__init__(rule.name)
        self.rule = rule
        self.element_id = element_id
        self.params = params


@dataclass
class Report:
    """Collects findings over all files.

    Attributes:
        listed: what was found, up to a number that people can read.
    """

    listed: list[CheckProblem] = field(default_factory=list)
    _counts: Counter[tuple[str, Severity]] = field(default_factory=Counter)
    _unlisted: defaultdict[tuple[str, Severity], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _muted: defaultdict[str, frozenset[str]] = field(default_factory=lambda: defaultdict(frozenset))

    def mute(self, resource: str, rules: frozenset[str]) -> None:
        """Pass over what breaks some rules in a file from now on: it follows from something else there."""
        self._muted[resource] |= rules

    def add(self, rule: Rule, place: Place, **params: object) -> None:
        """Note a finding; its parameters are cut to a length that people can read."""
        if rule.name in self._muted[place.resource]:
            return
        kind = (place.resource, rule.severity)
        self._counts[kind] += 1
        if self._counts[kind] > MOST_LISTED:
            self._unlisted[kind][rule.name] += 1
        else:
            self.listed.append(_problem(rule, place, params))

    def refuse(self, resource: str, refused: FileRefused) -> None:
        """Note why a file was given up."""
        self.add(refused.rule, Place(resource, refused.element_id), **refused.params)

    def broken(self, resource: str) -> frozenset[str]:
        """Return the names of the rules that a file breaks so far, those not listed included."""
        named = {found.rule for found in self.listed if found.resource == resource}
        return frozenset(named.union(*(self._unlisted.get((resource, one), ()) for one in Severity)))

    @property
    def problems(self) -> tuple[CheckProblem, ...]:
        """The verdict: what is listed, and how much more there is, errors first."""
        more = (self._more(*kind, rules) for kind, rules in self._unlisted.items())
        return in_order((*self.listed, *more))

    def _more(self, resource: str, severity: Severity, rules: Counter[str]) -> CheckProblem:
        alike = (one for one in self.listed if (one.resource, one.severity) == (resource, severity))
        place = Place(resource, line=max(one.line for one in alike))  # behind those it adds to
        told = ", ".join(f"{name} {count}" for name, count in sorted(rules.items()))
        rule = MORE_ERRORS if severity is Severity.ERROR else MORE_WARNINGS
        return _problem(rule, place, {"count": rules.total(), "rules": told})


def _problem(rule: Rule, place: Place, params: Mapping[str, object]) -> CheckProblem:
    words = {name: _short(value) for name, value in params.items()}
    return CheckProblem(
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


def _short(value: object) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in str(value)[:400])
    return text if len(text) <= 200 else text[:199] + "…"
