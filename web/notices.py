"""Keeps few of the words that one page says to the next; they travel in the cookie, which has little room."""

from flask import Flask, Response, session

_FLASHES = "_flashes"
_KEPT = 3


def init_app(app: Flask) -> None:
    """Forget all but the newest words; a program that follows no redirect reads none."""

    @app.after_request
    def forget(response: Response) -> Response:
        said = session.get(_FLASHES, ())
        if len(said) > _KEPT:
            session[_FLASHES] = said[-_KEPT:]
        return response
