"""Keeps one prepared process from which each trial is forked, so that it starts at once.

A new interpreter would spend most of a trial's time on importing. The prepared process never looks at a
request itself: it forks, and the fork, confined, does.
"""

import atexit
import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO

from engine.clock import monotonic

log = logging.getLogger(__name__)

_HEAD = 9  # a status byte, then the length
_DONE, _STOPPED, _LATE = b"+", b"-", b"~"
_CHUNK = 65_536


class TooLate(Exception):
    """A fork was given too little of the machine to come to an end."""


class Nursery:
    """The asking side; one request at a time.

    Args:
        command: starts the prepared process, which calls `serve`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        atexit.register(self.close)

    def ask(self, request: bytes) -> bytes | None:
        """Have a request answered by a fork; None when that was stopped, or said nothing usable.

        Raises:
            TooLate: it took too long by the clock on the wall, though it kept within its limits.
        """
        with self._lock:
            try:
                return self._exchange(request)
            except (OSError, EOFError) as error:
                log.warning("the prepared process is gone: %s", error)
                self._end()
                return None

    def close(self) -> None:
        """End the prepared process."""
        with self._lock:
            self._end()

    def _exchange(self, request: bytes) -> bytes | None:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(_framed(_DONE, request))
        process.stdin.flush()
        status, answer = _read(process.stdout)
        if status == _LATE:
            raise TooLate
        return answer if status == _DONE else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and a fixed program
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}
            )
            self._owner = os.getpid()
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return  # a forked worker leaves its parent's process alone
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _framed(status: bytes, body: bytes) -> bytes:
    return status + len(body).to_bytes(_HEAD - 1) + body


def _read(pipe: IO[bytes]) -> tuple[bytes, bytes]:
    head = pipe.read(_HEAD)
    if len(head) < _HEAD:
        raise EOFError("it ended")
    body = pipe.read(int.from_bytes(head[1:]))
    return head[:1], body


# --- in the prepared process -------------------------------------------------------------------------------


def serve(answer: Callable[[bytes], bytes], wall_seconds: float) -> None:
    """Answer requests from standard input, each in a fork, until the asking process ends.

    Args:
        answer: runs in the fork, and confines itself first.
        wall_seconds: after so long a fork is killed.
    """
    requests = os.fdopen(os.dup(0), "rb")
    while True:
        try:
            _, request = _read(requests)
        except EOFError:
            return
        sys.stdout.buffer.write(_framed(*_forked(answer, request, wall_seconds)))
        sys.stdout.buffer.flush()


def _forked(answer: Callable[[bytes], bytes], request: bytes, wall_seconds: float) -> tuple[bytes, bytes]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            _write_all(writing, answer(request))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    said = _collected(reading, wall_seconds)
    if said is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if said is None:
        return _LATE, b""
    return (_DONE, said) if os.waitstatus_to_exitcode(status) == 0 else (_STOPPED, b"")


def _write_all(pipe: int, body: bytes) -> None:
    while body:
        body = body[os.write(pipe, body) :]


def _collected(pipe: int, wall_seconds: float) -> bytes | None:
    """Read a fork's answer to its end; None when that takes too long."""
    parts: list[bytes] = []
    deadline = monotonic() + wall_seconds
    with selectors.DefaultSelector() as ready, os.fdopen(pipe, "rb", buffering=0) as reading:
        ready.register(reading, selectors.EVENT_READ)
        while (left := deadline - monotonic()) > 0:
            if not ready.select(left):
                return None
            part = reading.read(_CHUNK)
            if not part:
                return b"".join(parts)
            parts.append(part)
    return None
