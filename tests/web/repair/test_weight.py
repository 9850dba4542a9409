"""Pages of residents are light: page, stylesheet, script and picture together, as they are sent."""

import gzip
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages

MOST = 40_000  # the product promises 60 kB: the rest is room to grow
ADDRESSES = (
    *("/home/", "/home/report", "/home/data", "/home/household/", "/home/letting/", "/home/privacy"),
    *("/account/sessions", "/account/password", "/odd", "/sign-in", "/register", "/forgot"),
)
STATIC = Path(__file__).parents[3] / "web" / "static"
NEEDED = re.compile(r'(?:href|src)="/static/([^"]+)"')


def weight(browser: Browser, address: str) -> int:
    """Add up what a phone loads for a page, without photos."""
    page = browser.get(address).text
    loaded = set(NEEDED.findall(page))
    assert any(name.endswith(".css") for name in loaded), loaded
    return len(page.encode()) + sum(len(packed(browser, name).data) for name in loaded)


def packed(browser: Browser, name: str) -> TestResponse:
    """Load a static file as browsers do."""
    return browser.client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip, br"}, buffered=True)


def closed(pages: Pages) -> str:
    """Let a report go its whole way."""
    shop = pages.shop
    number = shop.report(text="厨房水龙头一直滴水，晚上声音很大，请尽快来看看")
    shop.accept(number)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="quote", finding="要换龙头")
    shop.do(number, "write_quote", shop.plumber, lines=[{"price_code": "W01", "quantity": 1}])
    return number


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_a_resident_weighs_less_than_40_kilobytes(pages: Pages, language: str) -> None:
    numbers = [closed(pages) for _ in range(5)]
    browser = pages.browser(pages.shop.owner)
    browser.client.set_cookie("language", language)
    heavy = {address: weight(browser, address) for address in (*ADDRESSES, f"/home/reports/{numbers[0]}")}
    assert {address: size for address, size in heavy.items() if size > MOST} == {}


def test_a_browser_that_unpacks_nothing_gets_the_same_text(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    (name,) = {name for name in NEEDED.findall(browser.get("/home/").text) if name.endswith(".css")}
    plain = browser.client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"}, buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert plain.data == (STATIC / name).read_bytes() == gzip.decompress(packed(browser, name).data)
    assert {"Accept-Encoding"} <= set(plain.vary) & set(packed(browser, name).vary)
