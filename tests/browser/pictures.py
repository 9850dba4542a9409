"""Takes the pictures of the read-mes again: `make pictures`.

The estate comes from one seed and stands at one moment: a picture changes only when its page did.
"""

import logging
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import func, select
from werkzeug.serving import make_server

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store.database import sqlite_url
from engine.store.tables import history_event
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts import sign_in
from handlers.accounts.installation import make_usable
from handlers.accounts.logins import add_login
from handlers.accounts.passwords import initial_password
from handlers.accounts.permissions import POST_NAMES, RESIDENT, Post
from handlers.demo import build
from handlers.demo.build import SignIn
from handlers.demo.population import SMALL
from handlers.repair.orders import opened
from handlers.repair.records import repair_order
from handlers.settings import Settings
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.web.served import served
from web.cli.installing import prepare
from web.config import WebConfig

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOMENT = datetime(2026, 11, 26, 2, 20, tzinfo=UTC)  # a Thursday, 10:20 in the communities
SIZE = replace(SMALL, communities=(("云栖花园", "010-5550-0101", 6),), floors=9, weeks=2, cases_a_day=6)
LANGUAGES = ("zh", "en")
DESKTOP, PHONE = (1440, 900), (390, 844)
_COLOURS = 256
_RESIDENT_LOGIN = "pictured"


@dataclass(frozen=True)
class Estate:
    """A served demonstration.

    Attributes:
        who: post -> login and password of the first person of that post who can sign in.
        case, house, caller: number, house id and owner's mobile of the open repair of which most is told.
    """

    address: str
    who: dict[str, tuple[str, str]]
    case: str
    house: int
    caller: str


@dataclass(frozen=True)
class Picture:
    """One picture: who opens what on which screen, and what is done there before it is taken."""

    name: str
    post: str
    path: str
    size: tuple[int, int] = DESKTOP
    ready: Callable[[Page, Estate], None] | None = None


def _open_task(page: Page, _estate: Estate) -> None:
    page.locator(".row a").first.click()
    page.wait_for_selector("#pane h1")


def _look_up_caller(page: Page, estate: Estate) -> None:
    page.fill("main [name=caller]", estate.caller)
    with page.expect_navigation():
        page.click("main [formaction]")


def _open_job(page: Page, _estate: Estate) -> None:
    with page.expect_navigation():
        page.locator("main a[href*='/tasks/']").first.click()


def _show_diagram(page: Page, _estate: Estate) -> None:
    page.wait_for_selector("[data-drawn]")
    page.evaluate("document.querySelector('[data-diagram]').scrollIntoView()")
    page.evaluate("scrollBy(0, -200)")


PICTURES = (
    Picture("inbox", Post.CS, "/inbox", ready=_open_task),
    Picture("case", Post.CSL, "/cases/{case}", ready=_show_diagram),
    Picture("overdue", Post.PM, "/overdue"),
    Picture("desk", Post.CS, "/desk/", ready=_look_up_caller),
    Picture("house", Post.CS, "/houses/{house}"),
    Picture("roster", Post.CSL, "/roster/"),
    Picture("jobs", Post.RP, "/crew/", PHONE),
    Picture("job", Post.RP, "/crew/", PHONE, _open_job),
    Picture("resident", RESIDENT, "/home/", PHONE),
)


def main() -> None:
    """Take every picture in each language."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _demonstration(Path(folder)) as estate,
        sync_playwright() as started,
    ):
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for language in LANGUAGES:
            for picture in PICTURES:
                _keep(_taken(chromium, estate, picture, language), FOLDER / language / f"{picture.name}.png")
        chromium.close()


@contextmanager
def _demonstration(folder: Path) -> Iterator[Estate]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    configured = Settings(sqlite_url(folder / "wuye.db"), folder, demo=True)
    engine = bootstrap.build(configured, SettableClock(MOMENT))
    prepare(engine)
    made = build.build(engine, folder, size=SIZE, say=print)
    server = make_server("127.0.0.1", 0, served(engine, WebConfig(demo=True)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield _estate(engine, made.sign_ins, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        engine.database.dispose()


def _estate(engine: Engine, sign_ins: tuple[SignIn, ...], address: str) -> Estate:
    names = {name: code for code, (name, _) in POST_NAMES.items()}
    who = {names[one.post]: (one.login, one.password) for one in reversed(sign_ins)}
    order = _most_told(engine)
    who[RESIDENT] = _sign_in_of(engine, order.reporter_account_id)
    with engine.reading(SYSTEM) as work:
        return Estate(address, who, order.number, order.house_id, opened(work, order, "contact_phone"))


def _most_told(engine: Engine) -> Any:
    query = (
        select(repair_order)
        .join(history_event, history_event.c.instance_id == repair_order.c.instance_id)
        .where(repair_order.c.closed_at.is_(None), repair_order.c.channel == "online")
        .where(repair_order.c.house_id.is_not(None))
        .group_by(repair_order.c.id)
        .order_by(func.count().desc(), repair_order.c.number)
    )
    with engine.reading(SYSTEM) as work:
        return work.connection.execute(query.limit(1)).one()


def _sign_in_of(engine: Engine, account_id: int) -> tuple[str, str]:
    password = initial_password()
    with engine.work(SYSTEM) as work:
        add_login(work, account_id, _RESIDENT_LOGIN, "name")
        make_usable(work, account_id, sign_in.hasher(engine).hash(password))
    return _RESIDENT_LOGIN, password


def _taken(chromium: Browser, estate: Estate, picture: Picture, language: str) -> bytes:
    width, height = picture.size
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        timezone_id="Asia/Shanghai",
        has_touch=picture.size == PHONE,
    )
    context.add_cookies([{"name": "language", "value": language, "url": estate.address}])
    page = context.new_page()
    page.goto(f"{estate.address}/sign-in")
    login, password = estate.who[picture.post]
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.click("main form button.btn-primary")
    page.goto(estate.address + picture.path.format(case=estate.case, house=estate.house))
    if picture.ready is not None:
        picture.ready(page, estate)
    page.wait_for_load_state("networkidle")
    taken = page.screenshot(animations="disabled")
    context.close()
    return taken


def _keep(taken: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = Image.open(BytesIO(taken)).convert("RGB")
    drawn.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
