"""Starts the product's own server in a process of its own, and uses it as a browser does."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

from bench.flow import Stand
from engine.clock import monotonic
from handlers.settings import as_environment
from tests.handlers.estate_world import PASSWORD
from tests.postgres import free_port

_SERVE = "import sys; from web.cli import main; sys.exit(main(sys.argv[1:]))"
_ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 30


@dataclass
class Server:
    """A running server with one worker."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Return the CPU time that the worker has used, kernel included."""
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        ticks = 0
        for child in children:
            fields = Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS


@contextmanager
def server(made: Stand) -> Iterator[Server]:
    """Serve an installation on loopback until the end of the block."""
    port = free_port()
    environment = {**os.environ, **as_environment(made.settings), "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-c", _SERVE, "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    patience = monotonic() + _START_SECONDS
    while True:
        try:
            browser = Browser(port)
            browser.get("/healthz")
            return
        except OSError:
            if monotonic() > patience:
                raise
            time.sleep(0.05)


@dataclass
class Browser:
    """Somebody's browser: one kept connection, cookies, and the token of the forms."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self._connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._tag = ""

    def sign_in(self, login: str) -> None:
        """Sign in with the password that everybody of the bench has."""
        self._read_token(self.get("/sign-in"))
        self.post("/sign-in", {"login": login, "password": PASSWORD})
        self._read_token(self.get("/inbox"))

    def get(self, path: str) -> str:
        """Open a page."""
        status, body = self._send("GET", path, None)
        if status != 200:
            raise RuntimeError(f"GET {path} answered {status}")
        return body

    def poll(self, path: str, tag: str) -> tuple[int, str]:
        """Ask whether anything changed since the answer with a tag; return status and the new tag."""
        status, _ = self._send("GET", path, None, {"If-None-Match": tag} if tag else {})
        return status, self._tag

    def post(self, path: str, fields: Mapping[str, str]) -> None:
        """Send a form; its answer must lead on to another page."""
        status, body = self._send("POST", path, urlencode({"csrf_token": self.token, **fields}))
        if status not in {302, 303}:
            raise RuntimeError(f"POST {path} answered {status}: {body[:500]}")

    def _send(
        self, method: str, path: str, body: str | None, also: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        headers = {"Accept": "text/html", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        headers |= also or {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        self._keep_cookies(answer)
        self._tag = answer.headers.get("ETag", "")
        return answer.status, text

    def _keep_cookies(self, answer: HTTPResponse) -> None:
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value

    def _read_token(self, page: str) -> None:
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        if found is None:
            raise RuntimeError("the page has no token for forms")
        self.token = found[1]
