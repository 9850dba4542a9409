"""Answers probes and scrapers: is the platform alive, and what are its figures."""

import hmac
import ipaddress

from flask import Blueprint, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import select

from engine.clock import monotonic
from engine.work import SYSTEM
from web import context

bp = Blueprint("operation", __name__)

REGISTRY = CollectorRegistry()
REQUESTS = Counter("wuye_requests", "Requests by route and status", ("route", "status"), registry=REGISTRY)
SECONDS = Histogram(
    "wuye_request_seconds",
    "Time to answer, by route",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)

_FORWARDED = (
    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
    "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Real-IP", "Via",
)  # fmt: skip


@bp.before_app_request
def begin() -> None:
    """Note when the request began."""
    g.begun = monotonic()


@bp.after_app_request
def count(response: Response) -> Response:
    """Count the request under its route, never under its address."""
    route = request.endpoint or "none"
    REQUESTS.labels(route, str(response.status_code)).inc()
    if "begun" in g:
        SECONDS.labels(route).observe(monotonic() - g.begun)
    return response


@bp.get("/healthz")
def health() -> dict[str, str]:
    """Say that the platform answers and reaches its database."""
    with context.engine().reading(SYSTEM) as work:
        work.connection.execute(select(1))
    return {"status": "ok"}


@bp.get("/metrics")
def metrics() -> Response:
    """Give the figures to a scraper on this machine, or to one with the token."""
    if not (_is_loopback() or _has_token()):
        abort(404)
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _is_loopback() -> bool:
    """Tell whether this machine itself asks: a proxy on it that forwards for others says so in a header."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    token = context.config().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(token.encode(), given.encode())
