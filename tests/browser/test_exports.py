"""Data in bulk leave by the pages: asked for by a clerk, agreed to by the lead, downloaded once."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import PHONE, Town, Visitor, Visitors
from tests.browser.seeing import expect_accessible
from tests.browser.test_repair_case import choose, open_step
from tests.handlers.inline import inline_worker

pytestmark = [pytest.mark.browser, pytest.mark.long]


def ask(clerk: Visitor) -> str:
    """Ask for the names of the owners, and return the number of the export."""
    clerk.open("/exports/new")
    expect_accessible(clerk, "/exports/new")
    choose(clerk, "fields", "name")
    choose(clerk, "purpose", "notice")
    clerk.page.fill("[name=reason]", "Water is cut off")
    clerk.page.fill("[name=recipient]", "The desk")
    clerk.press()
    return clerk.page.url.rstrip("/").split("/")[-1]


def test_a_clerk_asks_the_lead_agrees_and_the_file_is_downloaded_once(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    lead = visit(language="en").sign_in(town.logins[Post.CSL])
    number = ask(clerk)
    clerk.open(f"/exports/{number}")
    expect(clerk.page.locator("main .note a")).to_have_text("Lead approves")
    open_step(lead, number)
    expect_accessible(lead, "approve")
    choose(lead, "outcome", "approve")
    lead.send()
    inline_worker(town.engine).drain()

    open_step(clerk, number)
    clerk.press(f"[data-task] a.btn[href$='/exports/{number}']")
    expect_accessible(clerk, number)
    with clerk.page.expect_download() as download:
        clerk.page.click("main form button.btn-primary")
    assert download.value.suggested_filename == f"{number}.xlsx"
    clerk.open(f"/exports/{number}")
    expect(clerk.page.locator("main form button.btn-primary")).to_have_count(0)
    clerk.press("main .actions a.btn-primary")
    clerk.page.check("[name=deleted]")
    clerk.send()
    clerk.open("/exports/")
    expect(clerk.page.locator("main table")).to_contain_text("Deleted")
