"""Builds the Flask application that serves one engine."""

import datetime as dt
from collections.abc import Iterable

from flask import Blueprint, Flask

from engine.work import Engine
from handlers import settings
from web import (
    account,
    agreed,
    assets,
    attachments,
    cases,
    checks,
    context,
    corrections,
    crew,
    desk,
    desk_numbers,
    errors,
    exports,
    filters,
    guard,
    helping,
    home,
    household,
    houses,
    i18n,
    imports,
    inbox,
    incidents,
    jobs,
    joining,
    language,
    lean,
    letting,
    look,
    moving,
    navigation,
    notices,
    numbers,
    offline,
    operation,
    outbox,
    overdue,
    owners,
    packing,
    percent,
    policy,
    privacy,
    processes,
    proving,
    reminders,
    repairs,
    resident,
    retention,
    reveals,
    roster,
    safety,
    samples,
    sealing,
    search,
    second_factor,
    security,
    shift,
    signin,
    staff,
    tasks,
    team,
    text_size,
    unsent,
    workdays,
)
from web.config import WebConfig

COOKIE_SECRET = "cookie"  # noqa: S105  # the name of the secret that signs cookies
BLUEPRINTS: Iterable[Blueprint] = (
    account.bp,
    agreed.bp,
    attachments.bp,
    cases.bp,
    checks.bp,
    corrections.bp,
    crew.bp,
    desk.bp,
    exports.bp,
    filters.bp,
    helping.bp,
    home.bp,
    household.bp,
    houses.bp,
    letting.bp,
    imports.bp,
    inbox.bp,
    incidents.bp,
    jobs.bp,
    joining.bp,
    language.bp,
    look.bp,
    moving.bp,
    offline.bp,
    operation.bp,
    outbox.bp,
    overdue.bp,
    owners.bp,
    policy.bp,
    privacy.bp,
    processes.bp,
    proving.bp,
    reminders.bp,
    repairs.bp,
    resident.bp,
    unsent.bp,
    retention.bp,
    reveals.bp,
    roster.bp,
    safety.bp,
    samples.bp,
    search.bp,
    second_factor.bp,
    shift.bp,
    signin.bp,
    staff.bp,
    tasks.bp,
    text_size.bp,
    workdays.bp,
    team.bp,
)


def create_app(engine: Engine, config: WebConfig) -> Flask:
    """Build the application.

    Args:
        engine: of the installation; its settings give the secret that signs cookies.
    """
    app = Flask(__name__)
    app.debug = False  # whatever FLASK_DEBUG says: no page shows code, none hides an error
    app.secret_key = settings.of(engine).secret(COOKIE_SECRET)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.config["PERMANENT_SESSION_LIFETIME"] = dt.timedelta(days=31)
    context.keep(app, engine, config)
    numbers.init_app(app)
    security.init_app(app, config)
    i18n.init_app(app)
    desk_numbers.init_app(app, engine)
    assets.init_app(app)
    lean.init_app(app)
    percent.init_app(app)
    packing.init_app(app)
    errors.init_app(app)
    guard.init_app(app)
    look.init_app(app)
    navigation.init_app(app)
    sealing.init_app(app)
    notices.init_app(app)
    text_size.init_app(app)
    workdays.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
