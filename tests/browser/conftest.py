"""A real site on a free port, people who can sign in, and Chromium, whose complaints fail the test."""

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from werkzeug.serving import make_server

from engine.clock import Clock, SystemClock
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts import installation, sign_in
from handlers.accounts.logins import add_login
from handlers.accounts.passwords import Hasher
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_skill
from handlers.settings import Settings
from tests.handlers.estate_world import PASSWORD, World
from tests.handlers.repair.repair_world import publish_prices
from tests.web.served import served
from web.config import WebConfig

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 60_000  # a slow machine is no failure
expect.set_options(timeout=PATIENCE_MS)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The last such list counts. The first two draw suggestions under an address bar, in a process a window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,MediaRouter,OptimizationHints,PaintHolding,ThirdPartyStoragePartitioning",
]
DESKTOP, PHONE = (1440, 900), (360, 740)
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
# What people and places are called, what somebody wrote, and the switch that says 中文 to whoever reads it.
DATA = re.compile(
    r"职员\d*|1栋(2单元30[12])?|翠湖花园|云山府|陈静|陈\*?|吴敏|吴\*|灯一直闪|中文|房号|业主姓名"
)
# Everything that is said on a page, folded away or not, but for what was typed into it.
SAID = """() => {
    const NAMES = ['placeholder', 'title', 'aria-label', 'alt'];
    const said = [document.title];
    for (const one of document.body.querySelectorAll('*:not(script, style)')) {
        for (const node of one.childNodes) if (node.nodeType === 3) said.push(node.data);
        for (const name of NAMES) said.push(one.getAttribute(name) || '');
    }
    return said.join('\\n');
}"""
OWNER, NEIGHBOUR = "13900000001", "13900000002"


class Town:
    """The people of the installation, by the login each uses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.world = World(engine)
        self.logins: dict[Post, str] = {}
        self.people: dict[Post, Actor] = {}
        for post in (Post.CS, Post.CSL, Post.RP, Post.RPL, Post.PM, Post.SYS, Post.ADM):
            self._staff(post)
        publish_prices(engine)
        self.owner = self._resident("陈静", OWNER, self.world.house)
        self._resident("吴敏", NEIGHBOUR, self.world.neighbour)

    def _staff(self, post: Post) -> None:
        actor = self.world.staff(post, everywhere=post in (Post.SYS, Post.ADM))
        self.logins[post] = self.world.login_of(actor)
        self.people[post] = actor
        now = self.engine.clock.now()
        if post in (Post.CS, Post.CSL, Post.RP, Post.RPL):
            begin, end = now - timedelta(hours=1), now + timedelta(hours=10)
            self.world.shift(actor, begin, end, is_lead=post is Post.RPL)
        if post is Post.RP:
            self._skill(actor)

    def _skill(self, actor: Actor) -> None:
        rows = [{"account_id": actor.id, "skill": skill} for skill in ("plumbing", "electric", "building")]
        with self.engine.work(SYSTEM) as work:
            work.connection.execute(account_skill.insert(), rows)

    def _resident(self, name: str, phone: str, house_id: int) -> Actor:
        person_id = self.world.person(name, phone)
        self.world.relate(person_id, house_id)
        actor = self.world.resident(person_id)
        with self.engine.work(SYSTEM) as work:
            add_login(work, actor.id, phone, "mobile")
            installation.make_usable(work, actor.id, sign_in.hasher(self.engine).hash(PASSWORD))
        return actor


@pytest.fixture(scope="module")
def town(deployed_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An installation with the procedures of the product in force."""
    engine = installed(deployed_sqlite, tmp_path_factory.mktemp("town"), SystemClock())
    yield Town(engine)
    engine.database.dispose()


def installed(deployed: Path, folder: Path, clock: Clock) -> Engine:
    """Build the engine of a copy of an installation; passwords are hashed cheaply."""
    settings = Settings(
        f"sqlite:///{shutil.copyfile(deployed, folder / 'wuye.db')}", folder / "var", demo=True
    )
    engine = bootstrap.build(settings, clock)
    engine.cache["password_hasher"] = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return engine


