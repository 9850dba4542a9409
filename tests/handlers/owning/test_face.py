"""A face is never the only way, is off by default, and the service gets a ticket and nothing else."""

import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.work import Engine
from handlers import settings as installation
from handlers.accounts import sessions
from handlers.owning.face import FaceCheckFailed, FaceResult, face_check, ways_to_prove
from handlers.settings import Gateway
from tests.handlers.owning.owning_world import Owning

SECRET = "made-up-secret"


class Service(ThreadingHTTPServer):
    """A service on loopback that knows the ticket "t-1"; `bodies` are those with a good signature."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        is_signed = hmac.compare_digest(expected, self.headers["X-Wuye-Signature"])
        if is_signed:
            self.server.bodies.append(body)
        same = is_signed and json.loads(body)["ticket"] == "t-1"
        content = json.dumps({"same": same, "reference": "r-1"}).encode()
        self.send_response(200 if is_signed else 403)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on a free port."""
    server = Service()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def gateway(service: Service, secret: str = SECRET) -> Gateway:
    return Gateway(f"http://127.0.0.1:{service.server_address[1]}/face", secret)


@pytest.mark.both_stores
def test_an_owner_registers_without_a_face_check(engine: Engine, owning: Owning) -> None:
    assert face_check(installation.of(engine)) is None
    assert ways_to_prove(installation.of(engine)) == ("sms", "desk")
    assert sessions.resume(engine, owning.register()) is not None


def test_with_a_face_check_the_other_ways_remain(engine: Engine, owning: Owning, service: Service) -> None:
    installation.keep(engine, replace(installation.of(engine), face=gateway(service)))
    assert set(ways_to_prove(installation.of(engine))) == {"sms", "desk", "face"}
    assert sessions.resume(engine, owning.register()) is not None
    assert service.bodies == []


@pytest.mark.parametrize(("ticket", "is_same"), [("t-1", True), ("t-2", False)])
def test_the_service_answers_yes_or_no_to_a_ticket(
    engine: Engine, service: Service, ticket: str, is_same: bool
) -> None:
    check = face_check(replace(installation.of(engine), face=gateway(service)))
    assert check is not None
    assert check.result(ticket) == FaceResult(is_same, "r-1")
    assert [json.loads(body) for body in service.bodies] == [{"ticket": ticket}]


@pytest.mark.parametrize("fault", ["secret", "away"])
def test_a_service_that_does_not_answer_proves_nothing(engine: Engine, service: Service, fault: str) -> None:
    wrong = gateway(service, "another") if fault == "secret" else Gateway("http://127.0.0.1:9/", SECRET)
    check = face_check(replace(installation.of(engine), face=wrong))
    assert check is not None
    with pytest.raises(FaceCheckFailed):
        check.result("t-1")
