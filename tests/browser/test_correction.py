"""A phone number is put right by the pages: asked for by the owner, typed again by a clerk, and in force."""

import re

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.shared.channels.development import kept_messages
from tests.browser.conftest import OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.seeing import expect_accessible
from tests.handlers.inline import inline_worker

pytestmark = pytest.mark.browser

NEW = "13900000009"


def ask(owner: Visitor, value: str) -> None:
    """Ask for another mobile number under "My data"."""
    owner.open("/home/data")
    owner.page.click("details.more summary")
    what = owner.page.locator("select[name=what] option[value^='phone:']").first.get_attribute("value")
    owner.page.select_option("select[name=what]", what)
    send(owner, value)


def send(owner: Visitor, value: str) -> None:
    """Send the form with a number, on the page that stands open."""
    owner.page.fill("[name=value]", value)
    owner.press("details.more form button.btn-primary")


def prove(owner: Visitor, town: Town) -> None:
    """Have codes sent to both phones, and give them; the first time the one of the old phone is wrong."""
    owner.press("form[action$='/codes'] button")
    sent = codes(town)
    expect_accessible(owner, "/home/data")
    owner.page.fill("[name=phone_old]", f"{(int(sent['旧号']) + 1) % 1_000_000:06d}")
    owner.page.fill("[name=phone_new]", sent["新号"])
    owner.press("form[action$='/prove'] button")
    expect(owner.page.locator("#e-phone_old")).to_be_visible()
    expect(owner.page.locator("[name=phone_new]")).to_have_count(0)
    owner.page.fill("[name=phone_old]", sent["旧号"])
    owner.press("form[action$='/prove'] button")


def codes(town: Town) -> dict[str, str]:
    """Return the code that arrived at each phone."""
    inline_worker(town.engine).drain()
    with town.engine.reading(SYSTEM) as work:
        texts = [str(message.text[0]) for message in kept_messages(work)]
    found = (re.search(r"(旧号|新号)验证码 (\d{6})", text) for text in texts)
    found_en = (re.search(r"Code of the (old|new) number (\d{6})", text) for text in texts)
    english = {"old": "旧号", "new": "新号"}
    both = [(one[1], one[2]) for one in found if one] + [(english[one[1]], one[2]) for one in found_en if one]
    return dict(reversed(both))


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
    expect(owner.page.locator("[name=value][aria-invalid=true]")).to_be_visible()
    send(owner, NEW)
    prove(owner, town)

    clerk.open("/checks/")
    expect(clerk.page.locator(".bar-nav [aria-current=page] .count")).to_have_text("1")
    check(clerk, "13900000008")
    clerk.open("/checks/")
    expect(clerk.page.locator("main .tag-late")).to_be_visible()
    check(clerk, NEW)

    owner.open("/home/data")
    expect(owner.page.locator("dl.facts")).to_contain_text("139****0009")
    owner.page.context.clear_cookies()
    visit(PHONE).sign_in_by_form(NEW)
