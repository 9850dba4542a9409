"""Photos that are still being made small when their form is sent: it waits for them."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.repair import media, orders
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.finishing import nearly_done, task_id

pytestmark = pytest.mark.browser

# An old phone: a photo is made small only once `letGo` is called.
SLOW = """() => {
  const real = createImageBitmap;
  const gate = new Promise((done) => (window.letGo = done));
  window.createImageBitmap = (file) => gate.then(() => real(file));
}"""


def test_a_form_sent_while_its_photo_is_made_small_waits_for_it(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = nearly_done(town, "过道的灯不亮，照片还在处理")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    page = repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    page.evaluate(SLOW)
    page.set_input_files("#f-photos input[capture]", photo)
    expect(page.locator("#f-photos .photo-busy")).to_be_visible()
    page.tap("[data-primary]")
    page.tap("[data-primary]")
    expect(page.locator(".photos-held")).to_have_count(1)
    with page.expect_navigation():
        page.evaluate("letGo()")
    with town.engine.reading(SYSTEM) as work:
        assert len(media.of_order(work, orders.by_number(work.connection, number))) == 1


def test_a_photo_sent_ahead_of_its_form_is_there_again_after_loading_the_page_again(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = nearly_done(town, "楼道的灯不亮，拍到一半")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    page = repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    for count in (1, 2):
        page.set_input_files("#f-photos input[capture]", photo)
        expect(page.locator("#f-photos .photo-sent")).to_have_count(count)
    page.locator("#f-photos .photo-remove").first.tap()
    page.reload()
    kept = page.locator("#f-photos .choice-photo")
    expect(kept).to_have_count(1)
    assert kept.locator("img").evaluate("image => image.naturalWidth") > 0
    repairer.send()
    with town.engine.reading(SYSTEM) as work:
        assert len(media.of_order(work, orders.by_number(work.connection, number))) == 1
