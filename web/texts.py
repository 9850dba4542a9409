"""Translates texts, with types: the Chinese text is the key."""

from functools import lru_cache
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask_babel import get_locale
from flask_babel.speaklater import LazyString

FOLDER = Path(__file__).parent / "translations"


def gettext(text: str, **fields: object) -> str:
    """Return a text in the reader's language, `%(name)s` filled in."""
    locale = get_locale()
    found = str(_texts(locale.language).gettext(text)) if locale is not None else text
    return found % fields if fields else found


@lru_cache(maxsize=8)
def _texts(language: str) -> NullTranslations:
    """Load a language; to ask Flask-Babel for it took as long as drawing the page."""
    return Translations.load(FOLDER, [language])


def lazy_gettext(text: str) -> LazyString:
    """Return a text that is translated when it is shown."""
    return LazyString(gettext, text)
