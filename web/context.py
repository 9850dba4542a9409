"""Gives views the engine and the person of the request; nothing below web/ knows of either."""

from typing import cast

from flask import current_app
from flask_login import current_user

from engine.ports import Actor
from engine.work import Engine
from web.config import WebConfig
from web.person import Person

_ENGINE = "wuye_engine"
_CONFIG = "wuye_config"


def keep(app: object, engine: Engine, config: WebConfig) -> None:
    """Let views of an application find the engine it serves."""
    app.extensions[_ENGINE] = engine  # type: ignore[attr-defined]  # a Flask application
    app.extensions[_CONFIG] = config  # type: ignore[attr-defined]  # a Flask application


def engine() -> Engine:
    """Return the engine this application serves."""
    return cast(Engine, current_app.extensions[_ENGINE])


def config() -> WebConfig:
    """Return the settings of the web side."""
    return cast(WebConfig, current_app.extensions[_CONFIG])


def person() -> Person | None:
    """Return who is signed in, or None."""
    return cast(Person, current_user._get_current_object()) if current_user.is_authenticated else None


def actor() -> Actor:
    """Return who acts; the view is guarded, so somebody is signed in."""
    return cast(Person, current_user._get_current_object()).actor
