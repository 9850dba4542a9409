"""Suppliers of text messages: the other side, on loopback, computes the signature itself."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from engine.clock import SettableClock
from handlers import settings
from handlers.settings import Supplier
from handlers.shared.channels import DeliveryFailed, Message
from handlers.shared.channels.suppliers import AliyunSms, TencentSms

SECRET = "made-up-secret"
CODE = Message("k1", "13812345678", "owner_code_reset", "", "验证码 123456", secrets={"code": "123456"})


class Side(ThreadingHTTPServer):
    """What both suppliers' sides look like from here; `taken` are requests with a good signature."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Side

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self._tencent(body) if "X-TC-Action" in self.headers else self._aliyun(body)
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _aliyun(self, body: bytes) -> dict[str, Any]:
        fields = dict(parse_qsl(body.decode()))
        signature = fields.pop("Signature")
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
            for name, value in sorted(fields.items())
        )
        text = f"POST&%2F&{quote(query, safe='-_.~')}"
        expected = hmac.new(f"{SECRET}&".encode(), text.encode(), hashlib.sha1).digest()
        if base64.b64encode(expected).decode() != signature:
            return {"Code": "SignatureDoesNotMatch"}
        self.server.taken.append(fields)
        return {"Code": "OK"}

    def _tencent(self, body: bytes) -> dict[str, Any]:
        algorithm, _, rest = self.headers["Authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(", "))
        _, day, service, end = parts["Credential"].split("/")
        signed = parts["SignedHeaders"].split(";")
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in signed)
        request = f"POST\n{self.path}\n\n{headers}\n{';'.join(signed)}\n{hashlib.sha256(body).hexdigest()}"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        text = f"{algorithm}\n{self.headers['X-TC-Timestamp']}\n{day}/{service}/{end}\n{hashed}"
        key = f"TC3{SECRET}".encode()
        for part in (day, service, end):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != parts["Signature"]:
            return {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}
        self.server.taken.append(json.loads(body))
        return {"Response": {"SendStatusSet": [{"Code": "Ok"}]}}

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def side() -> Iterator[Side]:
    """A supplier's side on a free port."""
    server = Side()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def supplier(side: Side, secret: str = SECRET, **templates: str) -> Supplier:
    return Supplier(
        url=side.url, key_id="made-up-id", key_secret=secret, sign_name="翠湖物业", app_id="1400",
        templates=templates or {"owner_code_reset": "T1", "*": "T0"},
    )  # fmt: skip


def test_aliyun_takes_a_signed_code(side: Side, clock: SettableClock) -> None:
    AliyunSms(supplier(side), clock).send(CODE)
    [fields] = side.taken
    assert (fields["PhoneNumbers"], fields["TemplateCode"]) == ("13812345678", "T1")
    assert json.loads(fields["TemplateParam"]) == {"code": "123456"}
    assert fields["SignName"] == "翠湖物业"


def test_tencent_takes_a_signed_code(side: Side, clock: SettableClock) -> None:
    TencentSms(supplier(side), clock).send(CODE)
    [body] = side.taken
    assert (body["PhoneNumberSet"], body["TemplateId"]) == (["+8613812345678"], "T1")
    assert body["TemplateParamSet"] == ["123456"]


LATE = Message(
    "k2",
    "13812345678",
    "task_escalated",
    "",
    "R1 3栋 受理：已超时",
    facts={"case": "R1", "place": "3栋", "step": "受理"},
)


def test_a_text_with_a_template_of_its_own_passes_what_it_names(side: Side, clock: SettableClock) -> None:
    own = supplier(side, task_escalated="T7", **{"*": "T0"})
    AliyunSms(own, clock).send(LATE)
    TencentSms(own, clock).send(LATE)
    AliyunSms(supplier(side), clock).send(LATE)
    aliyun, tencent, any_text = side.taken
    assert (aliyun["TemplateCode"], json.loads(aliyun["TemplateParam"])) == ("T7", LATE.facts)
    assert (tencent["TemplateId"], tencent["TemplateParamSet"]) == ("T7", ["R1", "3栋", "受理"])
    assert (any_text["TemplateCode"], json.loads(any_text["TemplateParam"])) == ("T0", {"content": LATE.text})


@pytest.mark.parametrize("kind", [AliyunSms, TencentSms])
def test_a_wrong_key_is_a_failed_delivery(
    side: Side, clock: SettableClock, kind: type[AliyunSms] | type[TencentSms]
) -> None:
    with pytest.raises(DeliveryFailed):
        kind(supplier(side, "another"), clock).send(CODE)
    assert side.taken == []


@pytest.mark.parametrize("kind", [AliyunSms, TencentSms])
def test_a_text_without_a_template_is_not_sent(
    side: Side, clock: SettableClock, kind: type[AliyunSms] | type[TencentSms]
) -> None:
    with pytest.raises(DeliveryFailed, match="no template"):
        kind(supplier(side, other="T2"), clock).send(CODE)


def test_child_processes_get_the_same_supplier() -> None:
    env = {
        "WUYE_SUPPLIER_NAME": "aliyun",
        "WUYE_SUPPLIER_TEMPLATES": '{"*": "T0"}',
        "WUYE_DATA_DIR": "/tmp/x",
    }
    given = settings.from_environment(env)
    assert settings.from_environment(settings.as_environment(given)) == given
    assert given.supplier.templates == {"*": "T0"}
