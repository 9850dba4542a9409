"""The pages of a shop with the real procedure: browsers for its people."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from engine.ports import Actor
from handlers.accounts import sessions
from tests.handlers.conftest import engine, settings  # noqa: F401  # fixtures
from tests.handlers.repair.conftest import database, shop  # noqa: F401  # fixtures
from tests.handlers.repair.repair_world import Shop
from tests.web.conftest import Browser
from tests.web.served import served
from web.config import WebConfig


class Pages:
    """The site of a shop."""

    def __init__(self, shop: Shop) -> None:  # noqa: F811  # no fixture
        self.shop = shop
        self.app: Flask = served(shop.engine, WebConfig(desk_phone="0571-8888-1000"))

    def browser(self, who: Actor) -> Browser:
        """Return a browser somebody is signed in with."""
        with self.shop.engine.work(who) as work:
            token = sessions.open_session(work, who.id, "127.0.0.1")
        browser = Browser(self.app, self.app.test_client())
        with browser.client.session_transaction() as kept:
            kept["_user_id"] = token
        return browser


def errors_of(answer: TestResponse) -> list[str]:
    """List the fields that a page says are wrong."""
    return re.findall(r'class="error" id="e-([\w.]+)"', answer.text)


@pytest.fixture
def pages(shop: Shop) -> Pages:  # noqa: F811  # the fixture of this name
    """The site of a shop."""
    return Pages(shop)
