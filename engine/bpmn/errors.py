"""What can go wrong in a diagram and in a case that moves through one."""

from typing import Self

from engine.bilingual import Text
from engine.errors import Conflict, EngineError
from engine.explained import Explained

Place = tuple[tuple[str, ...], str]
"""Call activities from the root case, and the element that failed."""


class ModelInvalid(Explained):
    """A diagram that cannot be compiled.

    Attributes:
        element: id of the element that is wrong, or "" for the whole file.
        process: the process it stands in, or "" where that is not known.
    """

    code_word = "model_invalid"

    def __init__(self, element: str, zh: str, en: str, /, **params: object) -> None:
        super().__init__(zh, en, **params)
        self.element = element
        self.process = ""

    def within(self, process: str) -> Self:
        """Tell which process the element stands in: two files may use one id."""
        self.process = self.process or process
        return self


class SnapshotUnreadable(EngineError):
    """A stored case that does not fit this program or this version of the platform."""


class StepFailed(EngineError):
    """A step that cannot run: nothing of this move may be kept.

    Attributes:
        path: call activities from the root case.
        element: id of the element.
        reason: why it cannot run.
    """

    code_word = "step_failed"

    def __init__(self, place: Place, reason: Text) -> None:
        super().__init__(self.code_word, "步骤“{element}”无法执行：{reason}", element=place[1], reason=reason)
        self.path, self.element = place
        self.reason = reason


class BudgetExceeded(StepFailed):
    """The case runs on without end, or has grown too large."""

    code_word = "budget_exceeded"


class NotJson(StepFailed):
    """A value that must not enter process data."""

    code_word = "not_json"


class NoSuchWait(EngineError, Conflict):
    """Nothing of the case waits for this any more."""
