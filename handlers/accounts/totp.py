"""Computes one-time passwords by time as authenticators do: RFC 6238, SHA-1, six digits, thirty seconds."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

STEP_SECONDS = 30
_DIGITS = 6
_SECRET_BYTES = 20
_SLACK = 1  # steps that a phone's clock may be off
_ISSUER = "WuyeFlow"


def new_secret() -> str:
    """Draw a secret, in the base 32 that authenticators take."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_of(secret: str, step: int) -> str:
    """Compute the code of a step."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1").digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Find the step that a code belongs to, near now; None when it is wrong or too old."""
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - _SLACK, current + _SLACK + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode()):
            found = step
    return found


def address_of(secret: str, login: str) -> str:
    """Write the address that an authenticator reads from a picture."""
    return f"otpauth://totp/{_ISSUER}:{quote(login)}?secret={secret}&issuer={_ISSUER}"
