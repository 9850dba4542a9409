"""A change of a procedure in the browser: handed in by one person, approved by another."""

import pytest

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, PHONE, Town, Visitors
from tests.browser.test_every_page import expect_accessible
from tests.test_architecture import ROOT

pytestmark = pytest.mark.browser


def test_a_limit_is_changed_on_the_page_and_approved_by_another_person(town: Town, visit: Visitors) -> None:
    diagram = (ROOT / "processes" / "repair_visit.bpmn").read_text(encoding="utf-8")
    content = diagram.replace('camunda:dueDate="PT2H"', 'camunda:dueDate="PT3H"', 1)
    assert content != diagram
    author = visit(DESKTOP).sign_in(town.logins[Post.SYS])
    page = author.open("/processes/deploy")
    file = {"name": "repair_visit.bpmn", "mimeType": "text/xml", "buffer": content.encode()}
    page.set_input_files("#files", [file])  # type: ignore[list-item]  # Playwright types it as a TypedDict
    page.fill("#name", "预约改为三小时")
    author.press()
    change = page.url
    expect_accessible(author, change)
    assert page.locator("[action$='/approve']").count() == 0, "nobody approves a change of their own"

    lead = visit(PHONE).sign_in(town.logins[Post.PM])
    shown = lead.open("/processes/")
    shown.click("text=预约改为三小时")
    shown.wait_for_selector(".diff-in")
    assert "PT3H" in shown.inner_text(".diff-in")
    assert "PT2H" in shown.inner_text(".diff-out")
    expect_accessible(lead, change)
    lead.press("[action$='/approve'] button")
    assert "3 时" in lead.open("/processes/repair?sheet=repair_visit").inner_text("main")
