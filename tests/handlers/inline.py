"""Runs the product's outbox jobs in the test's own process, with the test's clock."""

from engine.work import Engine
from handlers import bootstrap
from handlers.shared.outbox import Job
from handlers.shared.outbox_child import attempt
from handlers.shared.outbox_worker import Worker


class Inline:
    """A runner without a child process."""

    def __init__(self, engine: Engine) -> None:
        self._run = bootstrap.runner_of(engine)

    def run(self, job: Job, seconds: float) -> str | None:
        """Run a job now."""
        return attempt(self._run, job)

    def stop(self) -> None:
        """Nothing is to be ended."""


def inline_worker(engine: Engine) -> Worker:
    """Return a worker whose `drain` runs everything that is due."""
    return Worker(engine, [Inline(engine)], 30)
