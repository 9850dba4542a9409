"""Leaves the indentation of templates out of pages: it is for their readers, and phones load it."""

import re

from flask import Flask
from jinja2.ext import Extension

_INDENTATION = re.compile(r"\n[ \t]+")


class Unindented(Extension):
    """Takes templates without the spaces that begin their lines; none shows text as it stands there."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the template without them; lines stay where they are, so errors name the right one."""
        return _INDENTATION.sub("\n", source)


def init_app(app: Flask) -> None:
    """Have every template read so."""
    app.jinja_env.add_extension(Unindented)
