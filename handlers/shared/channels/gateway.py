"""Speaks to a message gateway: one signed JSON request for each delivery.

The protocol, for whoever writes the small program between this product and a supplier's own interface:

    POST <url>, content-type application/json
    X-Wuye-Time: seconds since 1970; requests older than five minutes should be refused
    X-Wuye-Signature: hex HMAC-SHA256 with the shared secret over "<time>\n<body>"
    body: {"channel", "key", "to", "template", "subject", "text", "language", "translation",
           "facts", "secrets"}

    200 {"acknowledged": true or false}: taken; for voice, whether the person pressed a key
    409: this key was taken before, which is as good
    anything else: not taken, it is tried again with the same key
"""

import hmac
import http.client
import json
from dataclasses import asdict
from urllib.parse import urlsplit

from engine.clock import Clock
from handlers.settings import Gateway
from handlers.shared.channels import DeliveryFailed, Message

_TIMEOUT_SECONDS = 10
_ANSWER_BYTES = 65_536


class GatewayClient:
    """Hands messages of one channel to a gateway; it follows no redirects."""

    def __init__(self, channel: str, gateway: Gateway, clock: Clock) -> None:
        self._channel = channel
        self._gateway = gateway
        self._clock = clock

    def send(self, message: Message) -> None:
        """Hand a message over; see `Channel.send`."""
        self._post(message)

    def ring(self, message: Message) -> bool:
        """Have a phone called once; see `Voice.ring`."""
        return self._post(message).get("acknowledged") is True

    def _post(self, message: Message) -> dict[str, object]:
        body = json.dumps({"channel": self._channel, **asdict(message)}, ensure_ascii=False).encode()
        time = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Wuye-Time": time,
            "X-Wuye-Signature": sign(self._gateway.secret, time, body),
        }
        try:
            status, answer = self._exchange(body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise DeliveryFailed(
                f"{self._channel} gateway cannot be reached: {type(error).__name__}"
            ) from error
        if status == http.HTTPStatus.CONFLICT:
            return {}
        if status != http.HTTPStatus.OK:
            raise DeliveryFailed(f"{self._channel} gateway answered {status}")
        try:
            found = json.loads(answer)
        except ValueError as error:
            raise DeliveryFailed(f"{self._channel} gateway answered no JSON") from error
        return found if isinstance(found, dict) else {}

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        url = urlsplit(self._gateway.url)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", url.path or "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read(_ANSWER_BYTES)
        finally:
            connection.close()


def sign(secret: str, time: str, body: bytes) -> str:
    """Return the signature of a request."""
    return hmac.new(secret.encode(), time.encode() + b"\n" + body, "sha256").hexdigest()
