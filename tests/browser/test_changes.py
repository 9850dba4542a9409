"""A change of a procedure in the browser: handed in by one person, approved by another."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, PHONE, Town, Visitors
from tests.browser.seeing import expect_accessible
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


def test_what_the_checks_found_is_marked_in_the_drawing_of_a_refused_diagram(
    town: Town, visit: Visitors
) -> None:
    diagram = (ROOT / "processes" / "repair_visit.bpmn").read_text(encoding="utf-8")
    content = diagram.replace('camunda:dueDate="PT2H"', 'camunda:dueDate="bald"', 1)
    author = visit(DESKTOP).sign_in(town.logins[Post.SYS])
    page = author.open("/processes/deploy")
    file = {"name": "repair_visit.bpmn", "mimeType": "text/xml", "buffer": content.encode()}
    page.set_input_files("#files", [file])  # type: ignore[list-item]  # Playwright types it as a TypedDict
    page.fill("#name", "改时限")

    page.click("main form .btn-primary")

    page.wait_for_selector("[data-drawn]")
    assert page.locator(".canvas .djs-element.is-wrong").count() == 1
    number = page.locator(".canvas-badge-late").inner_text().split(", ")[0]
    line = page.locator(f"main tbody tr:nth-child({number})")
    expect(line.locator("td").nth(2)).to_have_text(
        page.get_attribute(".canvas .is-wrong", "data-element-id") or ""
    )
    expect(page.locator("#name")).to_have_value("改时限")
    expect_accessible(author, page.url)
    page.click("main form .btn-primary")
    page.wait_for_selector("[data-drawn]")
