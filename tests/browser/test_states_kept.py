"""What scripts say on a repairer's phone: sent, refused, kept, without a network; axe looks at each."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.finishing import accepted, do, nearly_done, nearly_done_for_a_charge, on_the_way, task_id
from tests.browser.seeing import expect_accessible_everywhere
from tests.browser.test_crew_news import LOOK_AGAIN
from tests.browser.test_outbox import CONTROLLED, OFFLINE
from tests.browser.test_photos import SLOW
from tests.browser.test_signature import at_the_finish, sign

pytestmark = [pytest.mark.browser, pytest.mark.long]

LAMP = "灯一直闪"


def hold(page: Page, address: str) -> list[Route]:
    """Hold the requests to an address, and return where they are listed as they come."""
    held: list[Route] = []

    def take(route: Route) -> None:
        held.append(route)

    page.route(address, take)
    return held


def test_an_answer_that_is_kept_waits_and_is_refused(town: Town, visit: Visitors, photo: Path) -> None:
    number = on_the_way(town, LAMP)
    repairer = visit(PHONE, language="en").sign_in(town.logins[Post.RP])
    repairer.expect_complaint("ERR_FAILED", OFFLINE)
    page = repairer.open(f"/tasks/{task_id(town, number, 'arrive')}")
    page.set_input_files("input[type=file]", photo)
    page.wait_for_selector(".photo-sent")
    page.fill("[name=note]", "In the cellar")
    page.route("**/complete", lambda route: route.abort())
    page.click("[data-primary]")
    expect(page.locator("main .note-soon")).to_be_visible()
    expect_accessible_everywhere(repairer, "an answer is kept", within="main .note-soon")

    repairer.open("/crew/")
    page.locator("#outbox summary").first.click()
    page.locator("#outbox .more summary").click()
    expect_accessible_everywhere(repairer, "an answer waits", within="#outbox")
    page.click(".bar-end .menu summary")
    page.click("form[data-sign-out] button")
    page.wait_for_selector("#outbox-leaving[open]")
    expect_accessible_everywhere(repairer, "leaving with an answer that waits", within="#outbox-leaving")
    page.click("#outbox-leaving .btn-primary")

    do(town, number, "arrive", town.people[Post.RP], outcome="met")
    page.unroute("**/complete")
    page.evaluate(LOOK_AGAIN)
    page.wait_for_selector(".outbox.has-refused")
    page.locator("#outbox .more summary").click()
    page.click("[data-discard]")
    expect_accessible_everywhere(repairer, "an answer is refused", within="#outbox")


def test_a_page_without_a_network(town: Town, visit: Visitors) -> None:
    number = on_the_way(town, LAMP)
    repairer = visit(PHONE, language="en").sign_in(town.logins[Post.RP])
    repairer.expect_complaint(OFFLINE)
    page = repairer.open(f"/tasks/{task_id(town, number, 'arrive')}")
    page.evaluate(CONTROLLED)
    repairer.context.set_offline(True)
    page.click("[data-primary]")
    page.wait_for_selector("main .note-soon")
    repairer.open("/inbox")
    page.wait_for_selector("[data-waiting] li")
    expect_accessible_everywhere(repairer, "without a network")
    repairer.context.set_offline(False)


def test_photos_that_are_sent_wait_or_are_refused(town: Town, visit: Visitors, photo: Path) -> None:
    number = nearly_done(town, LAMP)
    repairer = visit(PHONE, language="en").sign_in(town.logins[Post.RP])
    repairer.expect_complaint("ERR_FAILED")
    page = repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    held = hold(page, "**/attachments/")
    page.set_input_files("#f-photos input[capture]", photo)
    expect(page.locator("#f-photos .photo-going")).to_be_visible()
    expect_accessible_everywhere(repairer, "a photo is being sent", within="#f-photos")
    held[0].abort()
    expect(page.locator("#f-photos .photo-waits")).to_be_visible()
    expect_accessible_everywhere(repairer, "a photo waits", within="#f-photos")
    page.set_input_files("#f-photos input[capture]", photo)
    page.wait_for_selector("#f-photos .photo-going")
    held[1].fulfill(status=422, json={"message": "This is no photo."})
    expect(page.locator("#f-photos .photo-bad")).to_be_visible()
    expect_accessible_everywhere(repairer, "a photo is refused", within="#f-photos")

    page.evaluate(SLOW)
    page.set_input_files("#f-photos input[capture]", photo)
    expect(page.locator("#f-photos .photo-busy")).to_be_visible()
    page.click("[data-primary]")
    expect(page.locator(".photos-held")).to_be_visible()
    expect_accessible_everywhere(repairer, "a form waits for its photo", within=".photos-held")


def test_a_signature_and_an_amount_that_changed(town: Town, visit: Visitors, photo: Path) -> None:
    repairer = at_the_finish(town, visit, photo, nearly_done_for_a_charge(town, LAMP))
    sign(repairer)
    expect_accessible_everywhere(repairer, "signed", within="[data-signature]")
    repairer.page.fill("[name=other]", "5")
    expect(repairer.page.locator("[data-signature] [role=alert]")).to_be_visible()
    expect_accessible_everywhere(repairer, "to be signed anew", within="[data-signature]")


def test_new_work_on_the_page_of_jobs(town: Town, visit: Visitors) -> None:
    accepted(town, LAMP)
    repairer = visit(PHONE, language="en").sign_in(town.logins[Post.RP])
    page = repairer.open("/crew/")
    accepted(town, LAMP)
    page.evaluate(LOOK_AGAIN)
    expect(page.locator("[data-fresh-news]")).to_be_visible()
    expect_accessible_everywhere(repairer, "new work", within="[data-fresh-news]")
