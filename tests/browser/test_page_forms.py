"""What is typed into forms of pages, which no task keeps, is there again until it was sent."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.test_nothing_typed_is_lost import end_sessions, sign_in_again

pytestmark = pytest.mark.browser

ODD = "/odd"
TEXT = "门卫室的电脑没锁屏"
KEPT = """() => new Promise((resolve) => {
    const opening = indexedDB.open("wuye-outbox");
    opening.onsuccess = () => {
        const names = [...opening.result.objectStoreNames];
        if (!names.includes("forms")) { opening.result.close(); return resolve(0); }
        const asked = opening.result.transaction("forms").objectStore("forms").getAll();
        asked.onsuccess = () => { opening.result.close(); resolve(asked.result.length); };
    };
})"""

# Keeps the request that sends a form, and says that all of it is on the server.
WATCHED = """() => {
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    window.sending = this;
    return send.call(this, body);
  };
}"""
ALL_SENT = """() => window.sending.upload.dispatchEvent(
  new ProgressEvent("progress", { lengthComputable: true, loaded: 1, total: 1 }))"""


def write(page: Page) -> None:
    page.check("[name=kind] >> nth=1")
    page.fill("[name=description]", TEXT)
    page.wait_for_selector("form[data-remember][data-kept]")


def expect_written(page: Page) -> None:
    expect(page.locator("[name=description]")).to_have_value(TEXT)
    expect(page.locator(".draft-note")).to_contain_text("尚未提交")
    expect(page.locator("[name=kind] >> nth=1")).to_be_checked()


def test_a_form_of_a_page_survives_reloading_and_a_session_that_ended(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE).sign_in(town.logins[Post.CS])
    page = clerk.open(ODD)
    write(page)
    page.reload()
    expect_written(page)
    end_sessions(town, Post.CS)
    clerk.press("main form .btn-primary")
    clerk.press("main a.btn-primary")
    sign_in_again(page, town.logins[Post.CS])
    expect_written(page)
    assert page.url.endswith(ODD)

    clerk.press("main form .btn-primary")
    page = clerk.open(ODD)
    expect(page.locator("[name=description]")).to_have_value("")
    assert page.evaluate(f"({KEPT})()") == 0


def test_what_was_put_back_can_be_cleared(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE).sign_in(town.logins[Post.CS])
    page = clerk.open(ODD)
    write(page)
    page.reload()
    page.click(".draft-note button")
    expect(page.locator("[name=description]")).to_have_value("")
    page.wait_for_function(f"async () => (await ({KEPT})()) === 0")


@pytest.mark.long
def test_a_file_of_staff_that_takes_long_is_said_to_be_on_its_way(town: Town, visit: Visitors) -> None:
    page = visit(PHONE).sign_in(town.logins[Post.CSL]).open("/imports/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/imports/", hold)
    content = b"PK\x03\x04" + b"x" * 2_500_000
    page.set_input_files("#file", {"name": "交付清单.xlsx", "mimeType": "", "buffer": content})
    page.evaluate(WATCHED)
    page.click("main form .btn-primary")
    said = page.locator(".uploading")
    expect(said).to_contain_text("正在上传，请不要关闭此页。 2.5 MB")
    expect(said.locator(".share")).to_have_text(re.compile(r"\d+%"))
    expect(said.get_by_role("progressbar")).to_be_visible()
    page.evaluate(ALL_SENT)
    expect(said).to_contain_text("已上传，正在处理")
    with page.expect_navigation(url="**/jobs/*"):
        held[0].continue_()


@pytest.mark.long
def test_a_file_that_is_refused_is_told_on_its_page_and_one_that_got_lost_can_be_sent_again(
    town: Town, visit: Visitors
) -> None:
    lead = visit(PHONE).sign_in(town.logins[Post.CSL])
    page = lead.open("/imports/")
    page.set_input_files("#file", {"name": "交付清单.xlsx", "mimeType": "", "buffer": b"no workbook"})
    lead.expect_complaint("ERR_FAILED", "422")
    page.route("**/imports/", lambda route: route.abort())
    page.click("main form .btn-primary")
    expect(page.locator(".upload-lost")).to_contain_text("请再点一次")
    page.unroute("**/imports/")
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.click("main form .btn-primary")
    expect(page.locator("main .note-late")).to_contain_text("请另存为 Excel 工作簿")
    assert len(sent) == 1, "the page that says why comes with the answer to the file"
    assert page.evaluate("document.querySelector('#file').files[0].name") == "交付清单.xlsx"
    page.set_input_files("#file", {"name": "改正.xlsx", "mimeType": "", "buffer": b"PK\x03\x04xx"})
    with page.expect_navigation(url="**/jobs/*"):
        page.click("main form .btn-primary")


def test_a_file_that_was_changed_after_it_was_chosen_is_to_be_chosen_again(
    town: Town, visit: Visitors, tmp_path: Path
) -> None:
    lead = visit(PHONE).sign_in(town.logins[Post.CSL])
    page = lead.open("/imports/")
    chosen = tmp_path / "交付清单.xlsx"
    chosen.write_bytes(b"PK\x03\x04xx")
    page.set_input_files("#file", chosen)
    chosen.write_bytes(b"PK\x03\x04" + b"x" * 200)

    page.click("main form .btn-primary")

    expect(page.locator(".upload-lost")).to_contain_text("“交付清单.xlsx”选好以后被改过或移走了")
    assert page.evaluate("document.querySelector('#file').files.length") == 0
    page.set_input_files("#file", chosen)
    with page.expect_navigation(url="**/jobs/*"):
        page.click("main form .btn-primary")
