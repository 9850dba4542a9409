"""What the web side is told by its environment: how it is reached, and who may read its figures."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from handlers.environment import Environment


@dataclass(frozen=True)
class WebConfig:
    """Settings of the web side.

    Attributes:
        https: people reach the site over TLS, so cookies are Secure and carry the __Host- prefix.
        proxies: how many trusted reverse proxies stand in front; 0 ignores every X-Forwarded header.
        metrics_token: lets a scraper from another machine read /metrics; empty means loopback only.
        desk_phone: number of the front desk, shown on every page of residents.
        demo: the installation shows made-up data and may show messages that would have been sent.
        upload_mb: the largest request body.
    """

    https: bool = False
    proxies: int = 0
    metrics_token: str = ""
    desk_phone: str = ""
    demo: bool = False
    upload_mb: int = 100

    @property
    def cookie_name(self) -> str:
        """Name of the session cookie; browsers accept __Host- over TLS only."""
        return self.named("wuye")

    @property
    def device_cookie(self) -> str:
        """Name of the cookie by which a browser is known again; it opens nothing."""
        return f"{self.cookie_name}-device"

    def named(self, cookie: str) -> str:
        """Name a cookie so that no other host of the domain can set it, where browsers accept that."""
        return f"__Host-{cookie}" if self.https else cookie


def from_environment(environment: Mapping[str, str] | None = None) -> WebConfig:
    """Read the settings from environment variables.

    Args:
        environment: WUYE_*; the process's own when absent.
    Raises:
        RuleRefused: one holds something that cannot be meant.
    """
    env = Environment(os.environ if environment is None else environment)
    return WebConfig(
        https=env.is_on("WUYE_HTTPS"),
        proxies=env.whole("WUYE_PROXIES", 0, 0, 16),
        metrics_token=env.text("WUYE_METRICS_TOKEN"),
        desk_phone=env.text("WUYE_DESK_PHONE"),
        demo=env.is_on("WUYE_DEMO"),
        upload_mb=env.whole("WUYE_UPLOAD_MB", 100, 1, 10_240),
    )
