"""What a deployment check has to say, in words a process owner can act on."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import EngineError, Refused


class Severity(StrEnum):
    """Whether a finding stops the deployment."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class CheckProblem:
    """One finding in one file.

    Attributes:
        resource: name of the file.
        element_id: id of the element in the diagram, table or form; empty where the whole file is meant.
        rule: stable snake_case name of the rule.
        zh, en: what is wrong.
        remedy_zh, remedy_en: what to do about it.
        line: line in the file, for sorting; 0 where unknown.
    """

    resource: str
    element_id: str
    rule: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    severity: Severity = Severity.ERROR
    line: int = 0

    @property
    def is_error(self) -> bool:
        """Tell whether this finding stops the deployment."""
        return self.severity is Severity.ERROR


class DeploymentRefused(EngineError, Refused):
    """The files were not stored because of what the checks found.

    Attributes:
        problems: every finding, warnings included, errors first, ordered by file and position.
    """

    def __init__(self, problems: Iterable[CheckProblem]) -> None:
        self.problems = in_order(problems)
        errors = [problem for problem in self.problems if problem.is_error]
        first = errors[0] if errors else self.problems[0]
        super().__init__(
            "deployment_refused",
            "检查发现 {count} 个问题，未部署。第一个：{resource} {element} {first}",
            count=len(errors),
            resource=first.resource,
            element=first.element_id,
            first=(first.zh, first.en),
        )


def without_consequences(problems: Iterable[CheckProblem], given: Collection[str]) -> list[CheckProblem]:
    """Leave out what errors of the given files bring about in other files: it goes with them."""
    found = list(problems)
    own = [one for one in found if one.resource in given]
    return own if any(one.is_error for one in own) else found


def in_order(problems: Iterable[CheckProblem]) -> tuple[CheckProblem, ...]:
    """Sort findings, errors first, by file and position, each once."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda found: (not found.is_error, found.resource, found.line)))
