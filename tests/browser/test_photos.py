"""Photos of a form: it waits until they are small, and they wait on the phone until it is sent."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.repair import media, orders
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.finishing import nearly_done, task_id
from tests.browser.test_outbox import OFFLINE

pytestmark = pytest.mark.browser

# An old phone: a photo is made small only once `letGo` is called.
SLOW = """() => {
  const real = createImageBitmap;
  const gate = new Promise((done) => (window.letGo = done));
  window.createImageBitmap = (file) => gate.then(() => real(file));
}"""

# How many photos lie sealed on the phone.
KEPT = """() => new Promise((resolve) => {
    const opening = indexedDB.open("wuye-outbox");
    opening.onsuccess = () => {
        const asked = opening.result.transaction("photos").objectStore("photos").count();
        asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
    };
})"""


@pytest.mark.long
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
    expect(page.locator("[data-task-form] [data-draft-state]")).to_have_text("草稿已保存")
    page.reload()
    kept = page.locator("#f-photos .choice-photo")
    expect(kept).to_have_count(1)
    assert kept.locator("img").evaluate("image => image.naturalWidth") > 0
    repairer.send()
    with town.engine.reading(SYSTEM) as work:
        assert len(media.of_order(work, orders.by_number(work.connection, number))) == 1


@pytest.mark.long
def test_a_photo_taken_without_a_signal_outlives_its_page_and_is_sent_with_the_step(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = nearly_done(town, "地下室的灯不亮，没有信号")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    repairer.expect_complaint(OFFLINE)
    page = repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    repairer.context.set_offline(True)
    page.set_input_files("#f-photos input[capture]", photo)
    expect(page.locator("#f-photos .photo-waits")).to_be_visible()
    repairer.context.set_offline(False)
    page.reload()
    again = page.locator("#f-photos .photo-sent img")
    expect(again).to_have_count(1)
    assert again.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    repairer.send()
    with town.engine.reading(SYSTEM) as work:
        assert len(media.of_order(work, orders.by_number(work.connection, number))) == 1
    assert page.evaluate(KEPT) == 0


@pytest.mark.long
def test_a_photo_that_waits_is_not_left_behind_at_sign_out_nor_kept_once_it_is_taken_out(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = nearly_done(town, "车库的灯不亮，没有信号")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    repairer.expect_complaint(OFFLINE)
    page = repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    repairer.context.set_offline(True)
    for count in (1, 2):
        page.set_input_files("#f-photos input[capture]", photo)
        expect(page.locator("#f-photos .photo-waits")).to_have_count(count)
    page.locator("#f-photos .photo-remove").first.tap()
    page.wait_for_function(f"({KEPT})().then((count) => count === 1)")
    page.click(".bar-end .menu summary")
    page.click("form[data-sign-out] button")
    page.wait_for_selector("#outbox-leaving[open]")
    repairer.context.set_offline(False)
    with page.expect_navigation():
        page.click("[data-leave]")
    assert page.evaluate(KEPT) == 0


def test_a_video_that_was_changed_after_it_was_chosen_is_to_be_chosen_again(
    town: Town, visit: Visitors, tmp_path: Path
) -> None:
    number = nearly_done(town, "楼道的灯不亮，拍了视频")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    repairer.expect_complaint("ERR_FAILED")
    page = repairer.open(f"/tasks/{task_id(town, number, 'finish')}")
    video = tmp_path / "楼道.mp4"
    video.write_bytes(b"x" * 1000)

    def change(route: Route) -> None:
        video.write_bytes(b"x" * 2000)
        route.abort()

    page.route("**/attachments/", change)
    page.set_input_files("#f-photos input:not([capture])", video)

    expect(page.locator("#f-photos .photo-bad")).to_contain_text("“楼道.mp4”选好以后被改过或移走了")
