"""Long pages on a phone are folded, and a way on within a notice is as high as a finger."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, PHONE, Town, Visitors

pytestmark = [pytest.mark.browser, pytest.mark.long]

SCREENS = "() => document.documentElement.scrollHeight / innerHeight"
MOST_SCREENS = 4
LEAST_TARGET_PX = 44


def test_a_procedure_opens_with_the_steps_of_its_diagram_and_folds_the_others(
    town: Town, visit: Visitors
) -> None:
    reader = visit(PHONE, language="en").sign_in(town.logins[Post.PM])
    for path in ("/processes/", "/processes/repair"):
        assert reader.open(path).evaluate(SCREENS) < MOST_SCREENS, path
    groups = reader.page.locator(".step-group")
    assert groups.count() > 2
    assert reader.page.locator(".step-group[open]").count() == 1
    groups.nth(1).locator("summary").tap()
    assert groups.nth(1).locator("tbody tr").first.is_visible()


def test_the_diagrams_of_a_procedure_stand_in_one_row_that_begins_at_the_shown_one(
    town: Town, visit: Visitors
) -> None:
    page = visit(PHONE, language="en").sign_in(town.logins[Post.PM]).open("/processes/repair")
    row = page.locator(".tabs")
    last = row.locator("a").last
    one = last.bounding_box()
    all_of_them = row.bounding_box()
    assert one is not None
    assert all_of_them is not None
    assert all_of_them["height"] < 2 * one["height"]
    page.goto(f"{page.url.split('/processes')[0]}{last.get_attribute('href')}")
    expect(row.locator("[aria-current]")).to_be_in_viewport()


def test_the_files_of_a_version_stand_side_by_side_or_as_high_as_a_finger(
    town: Town, visit: Visitors
) -> None:
    for size in (DESKTOP, PHONE):
        page = visit(size).sign_in(town.logins[Post.SYS]).open("/processes/repair")
        first, last = (
            page.locator("#files li a").first.bounding_box(),
            page.locator("#files li").last.bounding_box(),
        )
        assert first is not None
        assert last is not None
        if size == PHONE:
            assert first["height"] >= LEAST_TARGET_PX
        else:
            assert last["x"] > first["x"] + first["width"]


def test_a_year_of_the_calendar_is_folded_and_can_be_opened(town: Town, visit: Visitors) -> None:
    registry = visit(PHONE).sign_in(town.logins[Post.ADM])
    page = registry.open("/workdays/?year=2026")
    page.locator("[name=day][type=date]").first.fill("2026-12-31")
    registry.press("form:has([type=date]) button.btn-primary")
    assert page.evaluate(SCREENS) < MOST_SCREENS
    assert page.locator(".fold tbody tr").first.is_hidden()
    page.locator(".fold > summary").first.tap()
    assert page.locator(".fold tbody tr").first.is_visible()


def test_a_way_on_within_a_notice_is_as_high_as_a_finger(town: Town, visit: Visitors) -> None:
    registry = visit(PHONE).sign_in(town.logins[Post.ADM])
    page = registry.open("/inbox")
    way = page.locator(".note a[href*='/workdays/']")
    box = way.bounding_box()
    assert box is not None
    assert box["height"] >= LEAST_TARGET_PX
