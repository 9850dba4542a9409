"""A message gateway on loopback: checks signatures, drops keys it knows, and can be told to fail."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "shared-secret"


class FakeGateway(ThreadingHTTPServer):
    """What a supplier's side looks like from here.

    Attributes:
        requests: every request with a good signature, in order.
        effects: key -> the message that took effect, once for each key.
        failures: how many of the next requests are answered with 503.
        acknowledged: whether the person called presses a key.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.effects: dict[str, dict[str, Any]] = {}
        self.failures = 0
        self.acknowledged = False
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.server_address[1]}/messages"


class _Handler(BaseHTTPRequestHandler):
    server: FakeGateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = self.headers["X-Wuye-Time"].encode() + b"\n" + body
        expected = hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
        if not hmac.compare_digest(expected, self.headers["X-Wuye-Signature"]):
            self._answer(403, {})
            return
        message = json.loads(body)
        gateway = self.server
        with gateway.lock:
            gateway.requests.append(message)
            if gateway.failures:
                gateway.failures -= 1
                self._answer(503, {})
            elif message["key"] in gateway.effects:
                self._answer(409, {})
            else:
                gateway.effects[message["key"]] = message
                self._answer(200, {"acknowledged": gateway.acknowledged})

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@contextmanager
def running_gateway() -> Iterator[FakeGateway]:
    """Serve until the end of the block."""
    gateway = FakeGateway()
    thread = threading.Thread(target=gateway.serve_forever, daemon=True)
    thread.start()
    yield gateway
    gateway.shutdown()
    gateway.server_close()
    thread.join()
