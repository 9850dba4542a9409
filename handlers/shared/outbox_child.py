"""Runs outbox jobs one after another in a process of its own, which may be killed at any moment.

Started as `python -m handlers.shared.outbox_child <module>:<function>`: the function returns the runner,
which takes a Job. Each line of the standard input is a job in JSON, each line of the output its result.
"""

import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from engine.errors import Problem
from handlers.shared.channels import DeliveryFailed
from handlers.shared.outbox import Job, LeaseLost

READY = "ready"
_GRACE_SECONDS = 5


def main(factory_path: str) -> None:
    """Serve jobs from the standard input until it ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # whatever a library prints must not look like an answer
    module, _, name = factory_path.partition(":")
    run: Callable[[Job], None] = getattr(importlib.import_module(module), name)()
    _say(answers, {READY: True})
    for line in sys.stdin:
        request = json.loads(line)
        # Should the parent be gone, nobody else would stop a job that hangs: the alarm ends this process.
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + _GRACE_SECONDS)
        _say(answers, {"error": attempt(run, Job(**request["job"]))})
        signal.setitimer(signal.ITIMER_REAL, 0)


def attempt(run: Callable[[Job], None], job: Job) -> str | None:
    """Run a job and return what went wrong, in words without personal data, or None."""
    try:
        run(job)
    except LeaseLost:
        return None  # somebody else has done it, or is doing it
    except DeliveryFailed as error:
        return str(error)
    except Problem as error:
        return f"{type(error).__name__}: {error.code}"
    except Exception as error:  # noqa: BLE001  # the edge: a job's bug must not end the others
        # The message of an unknown error may quote what it was working on; only its place is kept.
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {last.name}, {os.path.basename(last.filename)}:{last.lineno}"
    return None


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
