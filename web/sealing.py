"""Gives pages the key with which a browser seals what is typed until it is sent; each account has its own."""

import base64
import hashlib
import hmac

from flask import Flask, current_app

from web import context

_WHAT_FOR = "typed:"


def key() -> str:
    """Return the key of the account that reads; nobody else's page carries it. "" before the sign-in."""
    person = context.person()
    if person is None:
        return ""
    secret = current_app.secret_key
    assert secret is not None, "an application has a secret"
    whole = secret if isinstance(secret, bytes) else secret.encode()
    digest = hmac.new(whole, f"{_WHAT_FOR}{person.actor.id}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def init_app(app: Flask) -> None:
    """Offer the key to templates."""
    app.jinja_env.globals["sealing_key"] = key
