"""Photos of a report outlive an old form token, a session that ran out, and a page that is opened again."""

import re
from collections.abc import Mapping
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from engine.ports import SYSTEM
from handlers.accounts import installation, sessions, sign_in
from handlers.accounts.logins import add_login
from handlers.shared import attachments
from tests.handlers.estate_world import PASSWORD
from tests.handlers.repair.repair_world import OWNER_PHONE
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages

KEPT = re.compile(r'type="checkbox" name="photos\[\]" value="(\d+)" checked')
ADDRESS = {"Referer": "http://localhost/home/report"}


def sent(
    browser: Browser, fields: Mapping[str, object], headers: Mapping[str, str] = ADDRESS
) -> TestResponse:
    photo = (BytesIO(picture(size=(16, 12))), "sink.jpg")
    accept = {"Accept": "text/html", **headers}
    form = {"what": "water", "description": "洗手盆漏水", "photos[]": photo, **fields}
    return browser.client.post("/home/report", data=form, headers=accept)


def waiting(pages: Pages) -> int:
    with pages.shop.engine.reading(pages.shop.owner) as work:
        return len(attachments.waiting_uploads(work))


def test_an_old_form_token_gives_the_form_back_with_its_photo(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    answer = sent(browser, {"csrf_token": "old"})
    assert answer.status_code == 400
    assert "洗手盆漏水" in answer.text
    assert len(KEPT.findall(answer.text)) == 1


def test_nobody_elses_page_leaves_photos_here(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    sent(browser, {"csrf_token": "old"}, {"Referer": "https://elsewhere.example/"})
    assert waiting(pages) == 0


@pytest.mark.parametrize(("is_ended", "photos"), [(False, 1), (True, 0)])
def test_a_photo_sent_after_the_session_ran_out_is_there_after_the_sign_in(
    pages: Pages, is_ended: bool, photos: int
) -> None:
    shop = pages.shop
    with shop.engine.work(SYSTEM) as work:
        add_login(work, shop.owner.id, OWNER_PHONE, "mobile")
        installation.make_usable(work, shop.owner.id, sign_in.hasher(shop.engine).hash(PASSWORD))
    browser = pages.browser(shop.owner)
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/home/report").text)
    assert token is not None
    if is_ended:
        with shop.engine.work(SYSTEM) as work:
            sessions.end_every(work, shop.owner.id)
    shop.clock.advance(days=8)
    stopped = sent(browser, {"csrf_token": token[1], "_who": str(shop.owner.id)})
    assert stopped.status_code == 401
    sealed = re.search(r'name="kept" value="([^"]+)"', stopped.text)
    assert sealed is not None
    login = {"login": OWNER_PHONE, "password": PASSWORD, "kept": sealed[1], "next": "/home/report"}
    assert browser.post("/sign-in", login, page="/sign-in").location == "/home/report"
    page = browser.get("/home/report").text
    assert "洗手盆漏水" in page
    assert len(KEPT.findall(page)) == photos


def test_a_photo_sent_ahead_is_kept_with_the_draft_until_it_lapses(pages: Pages) -> None:
    shop = pages.shop
    photo = shop.photo(shop.owner)
    browser = pages.browser(shop.owner)
    browser.post("/home/report/draft", {"what": "water", "photos[]": photo}, page="/home/report")
    assert KEPT.findall(browser.get("/home/report").text) == [photo]
    attachments.discard(shop.engine, shop.owner, int(photo))
    page = browser.get("/home/report").text
    assert KEPT.findall(page) == []
    assert "有照片已过期" in page
