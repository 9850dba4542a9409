"""A phone number is put right by the pages: asked for by the owner, typed again by a clerk, and in force."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import OWNER, PHONE, Town, Visitor, Visitors

pytestmark = pytest.mark.browser

NEW = "13900000009"


def ask(owner: Visitor, value: str) -> None:
    """Ask for another mobile number under "My data"."""
    owner.open("/home/data")
    owner.page.click("details.more summary")
    what = owner.page.locator("select[name=what] option[value^='phone:']").first.get_attribute("value")
    owner.page.select_option("select[name=what]", what)
    owner.page.fill("[name=value]", value)
    owner.press("details.more form button.btn-primary")


def check(clerk: Visitor, again: str) -> None:
    """Open what waits first, and type the number again from the paper."""
    clerk.open("/checks/")
    clerk.page.locator("a[href^='/tasks/']").first.click()
    clerk.page.wait_for_url("**/tasks/*")
    clerk.expect_readable()
    assert NEW not in clerk.page.content()
    clerk.page.check("[name=outcome][value=confirm]")
    clerk.page.fill("[name=again]", again)
    with clerk.page.expect_navigation(wait_until="domcontentloaded"):  # to the step that comes next
        clerk.page.click("[data-primary]")


def test_an_owner_corrects_a_number_and_a_clerk_types_it_again(town: Town, visit: Visitors) -> None:
    owner = visit(PHONE, language="en").sign_in(OWNER)
    clerk = visit(language="en").sign_in(town.logins[Post.CS])
    ask(owner, "139")
    expect(owner.page.locator("#e-value")).to_be_visible()
    ask(owner, NEW)

    clerk.open("/checks/")
    expect(clerk.page.locator(".bar-nav [aria-current=page] .count")).to_have_text("1")
    check(clerk, "13900000008")
    clerk.open("/checks/")
    expect(clerk.page.locator("main .tag-late")).to_be_visible()
    check(clerk, NEW)

    owner.open("/home/data")
    expect(owner.page.locator("dl.facts")).to_contain_text("139****0009")
    owner.page.context.clear_cookies()
    visit(PHONE).sign_in(NEW)
