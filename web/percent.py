"""Answers a script that sends a form to say how far its files are: it is told where the answer leads."""

from flask import Flask, Response, request

ASKED = "X-Percent"
ANSWERED = "X-Location"


def _told(response: Response) -> Response:
    """Name the next page instead of leading there: followed unseen, it would have said what it says once."""
    if ASKED in request.headers and response.status_code in (302, 303):
        response.headers[ANSWERED] = response.headers.pop("Location")
        response.status_code = 200
        response.set_data(b"")
    return response


def init_app(app: Flask) -> None:
    """Watch every answer."""
    app.after_request(_told)
