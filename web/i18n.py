"""Chooses the language and zone of a request, and teaches templates to speak it."""

from datetime import UTC, datetime

from flask import Flask, g, request
from flask_babel import Babel, ngettext

from web import choices, context, texts, words

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
COOKIE = "language"


def chosen() -> str:
    """Return the locale the reader chose; until they choose, the one their browser asks for, else Chinese."""
    said = choices.kept(COOKIE)
    if said not in LANGUAGES:
        said = request.accept_languages.best_match(LANGUAGES, "zh")
    return LANGUAGES[said]


def language_tag() -> str:
    """Return the language as HTML says it."""
    return "en" if words.is_english() else "zh-CN"


def now() -> datetime:
    """Return the moment of this request, read once."""
    if "now" not in g:
        g.now = context.engine().clock.now()
    moment: datetime = g.now
    return moment.astimezone(UTC)


def init_app(app: Flask) -> None:
    """Set translations up and register the filters of templates."""
    app.config["BABEL_DEFAULT_LOCALE"] = LANGUAGES["zh"]
    app.config["BABEL_DEFAULT_TIMEZONE"] = words.ZONE.key
    Babel(app, locale_selector=chosen, default_translation_directories=str(texts.FOLDER))
    app.before_request(texts.speak)
    app.teardown_request(texts.fall_silent)
    app.jinja_env.install_gettext_callables(texts.gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # of Jinja's extension
    app.jinja_env.filters["moment"] = words.moment
    app.jinja_env.filters["moment_short"] = lambda value: words.moment_short(value, now())
    app.jinja_env.filters["clock_time"] = words.clock_time
    app.jinja_env.filters["written"] = words.written
    app.jinja_env.filters["calendar_day"] = words.calendar_day
    app.jinja_env.filters["span"] = words.span
    app.jinja_env.filters["money"] = words.money
    app.jinja_env.globals["either"] = words.either
    app.jinja_env.globals["listed"] = words.listed
    app.jinja_env.globals["written"] = words.written
    app.jinja_env.globals["kept_text"] = words.kept_text
    app.jinja_env.globals["time_left"] = lambda due_at, opened_at=None, paused=False: words.time_left(
        now(), due_at, opened_at, paused=paused
    )

    @app.context_processor
    def language() -> dict[str, object]:
        return {"language": language_tag(), "now": now()}
