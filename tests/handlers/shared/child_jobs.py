"""Jobs that behave badly in a child process, for the tests of the outbox worker."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from handlers.shared.outbox import Job


def runner() -> Callable[[Job], None]:
    """Return what runs these jobs."""
    return lambda job: JOBS[job.name](job)


def note(job: Job) -> None:
    with Path(str(job.args["file"])).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")


def hang(job: Job) -> None:
    note(job)
    with subprocess.Popen(["sleep", "600"]) as grandchild:
        Path(str(job.args["file"])).with_suffix(".grandchild").write_text(str(grandchild.pid))
        signal.pause()


def die(job: Job) -> None:
    note(job)
    os._exit(7)


def chatter(job: Job) -> None:
    print('{"error": "printed by a library"}')
    note(job)


def blunder(job: Job) -> None:
    raise ValueError("张三 13812345678")


JOBS = {"note": note, "hang": hang, "die": die, "chatter": chatter, "blunder": blunder}
