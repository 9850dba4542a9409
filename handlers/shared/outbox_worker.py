"""Drains the outbox inside the serving process: claims jobs and has killable children run them."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from queue import SimpleQueue
from typing import Protocol

from engine.clock import monotonic
from engine.work import SYSTEM, Engine
from handlers.shared import limits, outbox
from handlers.shared.outbox import Job, Lane
from handlers.shared.outbox_child import READY

_START_SECONDS = 60.0
_POLL_SECONDS = 0.5


class Runner(Protocol):
    """Runs one job at a time."""

    def run(self, job: Job, seconds: float) -> str | None:
        """Run a job for at most so many seconds and return what went wrong, or None."""
        ...

    def stop(self) -> None:
        """End for good."""
        ...


class Child:
    """A persistent child process; one that hangs or dies is killed with all it started, and replaced.

    Attributes:
        process: the present process, or None before the first job and after a kill.
    """

    def __init__(self, factory: str, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "handlers.shared.outbox_child", factory]
        self._environment = {**os.environ, **environment}
        self.process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def run(self, job: Job, seconds: float) -> str | None:
        """Run a job in the child; see `Runner.run`."""
        try:
            if self.process is None or self.process.poll() is not None:
                self._start()
            self._send({"seconds": seconds, "job": asdict(job)})
            answer = self._answer(seconds)
        except TimeoutError:
            self._kill()
            return f"killed after {seconds:g} seconds"
        except (EOFError, OSError) as error:
            self._kill()
            return f"the child process ended: {type(error).__name__}"
        error_text: str | None = answer["error"]
        return error_text

    def stop(self) -> None:
        """End the child process."""
        self._kill()

    def _start(self) -> None:
        self._unread = b""
        self.process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        if READY not in self._answer(_START_SECONDS):
            raise EOFError

    def _send(self, message: Mapping[str, object]) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def _answer(self, seconds: float) -> dict[str, str | None]:
        assert self.process is not None
        assert self.process.stdout is not None
        deadline = monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(0.0, deadline - monotonic())):
                    raise TimeoutError
                chunk = os.read(self.process.stdout.fileno(), 65_536)
                if not chunk:
                    raise EOFError
                self._unread += chunk
        line, self._unread = self._unread.split(b"\n", 1)
        answer: dict[str, str | None] = json.loads(line)
        return answer

    def _kill(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


class Worker:
    """Claims jobs and has them run, each by a runner that is free."""

    def __init__(
        self, engine: Engine, runners: Sequence[Runner], job_seconds: float, lane: Lane = Lane.QUICK
    ) -> None:
        self._engine = engine
        self._lane = lane
        self._runners = runners
        self._free: SimpleQueue[Runner] = SimpleQueue()
        for runner in runners:
            self._free.put(runner)
        self._job_seconds = job_seconds
        # Longer than a job may take with the start of its child, so that only a dead worker's jobs go around.
        self._lease = timedelta(seconds=job_seconds + _START_SECONDS + 30)
        if lane is Lane.LONG:
            self._lease = limits.LONG_LEASE
        self._awake = threading.Event()
        self._stopped = threading.Event()

    def drain(self) -> int:
        """Run jobs until none is due, and return how many attempts were made."""
        attempts = 0
        with ThreadPoolExecutor(len(self._runners)) as pool:
            while jobs := outbox.claim(self._engine, len(self._runners), self._lease, self._lane):
                attempts += len(jobs)
                list(pool.map(self._run, jobs))
        return attempts

    def serve(self) -> None:
        """Run jobs as they become due, until told to stop."""
        while not self._stopped.is_set():
            self.drain()
            self._awake.wait(_POLL_SECONDS)
            self._awake.clear()
        for runner in self._runners:
            runner.stop()

    def wake(self) -> None:
        """Look for jobs at once."""
        self._awake.set()

    def stop(self) -> None:
        """Stop serving after the jobs that run now."""
        self._stopped.set()
        self._awake.set()

    def _run(self, job: Job) -> None:
        runner = self._free.get()
        try:
            error = runner.run(job, self._job_seconds)
        finally:
            self._free.put(runner)
        with self._engine.work(SYSTEM) as work:
            if error is None:
                outbox.finish(work.connection, job, work.now)
            else:
                outbox.fail(work, job, error)
