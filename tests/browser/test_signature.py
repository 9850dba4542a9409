"""The owner signs on the repairer's phone, with a signal or without."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.repair import orders
from tests.browser.conftest import PHONE, Town, Visitor, Visitors
from tests.browser.finishing import nearly_done, nearly_done_for_a_charge, task_id

pytestmark = pytest.mark.browser

PICTURE = "[data-signature] figure img"


def draw(repairer: Visitor) -> None:
    """Write a line with the finger over the paper."""
    box = repairer.page.locator("[data-sign-paper]").bounding_box()
    assert box is not None
    mouse = repairer.page.mouse
    mouse.move(box["x"] + 30, box["y"] + 60)
    mouse.down()
    for at in range(20):
        mouse.move(box["x"] + 30 + 10 * at, box["y"] + 60 + (at % 5) * 12)
    mouse.up()


def sign(repairer: Visitor) -> str:
    """Open the sheet, sign it, and return what was signed."""
    repairer.page.tap("[data-sign-open]")
    expect(repairer.page.locator("[data-sign-done]")).to_be_disabled()
    said = repairer.page.inner_text("[data-sign-said]")
    draw(repairer)
    repairer.page.tap("[data-sign-done]")
    repairer.page.wait_for_selector(PICTURE)
    return said


def at_the_finish(town: Town, visit: Visitors, photo: Path, number: str) -> Visitor:
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    repairer.page.set_input_files("#f-photos input[capture]", photo)
    repairer.page.check("[name=signed]")
    return repairer


def confirmed_by(town: Town, number: str) -> str | None:
    with town.engine.reading(SYSTEM) as work:
        found: str | None = orders.by_number(work.connection, number).confirmed_by
        return found


def test_an_owner_signs_and_a_changed_amount_asks_for_the_signature_again(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = nearly_done_for_a_charge(town, "客厅的灯不亮，签字")
    repairer = at_the_finish(town, visit, photo, number)
    page = repairer.page
    page.tap("[data-primary]")  # nobody has signed: nothing is sent
    assert page.locator("[data-sign-state]").evaluate("field => field.validationMessage") == "请业主签字"

    said = sign(repairer)
    assert number in said
    assert "费用：¥30.00" in said

    page.fill("[name=other]", "5")
    expect(page.locator(PICTURE)).to_have_count(0)
    assert "重新签字" in page.inner_text("[data-signature]")
    page.fill("[name=other]", "0")
    sign(repairer)
    page.wait_for_selector("[data-signature] .photo-sent")
    repairer.send()
    assert confirmed_by(town, number) == "signed"


@pytest.mark.long
def test_a_signature_without_a_signal_waits_on_the_phone(town: Town, visit: Visitors, photo: Path) -> None:
    number = nearly_done(town, "地下室的灯不亮，签字")
    repairer = at_the_finish(town, visit, photo, number)
    page = repairer.page
    page.wait_for_selector("#f-photos .photo-sent")
    repairer.expect_complaint("ERR_INTERNET_DISCONNECTED")
    repairer.context.set_offline(True)
    assert "费用：免费" in sign(repairer)
    page.tap("[data-primary]")
    page.wait_for_selector("#outbox")
    assert confirmed_by(town, number) is None
    with page.expect_navigation():
        repairer.context.set_offline(False)
    assert confirmed_by(town, number) == "signed"


@pytest.mark.long
def test_a_photo_that_a_refusal_kept_stands_in_one_row_on_a_phone(
    town: Town, visit: Visitors, photo: Path
) -> None:
    repairer = at_the_finish(town, visit, photo, nearly_done_for_a_charge(town, "客厅的灯不亮，收多了"))
    page = repairer.page
    page.uncheck("[name=signed]")
    page.fill("[name=other]", "5")  # more than was agreed
    page.fill("[name=other_name]", "灯泡")
    page.wait_for_selector(".photo-sent")
    page.tap("[data-primary]")
    kept = page.locator(".choice-photo")
    expect(kept).to_be_visible()
    assert "¥35.00" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert kept.evaluate("tile => tile.querySelector('span').getClientRects().length") == 1
    assert (kept.bounding_box() or {"height": 999})["height"] < 100
