"""REL-09, REL-10: without its database a page says so and when to come back, and shows no inside."""

from pathlib import Path

from engine.errors import StoreUnavailable
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from tests.web.conftest import Site


def _take_away(site: Site) -> None:
    site.engine.database.dispose()
    path = Path(str(site.engine.database.url.database))
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    path.mkdir()  # a folder cannot be opened as a database


def test_a_page_without_its_database_asks_to_come_back(site: Site) -> None:
    browser = site.browser(Post.CS)
    _take_away(site)

    answer = browser.get("/inbox")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Traceback" not in answer.text
    assert "sqlite" not in answer.text.lower()
    assert answer.headers["Content-Security-Policy"]


def test_the_sign_in_without_its_database_asks_to_come_back(site: Site) -> None:
    token_page = site.anonymous()
    token_page.get("/sign-in")
    _take_away(site)

    answer = token_page.post("/sign-in", {"login": "x", "password": "y"})

    assert answer.status_code == 503


def test_the_engine_says_that_its_store_is_away(site: Site) -> None:
    _take_away(site)

    try:
        with site.engine.work(SYSTEM):
            raised = None
    except StoreUnavailable as error:
        raised = error

    assert raised is not None
