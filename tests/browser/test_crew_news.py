"""New work on the page of repair staff announces itself and moves nothing."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.finishing import accepted

pytestmark = [pytest.mark.browser, pytest.mark.long]

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"  # as when the phone is taken out again


def test_new_work_is_announced_and_nothing_moves_under_the_thumb(town: Town, visit: Visitors) -> None:
    accepted(town, "走廊的灯不亮")
    page = visit(PHONE).sign_in_by_form(town.logins[Post.RP]).page
    before = page.locator(".job").first.bounding_box()
    number = accepted(town, "厨房的灯不亮")
    page.evaluate(LOOK_AGAIN)
    expect(page.locator("[data-fresh-news]")).to_have_text("有 1 件新任务，点这里看")
    assert page.locator(".job").first.bounding_box() == before
    assert number not in page.content()
    page.tap("[data-fresh-news]")
    expect(page.locator(".job")).to_have_count(2)
    expect(page.locator("[data-fresh-news]")).to_be_hidden()
