"""Pages of residents are light: page, stylesheet, script and picture together, before any compression."""

import re
from pathlib import Path

import pytest

from tests.web.repair.conftest import Pages

MOST = 60_000
STATIC = Path(__file__).parents[3] / "web" / "static"
NEEDED = re.compile(r'(?:href|src)="/static/([^"]+)"')


def weight(page: str) -> int:
    """Add up a page and what it makes the browser load, without photos."""
    loaded = set(NEEDED.findall(page))
    assert any(name.endswith(".css") for name in loaded), loaded
    return len(page.encode()) + sum((STATIC / name).stat().st_size for name in loaded)


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
def test_every_page_of_a_resident_weighs_less_than_60_kilobytes(pages: Pages, language: str) -> None:
    numbers = [closed(pages) for _ in range(5)]
    browser = pages.browser(pages.shop.owner)
    browser.client.set_cookie("language", language)
    heavy = {
        address: weight(browser.get(address).text)
        for address in ("/home/", "/home/report", f"/home/reports/{numbers[0]}", "/account/sessions")
    }
    assert {address: size for address, size in heavy.items() if size > MOST} == {}
