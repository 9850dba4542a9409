"""One application for all tests of a process: its routes are compiled and its templates read once."""

from flask import Flask

from engine.work import Engine
from handlers import settings
from web import context
from web.app import COOKIE_SECRET, create_app
from web.config import WebConfig

_made: dict[WebConfig, Flask] = {}


def served(engine: Engine, config: WebConfig) -> Flask:
    """Let the application of a configuration serve another engine, and return it."""
    if config not in _made:
        _made[config] = create_app(engine, config)
    app = _made[config]
    app.secret_key = settings.of(engine).secret(COOKIE_SECRET)
    context.keep(app, engine, config)
    return app
