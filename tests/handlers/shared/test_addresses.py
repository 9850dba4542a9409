"""Where requests go is said by the settings: neither who is written to nor an answer leads them elsewhere."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engine.clock import SettableClock
from handlers.environment import Environment
from handlers.errors import RuleRefused
from handlers.owning.face import FaceCheckFailed, FaceService
from handlers.settings import Gateway, Supplier
from handlers.shared.channels import DeliveryFailed, Message
from handlers.shared.channels.gateway import GatewayClient
from handlers.shared.channels.suppliers import AliyunSms, TencentSms

SENDERS = ("gateway", "aliyun", "tencent", "face")


class Turncoat(ThreadingHTTPServer):
    """A server that sends everybody on to `target`; `paths` is what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.paths: list[str] = []
        self.target = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Turncoat

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(307 if self.server.target else 200)
        self.send_header("Location", self.server.target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def servers() -> Iterator[tuple[Turncoat, Turncoat]]:
    """A server of the settings that sends on, and one that nothing may reach."""
    pair = Turncoat(), Turncoat()
    pair[0].target = f"{pair[1].url}/latest/meta-data"
    threads = [threading.Thread(target=one.serve_forever, daemon=True) for one in pair]
    for thread in threads:
        thread.start()
    yield pair
    for one in pair:
        one.shutdown()
        one.server_close()
    for thread in threads:
        thread.join()


def sender(kind: str, url: str, elsewhere: str, clock: SettableClock) -> Callable[[], object]:
    """Return what asks a server of the settings about somebody who names another address as their own."""
    message = Message("k1", elsewhere, "task_warning", elsewhere, elsewhere, facts={"url": elsewhere})
    supplier = Supplier("", url, "id", "secret", "sign", "app", templates={"*": "T1"})
    senders: dict[str, Callable[[], object]] = {
        "gateway": lambda: GatewayClient("sms", Gateway(url, "secret"), clock).send(message),
        "aliyun": lambda: AliyunSms(supplier, clock).send(message),
        "tencent": lambda: TencentSms(supplier, clock).send(message),
        "face": lambda: FaceService(Gateway(url, "secret")).result(elsewhere),
    }
    return senders[kind]


@pytest.mark.parametrize("kind", SENDERS)
def test_no_answer_and_no_recipient_leads_a_request_elsewhere(
    kind: str, servers: tuple[Turncoat, Turncoat], clock: SettableClock
) -> None:
    known, elsewhere = servers
    send = sender(kind, known.url, f"{elsewhere.url}/latest/meta-data", clock)
    with pytest.raises((DeliveryFailed, FaceCheckFailed)):
        send()
    assert known.paths == ["/"]
    assert elsewhere.paths == []


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "gopher://127.0.0.1:70", "ftp://a.example", "//a.example"]
)
def test_a_setting_names_an_address_of_the_web_and_of_nothing_else(address: str) -> None:
    with pytest.raises(RuleRefused, match="https://"):
        Environment({"WUYE_SMS_URL": address}).url("WUYE_SMS_URL")
