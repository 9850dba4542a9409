"""A second way to prove who registers: a face check by an outside service, off unless settings name one.

It never stands alone: the code by text message, and the desk, are always there. Neither picture nor template
reaches the platform; what comes back is yes or no and the service's own reference.
"""

import hmac
import http.client
import json
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from handlers.settings import Gateway, Settings

_TIMEOUT_SECONDS = 10
_ANSWER_BYTES = 65_536
SMS, DESK, FACE = "sms", "desk", "face"


class FaceCheckFailed(Exception):
    """The service gave no answer; the person goes on by another way."""


@dataclass(frozen=True)
class FaceResult:
    """What the service found; `reference` finds it again there."""

    is_same: bool
    reference: str


class FaceCheck(Protocol):
    """Compares the person before a phone's camera with the holder of a document."""

    def result(self, ticket: str) -> FaceResult:
        """Ask what came of a check that the person's own phone made with the service.

        Raises:
            FaceCheckFailed: no answer.
        """
        ...


class FaceService:
    """Asks a service by a signed request; only the ticket that its page gave to the phone is sent."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def result(self, ticket: str) -> FaceResult:
        """Ask what came of a check; see `FaceCheck.result`."""
        body = json.dumps({"ticket": ticket}).encode()
        signature = hmac.new(self._gateway.secret.encode(), body, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", "X-Wuye-Signature": signature}
        url = urlsplit(self._gateway.url)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", url.path or "/", body, headers)
            response = connection.getresponse()
            found = json.loads(response.read(_ANSWER_BYTES))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FaceCheckFailed(type(error).__name__) from error
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK or not isinstance(found, dict):
            raise FaceCheckFailed(f"status {response.status}")
        return FaceResult(found.get("same") is True, str(found.get("reference", ""))[:64])


def face_check(settings: Settings) -> FaceCheck | None:
    """Return the face check of an installation; none where the settings name no service."""
    return FaceService(settings.face) if settings.face.url else None


def ways_to_prove(settings: Settings) -> tuple[str, ...]:
    """Name the ways to prove who registers; a face is never the only one.

    Source: domain.md 6.2.
    """
    return (SMS, DESK, FACE) if settings.face.url else (SMS, DESK)
