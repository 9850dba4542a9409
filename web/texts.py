"""Translates texts, with types: the Chinese text is the key."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask_babel import get_locale
from flask_babel.speaklater import LazyString

FOLDER = Path(__file__).parent / "translations"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A language and its texts."""

    language: str
    texts: NullTranslations


# A page says hundreds of texts; to ask Flask-Babel for the language of each took a tenth of drawing it.
_spoken: ContextVar[Spoken | None] = ContextVar("spoken", default=None)


def gettext(text: str, **fields: object) -> str:
    """Return a text in the reader's language, `%(name)s` filled in."""
    spoken = _spoken.get() or _asked()
    found = str(spoken.texts.gettext(text)) if spoken is not None else text
    return found % fields if fields else found


def language() -> str:
    """Return the code of the reader's language; "" where nobody reads."""
    spoken = _spoken.get() or _asked()
    return spoken.language if spoken is not None else ""


def speak() -> None:
    """Keep the language of this request until `fall_silent`."""
    _spoken.set(_asked())


def fall_silent(_error: BaseException | None = None) -> None:
    """Forget the language of a request that has ended."""
    _spoken.set(None)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say texts in a language where no request chooses one."""
    token = _spoken.set(_loaded(language))
    try:
        yield
    finally:
        _spoken.reset(token)


def _asked() -> Spoken | None:
    locale = get_locale()
    return _loaded(locale.language) if locale is not None else None


@lru_cache(maxsize=8)
def _loaded(language: str) -> Spoken:
    return Spoken(language, Translations.load(FOLDER, [language]))


def lazy_gettext(text: str) -> LazyString:
    """Return a text that is translated when it is shown."""
    return LazyString(gettext, text)
