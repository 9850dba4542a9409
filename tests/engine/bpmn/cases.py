"""A host without a database, and words for driving a case in tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.bpmn.errors import Place
from engine.bpmn.program import Program
from engine.bpmn.runtime import Run, Wait
from engine.bpmn.steps import Step

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class FakeHost:
    """A host whose time is set by hand and whose handlers are given by topic."""

    now: datetime = MORNING
    hold: set[Place] = field(default_factory=set)
    handlers: dict[str, Handler] = field(default_factory=dict)
    handled: list[tuple[str, tuple[str, ...], Mapping[str, Any]]] = field(default_factory=list)

    def handle(
        self, step: Step, token: str, path: tuple[str, ...], inputs: dict[str, Any]
    ) -> Mapping[str, Any]:
        self.handled.append((step.element, path, inputs))
        return self.handlers.get(step.topic or "", lambda _inputs: {})(inputs)

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass
class Case:
    """A case that is written and read back around everything that happens to it."""

    program: Program
    host: FakeHost
    content: bytes = b""
    log: list[tuple[str, str]] = field(default_factory=list)
    last: Run | None = None

    def do(self, act: Callable[[Run], Any]) -> Any:
        run = Run.load(self.program, self.content)
        answer = act(run)
        self._keep(run)
        return answer

    def _keep(self, run: Run) -> None:
        self.last = run
        self.log += [(move.kind, move.element) for move in run.moves]
        self.content = run.dump()

    def complete(self, element: str, **variables: Any) -> None:
        """Complete the oldest open step of this element."""
        token = self.open(element)[0].token
        self.do(lambda run: run.complete(self.host, token, variables))

    def fire(self, element: str) -> None:
        """Fire the timer when it is due."""
        wait = next(w for w in self.waits("timer") if w.element == element)
        assert wait.due_at is not None
        self.host.now = max(self.host.now, wait.due_at)
        self.do(lambda run: run.fire(self.host, wait.token))

    def waits(self, *kinds: str) -> list[Wait]:
        run = Run.load(self.program, self.content)
        return [wait for wait in run.waits() if not kinds or wait.kind in kinds]

    def open(self, *elements: str) -> list[Wait]:
        """Return the open user and external steps."""
        found = self.waits("user", "external")
        return [wait for wait in found if not elements or wait.element in elements]

    @property
    def steps(self) -> list[str]:
        """The elements of the open steps, in alphabetical order."""
        return sorted(wait.element for wait in self.open())

    @property
    def due(self) -> dict[str, datetime | None]:
        """Timers and their moments."""
        return {wait.element: wait.due_at for wait in self.waits("timer")}

    @property
    def variables(self) -> dict[str, Any]:
        return Run.load(self.program, self.content).variables()

    @property
    def finished(self) -> bool:
        assert self.last is not None
        return self.last.finished

    @property
    def outcome(self) -> str:
        assert self.last is not None
        return self.last.outcome


def begin(program: Program, host: FakeHost | None = None, message: str = "", **variables: Any) -> Case:
    """Start a case."""
    host = host or FakeHost()
    case = Case(program, host)
    case._keep(Run.start(program, host, message=message, variables=variables))
    return case
