"""What a reader opens over a page, menus, dialogs and drawers; axe looks at each while it is open."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitors
from tests.browser.seeing import AT_A_DESK, Looks, expect_accessible_everywhere
from tests.browser.test_keyboard import LIGHT, report

pytestmark = [pytest.mark.browser, pytest.mark.long]

TABLET = (820, 1180)
UNFOLD = "all => all.forEach(one => { one.open = true; })"
BY_DAY_AND_NIGHT: Looks = ((TABLET, "light"), (TABLET, "dark"))
# What is said in passing goes after six seconds; axe may need longer on a slow machine.
NOTHING_PASSES = """() => {
    const real = window.setTimeout;
    window.setTimeout = (done, wait, ...more) => (wait >= 6000 ? 0 : real(done, wait, ...more));
}"""


def test_the_menus_of_the_bar(town: Town, visit: Visitors) -> None:
    lead = visit(TABLET, language="en").sign_in(town.logins[Post.CSL])
    page = lead.open("/overdue")
    page.click(".bar-more summary")
    expect(page.locator(".bar-more nav")).to_be_visible()
    expect_accessible_everywhere(lead, "what the bar has no room for", BY_DAY_AND_NIGHT, within=".bar-more")
    page.click(".bar-end .menu summary")
    expect(page.locator(".bar-end .menu-sheet")).to_be_visible()
    expect_accessible_everywhere(lead, "one's own menu", within=".bar-end")
    owner = visit(PHONE, language="en").sign_in(OWNER)
    page = owner.open("/home/")
    expect(page.locator("h1")).to_have_count(1)
    page.click(".bar-end .menu summary")
    expect_accessible_everywhere(owner, "the menu of a resident", within=".bar-end")


def test_the_help_of_the_keys(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open("/inbox")
    page.keyboard.press("?")
    expect(page.locator("#keys[open]")).to_be_visible()
    expect_accessible_everywhere(clerk, "the help of the keys", AT_A_DESK, within="#keys")


def test_the_drawer_of_a_task_on_a_tablet(town: Town, visit: Visitors) -> None:
    report(town, LIGHT, "灯一直闪")
    clerk = visit(TABLET, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open("/inbox")
    page.locator(".row > a").first.click()
    page.wait_for_selector("body.has-pane #pane [data-task-form]")
    expect_accessible_everywhere(clerk, "a task in the drawer", BY_DAY_AND_NIGHT, within="#pane")
    page.eval_on_selector_all("#pane details", UNFOLD)
    expect_accessible_everywhere(clerk, "a task in the drawer, unfolded", BY_DAY_AND_NIGHT, within="#pane")


def test_a_dialog_and_what_is_said_in_passing(town: Town, visit: Visitors) -> None:
    administrator = visit(DESKTOP, language="en").sign_in(town.logins[Post.SYS])
    page = administrator.open("/design")
    page.evaluate(NOTHING_PASSES)
    page.locator("[data-toast]").first.click()
    expect(page.locator("#toasts .toast")).to_be_visible()
    expect_accessible_everywhere(administrator, "said in passing", within="#toasts")
    page.locator("[data-opens]").first.click()
    expect(page.locator("dialog.dialog[open]")).to_be_visible()
    expect_accessible_everywhere(administrator, "a dialog", within="dialog[open]")


def test_what_is_asked_once_more_in_place(visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/household/")
    page.fill("[name=plate]", "浙A12345")
    owner.press("form:has([name=plate]) button:not([type=button])")
    page.eval_on_selector_all("main details", UNFOLD)
    expect(page.locator("main .sure .btn-danger")).to_be_visible()
    expect_accessible_everywhere(owner, "a household, unfolded", within="main")
