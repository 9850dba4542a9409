"""How much is measured: the sizes of a full run, and those of a quick one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Sizes of one run.

    Attributes:
        rounds: how often the contenders of one comparison take turns.
        cases: open in one round; each has three steps.
        requests: cases completed over HTTP.
        idle: open cases of the empty sweep, beside 100.
        timers: timers of the idle system.
        due: deadlines due at once.
        meanwhile: the same, while somebody looks into the inbox.
        open_tasks: in the inbox.
        steps: finished, in the report.
        stored: cases whose bytes are counted.
        queries: of each list; as many counts, and as many polls.
        pages: opened over HTTP.
        looks: into the inbox while nothing is due.
        preparing: seconds to start a server, sign in and look, before the deadlines come due.
    """

    rounds: int
    cases: int
    requests: int
    idle: int
    timers: int
    due: int
    meanwhile: int
    open_tasks: int
    steps: int
    stored: int
    queries: int
    pages: int
    looks: int
    preparing: int

    def reduced(self, name: str) -> str:
        """Say that a size is smaller than that of a full run, or nothing."""
        mine, full = getattr(self, name), getattr(FULL, name)
        return f"reduced: {mine:,} instead of {full:,}" if mine < full else ""


FULL = Sizes(9, 40, 200, 100_000, 400, 10_000, 2_500, 1_000_000, 10_000_000, 500, 300, 60, 100, 30)
QUICK = Sizes(3, 8, 20, 5_000, 40, 100, 150, 10_000, 50_000, 100, 200, 40, 40, 20)