@pytest.fixture(scope="module")
def address(town: Town) -> Iterator[str]:
    """The site, served by threads on a free port."""
    server = make_server("127.0.0.1", 0, served(town.engine, WebConfig(demo=True)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright itself."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the whole run."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


class Visitor:
    """Somebody at a screen; keeps what the browser complained about."""

    def __init__(self, context: BrowserContext, address: str, language: str = "zh") -> None:
        self.context = context
        self.language = language
        self.address = address
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self._expected: tuple[str, ...] = ()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused form answers 422 on purpose; the browser reports every status above 399 as an error.
        expected = ("status of 4", *self._expected)
        if message.type == "error" and not any(text in message.text for text in expected):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def expect_complaint(self, *texts: str) -> None:
        """Say what the browser will complain about on purpose."""
        self._expected = texts

    def open(self, path: str) -> Page:
        """Go to a page of the site, and expect it to fit the screen and to speak the reader's language."""
        self.page.goto(self.address + path)
        self.expect_readable()
        return self.page

    def sign_in(self, login: str) -> "Visitor":
        """Sign in by what the form sends, without drawing a page; none is open afterwards."""
        where, sent = self.address + "/sign-in", self.context.request
        token = re.search(r'name="csrf-token" content="([^"]+)"', sent.get(where).text())
        assert token is not None
        fields = {"csrf_token": token[1], "login": login, "password": PASSWORD}
        answer = sent.post(where, form=fields, max_redirects=0)
        assert answer.status == 302, (login, answer.status)
        assert "/sign-in" not in answer.headers["location"], login
        return self

    def sign_in_by_form(self, login: str) -> "Visitor":
        """Sign in as people do, and stay on the page that comes first."""
        self.open("/sign-in")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", PASSWORD)
        self.press()
        return self

    def press(self, selector: str = "main form button.btn-primary") -> None:
        """Press a button that leads to another page."""
        with self.page.expect_navigation():
            self.page.click(selector)
        self.expect_readable()

    def send(self) -> None:
        """Press the primary button of a step's form."""
        self.press("[data-primary]")

    def expect_readable(self) -> None:
        """Fail when the page is wider than the screen, or says something in Chinese to an English reader."""
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert self.page.viewport_size is not None
        assert width <= self.page.viewport_size["width"], (self.page.url, width)
        if self.language == "en":
            if self.page.locator("[data-diagram]").count():
                self.page.wait_for_selector("[data-drawn]")
            lines = DATA.sub("", self.page.evaluate(SAID)).splitlines()
            assert [line for line in lines if CHINESE.search(line)] == [], self.page.url


class Visitors:
    """Opens screens; at the end nobody's browser may have complained."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self._chromium = chromium
        self._address = address
        self._all: list[Visitor] = []

    def __call__(
        self, size: tuple[int, int] = DESKTOP, *, language: str = "zh", scripts: bool = True
    ) -> Visitor:
        """Open a screen of a size, in a language, with or without JavaScript."""
        context = self._chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=scripts,
            timezone_id="Asia/Shanghai",
            has_touch=size == PHONE,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "language", "value": language, "url": self._address}])
        visitor = Visitor(context, self._address, language)
        self._all.append(visitor)
        return visitor

    def leave(self) -> None:
        """Close every screen, and fail for whatever a browser complained about."""
        complaints = [complaint for visitor in self._all for complaint in visitor.complaints]
        for visitor in self._all:
            visitor.context.close()
        assert complaints == []


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visitors]:
    """Open screens on the site."""
    visitors = Visitors(chromium, address)
    yield visitors
    visitors.leave()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo as a phone takes it."""
    content = BytesIO()
    Image.new("RGB", (2400, 1800), (120, 160, 200)).save(content, "JPEG")
    path = tmp_path / "after.jpg"
    path.write_bytes(content.getvalue())
    return path
