"""Translates texts, with types: the Chinese text is the key."""

import flask_babel
from flask_babel.speaklater import LazyString


def gettext(text: str, **fields: object) -> str:
    """Return a text in the reader's language, `%(name)s` filled in."""
    return str(flask_babel.gettext(text, **fields))


def lazy_gettext(text: str) -> LazyString:
    """Return a text that is translated when it is shown."""
    return flask_babel.lazy_gettext(text)
