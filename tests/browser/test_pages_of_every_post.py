"""Every page of the table of routes, for every post that may open it: a new page is covered by itself."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.store.tables import user_task
from handlers.accounts import sessions
from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.seeing import objections
from tests.browser.test_repair_case import report
from web.app import create_app
from web.config import WebConfig
from web.routes_table import ROUTES

pytestmark = [pytest.mark.browser, pytest.mark.long]

STAFF = [post for post in Post if post is not Post.VEN]
SEEN: set[tuple[str, str, str]] = set()  # (route, size, language) that axe has looked at


@pytest.fixture(scope="module")
def number(town: Town, address: str, chromium: Browser) -> Iterator[str]:
    """A report that waits to be accepted."""
    visitors = Visitors(chromium, address)
    yield report(visitors(PHONE).sign_in(OWNER), "灯一直闪")
    visitors.leave()


class Site:
    """The addresses of a running site, and sessions for its posts."""

    def __init__(self, town: Town, number: str) -> None:
        self.town = town
        self.app = create_app(town.engine, WebConfig(demo=True))
        with town.engine.reading(SYSTEM) as work:
            task_id = work.connection.execute(select(user_task.c.id).limit(1)).scalar_one()
        self.values = {"number": number, "task_id": str(task_id), "key": "repair", "process": "repair"}

    def token(self, post: Post) -> str:
        """Open a session of somebody of a post; return its cookie."""
        actor = self.town.world.staff(post, everywhere=post in (Post.SYS, Post.QA))
        with self.town.engine.work(actor) as work:
            token = sessions.open_session(work, actor.id, "127.0.0.1")
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return str(signer.dumps({"_user_id": token}))

    def pages(self, cookie: str) -> dict[str, str]:
        """List route -> address of every page that a session may open."""
        client = self.app.test_client()
        client.set_cookie("wuye", cookie)
        found = {}
        for rule in self.app.url_map.iter_rules():
            access = ROUTES[rule.endpoint]
            if "GET" not in (rule.methods or set()) or access.who in ("public", "resident"):
                continue
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: self.values.get(name[1], "1"), rule.rule)
            answer = client.get(path, headers={"Accept": "text/html"})
            if answer.status_code == 200 and answer.mimetype == "text/html" and "<html" in answer.text:
                found[rule.endpoint] = path
        return found


@pytest.fixture(scope="module")
def site(town: Town, number: str) -> Site:
    """The site with a case on it."""
    return Site(town, number)


def look_at(visitor: Visitor, endpoint: str, path: str, size: str) -> list[str]:
    """Open a page, which must fit the screen and speak the reader's language, and say what else is wrong."""
    page = visitor.open(path)
    if page.locator("[data-diagram]").count():
        page.wait_for_selector("[data-drawn]")
    found = objections(page)
    seen = (endpoint, size, visitor.language)
    if seen not in SEEN:
        SEEN.add(seen)
        broken = Axe().run(page).response["violations"]
        found += [f"axe: {one['id']}" for one in broken if one["impact"] in ("serious", "critical")]
    return [f"{endpoint} {path} {size} {visitor.language}: {one}" for one in found]


@pytest.mark.parametrize("post", STAFF)
def test_every_page_can_be_read_at_a_desk_and_on_a_phone(visit: Visitors, site: Site, post: Post) -> None:
    cookie = site.token(post)
    pages = site.pages(cookie)
    assert {"inbox.index", "account.password"} <= set(pages)
    found: list[str] = []
    for size, word, language in ((DESKTOP, "desk", "zh"), (PHONE, "phone", "en")):
        visitor = visit(size, language=language)
        visitor.context.add_cookies([{"name": "wuye", "value": cookie, "url": visitor.address}])
        for endpoint, path in pages.items():
            found += look_at(visitor, endpoint, path, word)
    assert found == []
