"""Answers with a page that no browser keeps, and that leaves by itself even without a script."""

from datetime import timedelta

from flask import Response, make_response


def passing(page: str, lifetime: timedelta, after: str) -> Response:
    """Answer with a page that leads elsewhere when its time is over."""
    answer: Response = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Refresh"] = f"{max(1, int(lifetime.total_seconds()))}; url={after}"
    return answer
