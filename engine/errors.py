"""The error tree: an error says where it came from (its root) and what becomes of it (its fate)."""

from collections.abc import Mapping
from typing import Any

from engine.bilingual import chinese


class Problem(Exception):
    """Something a person has to be told.

    Attributes:
        code: stable snake_case word for programs, such as "task_completed".
        message: Chinese template with `{named}` fields; it is also the key under which the
            translation is found. Never holds private data.
        params: values of the template's fields; a pair says the same in Chinese and in English.
    """

    def __init__(self, code: str, message: str, /, **params: object) -> None:
        super().__init__(code, message, params)
        self.code = code
        self.message = message
        self.params = params

    def text(self) -> str:
        """Fill the template in."""
        fields = {
            name: chinese(value) if isinstance(value, tuple) else value for name, value in self.params.items()
        }
        return self.message.format(**fields)

    def kept(self) -> dict[str, Any]:
        """Return the problem as JSON from which a page can say it in either language."""
        return {
            "message": self.message,
            "params": {name: _plain(value) for name, value in self.params.items()},
        }

    def __str__(self) -> str:
        return self.text()


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, int | float | None) else str(value)


class Refused(Problem):
    """The rules say no: shown to the person, or caught by a boundary error event with the same code."""


class Invalid(Refused):
    """Answers that do not fit their form.

    Attributes:
        fields: key of the field -> (Chinese template, its params).
    """

    def __init__(self, fields: Mapping[str, tuple[str, Mapping[str, object]]]) -> None:
        super().__init__("invalid_answers", "有 {count} 处填写需要修改", count=len(fields))
        self.fields = dict(fields)


class NotFound(Problem):
    """There is no such thing, or not for this actor."""


class Conflict(Problem):
    """Somebody or something was faster; nothing was changed."""


class NotAllowed(Problem):
    """This actor may not do this."""


class EngineError(Problem):
    """Root of everything the engine raises on purpose."""


class TaskGone(EngineError, Conflict):
    """The task is no longer open."""


class TaskNotFound(EngineError, NotFound):
    """There never was such a task, or this actor may not know of it."""


class InstanceNotFound(EngineError, NotFound):
    """There is no such instance, or this actor may not know of it."""


class DefinitionNotFound(EngineError, NotFound):
    """No procedure of that key was deployed."""


class NotPermitted(EngineError, NotAllowed):
    """The actor lacks the permission or is not a candidate."""


class TaskHidden(TaskNotFound, NotPermitted):
    """The task is open, and none of this actor's business: they read that there is none."""


class AlreadyDone(EngineError, Conflict):
    """The state of the thing does not allow this any more."""


class RuleBroken(EngineError, Refused):
    """A rule of the engine says no."""


class HandlerFailed(EngineError):
    """A handler ended with an error that no boundary event is drawn for; it can be tried again."""


class TransactionLost(EngineError):
    """The database gave up the whole transaction; the work can be run again from its start."""


class StoreUnavailable(EngineError):
    """The database cannot be reached or cannot write; nothing was kept, unless the commit was cut off."""
