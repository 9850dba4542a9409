"""Keeps in a browser how its reader chose to read: these cookies work before signing in and open nothing."""

from flask import request
from werkzeug import Response

from web import context

_YEAR = 31_536_000  # seconds


def kept(name: str) -> str:
    """Return what was chosen in this browser, or ""."""
    return request.cookies.get(context.config().named(name), "")


def keep(response: Response, name: str, value: str) -> None:
    """Let the browser keep a choice for a year; over TLS no other host of the domain can set it."""
    config = context.config()
    response.set_cookie(
        config.named(name), value, max_age=_YEAR, secure=config.https, httponly=True, samesite="Lax"
    )
