"""Lets calls go at the same moment, each in a thread of its own."""

import threading
from collections.abc import Callable

from engine.errors import Problem

Call = Callable[[], object]


def together(*calls: Call) -> list[str]:
    """Let calls go at the same moment; name what became of each: done, or the code of its refusal."""
    gate = threading.Barrier(len(calls), timeout=30)
    outcomes = [""] * len(calls)

    def run(number: int, call: Call) -> None:
        gate.wait()
        try:
            call()
            outcomes[number] = "done"
        except Problem as refused:
            outcomes[number] = refused.code
        except Exception as error:  # noqa: BLE001  # told to the test's own thread
            outcomes[number] = repr(error)

    threads = [threading.Thread(target=run, args=(number, call)) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes
