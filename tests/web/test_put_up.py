"""How the product is put up: nothing is served that was not meant to be, and no part of it is an old one."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.web.conftest import Site
from web import app as application
from web.config import WebConfig

ROOT = Path(__file__).parents[2]
LOCKED = re.compile(
    r"^([a-z0-9._-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)

# The first version without a hole that was made known; see the advisory.
SAFE_SINCE = {
    "flask": "3.1.3",
    "gunicorn": "22.0.0",  # CVE-2024-1135
    "jinja2": "3.1.6",  # CVE-2025-27516
    "lxml": "6.1.0",  # CVE-2026-41066
    "pillow": "10.3.0",  # CVE-2024-28219
    "werkzeug": "3.1.9",  # CVE-2026-102598 and before
}


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/.svn/entries",
        "/static/../config.py",
        "/static/%2e%2e/config.py",
        "/static/..%2fapp.py",
        "/static/dist/../../app.py",
        "/wuye.db",
        "/var/wuye.db",
        "/console",
        "/static/",
        "/static/dist/",
    ],
)
def test_nothing_beside_the_pages_is_served(site: Site, path: str) -> None:
    assert site.anonymous().get(path).status_code == 404


def test_no_setting_switches_debugging_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    made = application.create_app(site.engine, WebConfig())
    assert not made.debug
    assert not made.jinja_env.auto_reload
    assert not made.config["PROPAGATE_EXCEPTIONS"]


def number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def test_every_package_is_pinned_by_its_hash_and_none_has_a_known_hole() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {name: at for name, at, _hashes in LOCKED.findall(text)}
    assert len(locked) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), "one is not pinned by a hash"
    for name, since in SAFE_SINCE.items():
        assert number(locked[name]) >= number(since), name
        assert version(name) == locked[name], f"{name} is installed in another version than the one locked"
