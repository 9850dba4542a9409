"""Finds the addresses of scripts and styles: the built ones, or the bare styles where nothing was built."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import cast

from flask import Flask, current_app, url_for
from markupsafe import Markup

from web import context

STATIC = Path(__file__).parent / "static"
_EXTENSION = "wuye_assets"


class Assets:
    """The built files of web/static/dist, looked up anew after every build.

    Without a build every page still works: styles are read as they are, and scripts are left out.
    """

    def __init__(self, static: Path = STATIC) -> None:
        self._list = static / "dist" / "manifest.json"
        self._read_as = (0, 0)
        self._manifest: dict[str, str] = {}

    @property
    def manifest(self) -> dict[str, str]:
        """Entry name -> path below static/; empty when nothing was built."""
        try:
            state = self._list.stat()
        except FileNotFoundError:  # nothing was built, or a build is replacing it
            return self._manifest
        seen = (state.st_mtime_ns, state.st_size)
        if seen != self._read_as:
            self._manifest, self._read_as = json.loads(self._list.read_text(encoding="utf-8")), seen
        return self._manifest

    @cached_property
    def _bare_version(self) -> str:
        digest = hashlib.sha256()
        for path in sorted((STATIC / "css").glob("*.css")):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:8]

    def style(self) -> str:
        """Return the address of the stylesheet of this page; residents load no more than they see."""
        person = context.person()
        built, bare = ("app", "app.css") if person and person.is_staff else ("app-public", "public.css")
        if built in self.manifest:
            return url_for("static", filename=self.manifest[built])
        return url_for("static", filename=f"css/{bare}", v=self._bare_version)

    def built(self, name: str) -> str | None:
        """Return the address of a built file, or None when nothing was built."""
        if name not in self.manifest:
            return None
        return url_for("static", filename=self.manifest[name])


def of_app() -> Assets:
    """Return the built files of the application that answers."""
    return cast(Assets, current_app.extensions[_EXTENSION])


def init_app(app: Flask) -> None:
    """Offer `stylesheet()` and `built(name)` to templates."""
    assets = Assets()
    app.extensions[_EXTENSION] = assets
    app.jinja_env.globals["stylesheet"] = assets.style
    app.jinja_env.globals["built"] = assets.built
    app.jinja_env.filters["safe_json"] = safe_json


def safe_json(text: str) -> Markup:
    """Let JSON stand inside a script element: nothing in it can end the element."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # every character that means something to HTML is escaped above
