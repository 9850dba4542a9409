"""The page of settings names every variable that the product reads, and none besides."""

import re
from pathlib import Path

from handlers.settings import Settings, as_environment
from handlers.shared.backup import PHRASE
from web import app, config

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"`((?:WUYE|DATABASE)_[A-Z_]+)`")


def test_the_page_of_settings_names_what_is_read() -> None:
    written = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    named = set(_NAME.findall(written))
    of_web = set(re.findall(r"WUYE_[A-Z_]+", Path(config.__file__).read_text(encoding="utf-8")))
    secrets = {PHRASE, f"WUYE_{app.COOKIE_SECRET.upper()}"}
    of_handlers = set(as_environment(Settings("sqlite://", ROOT)))
    assert named == of_handlers | (of_web - {"WUYE_"}) | secrets
