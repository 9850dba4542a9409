"""Runs handlers for a case that moves: each under its own savepoint, its failure kept with its token."""

import traceback
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.bilingual import named
from engine.bpmn.program import Step
from engine.bpmn.runtime import Wait
from engine.errors import AlreadyDone, HandlerFailed, Problem, Refused, TransactionLost
from engine.ports import Json
from engine.service_tasks import Context, checked_json
from engine.store.database import time_limit
from engine.work import Work

_HANDLER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step could not run; kept for its incident.

    Attributes:
        message: in Chinese.
        said: the same as pages say it in either language; see `Problem.kept`.
    """

    message: str
    cause: str
    said: dict[str, Any] | None = None

    def __str__(self) -> str:
        return self.message

    @staticmethod
    def of(error: BaseException) -> "Failure":
        """Describe an error without values that could be private: only its type and where it was raised."""
        if isinstance(error, FailedAgain):
            return error.failure
        origin = error.__cause__ if isinstance(error, HandlerFailed) and error.__cause__ else error
        problem = origin if isinstance(origin, Problem) else None
        message = problem.text() if problem else type(origin).__name__
        frames = traceback.extract_tb(origin.__traceback__)[-8:]
        cause = "\n".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        return Failure(message, cause, problem.kept() if problem else None)


class FailedAgain(AlreadyDone):
    """A step was tried again and failed again, as `failure` says."""

    def __init__(self, failure: Failure) -> None:
        super().__init__("failed_again", "步骤再次失败：{why}", why=failure)
        self.failure = failure


@dataclass
class CaseHost:
    """What a moving case needs from the engine.

    Attributes:
        case: row of the instance, or what will become it.
        hold: (path, element) of steps that must not run now.
        failures: token -> why its handler failed in this Work.
        has_run_handlers: whether the database may hold effects of handlers by now.
    """

    work: Work
    case: Any
    hold: dict[tuple[tuple[str, ...], str], BaseException] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    has_run_handlers: bool = False

    @property
    def now(self) -> datetime:
        """The moment of the Work."""
        return self.work.now

    def why_failed(self, wait: Wait) -> Failure:
        """Tell why a handler failed in this Work, or why its step was not allowed to run."""
        failure = self.failures.get(wait.token)
        return failure or Failure.of(self.hold[(wait.path, wait.element)])

    def context(self, step: str, token: str, task_id: int | None = None) -> Context:
        """Say where a function is called from."""
        case = self.case
        return Context(
            work=self.work,
            instance_id=case.id,
            process_key=case.process_key,
            business_key=case.business_key,
            scope_id=case.scope_id,
            resident_scope_id=case.resident_scope_id,
            step=step,
            task_id=task_id,
            key=f"{case.id}:{token}",
        )

    def handle(
        self, step: Step, token: str, path: tuple[str, ...], inputs: dict[str, Json]
    ) -> dict[str, Json]:
        """Run the handler of a service task.

        Raises:
            Refused: its code may be caught by a boundary error event.
            HandlerFailed: anything else; the token stays where it is.
            TransactionLost: SQLite interrupted a write; the whole Work must run again without this step.
        """
        self.has_run_handlers = True
        handler = self.work.engine.library.handlers[step.topic or ""]
        try:
            with self.work.savepoint(), time_limit(self.work.connection, _HANDLER_SECONDS):
                outputs = handler(self.context(step.element, token), **inputs) or {}
                checked_json(outputs)
                return outputs
        except Refused:
            raise
        except TransactionLost as lost:
            lost.params["held"] = {(path, step.element): lost}
            raise
        except Exception as error:  # the edge of the engine: whatever a handler does stays with its token
            self.failures[token] = Failure.of(error)
            raise HandlerFailed("handler_failed", "自动步骤“{step}”失败", step=named(step)) from error
