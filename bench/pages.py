"""Measures what a person at the browser waits for: completing a step, with everything around it."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.flow import STEPS, stand
from bench.report import Row
from bench.serving import Browser, Server, server
from bench.sizes import Sizes
from engine.clock import SystemClock, monotonic

_LEAST = 120
_MOST_CPU_MS = 8.0


def completion_rows(sizes: Sizes) -> Iterator[Row]:
    """Complete steps over HTTP, one after another, and count what the server's process spends on each."""
    with TemporaryDirectory(prefix="wuye-bench-") as name, stand(Path(name), clock=SystemClock()) as made:
        made.start(sizes.requests)
        with server(made) as serving:
            browser = Browser(serving.port)
            browser.sign_in(made.world.login_of(made.clerk))
            probes, probe_cpu = _probed(serving, browser, sizes.queries)
            taken = cpu = 0.0
            for _ in STEPS:
                ids = made.open_tasks()
                spent, begun = serving.cpu_seconds(), monotonic()
                for task_id in ids:
                    browser.post(f"/tasks/{task_id}/complete", {"_key": f"bench:{task_id}"})
                taken += monotonic() - begun
                cpu += serving.cpu_seconds() - spent
            left = len(made.open_tasks())
    count = sizes.requests * len(STEPS)
    what, note = "complete one task over HTTP, one worker, SQLite", sizes.reduced("requests")
    if left:
        raise RuntimeError(f"{left} tasks were left open")
    rate, cpu_ms = count / taken, cpu / count * 1000
    yield Row(what, f">= {_LEAST}/s", rate, "/s", rate >= _LEAST, "GET /healthz, same server", probes, note)
    yield Row(
        "  server CPU of one completion",
        f"<= {_MOST_CPU_MS:.0f} ms",
        cpu_ms,
        "ms",
        cpu_ms <= _MOST_CPU_MS,
        "GET /healthz, same server",
        probe_cpu,
    )


def _probed(serving: Server, browser: Browser, count: int) -> tuple[float, float]:
    """Return requests a second and CPU milliseconds of the least that the server can be asked."""
    spent, begun = serving.cpu_seconds(), monotonic()
    for _ in range(count):
        browser.get("/healthz")
    taken = monotonic() - begun
    return count / taken, (serving.cpu_seconds() - spent) / count * 1000
