"""Adding to an open report from its page, without a script."""

import re
from io import BytesIO

from tests.handlers.repair.test_adding import closed
from tests.handlers.shared.uploads_made import picture
from tests.web.repair.conftest import Pages


def photo() -> tuple[BytesIO, str]:
    return BytesIO(picture(size=(16, 12))), "pipe.jpg"


def test_a_remark_with_a_photo_is_shown_to_owner_desk_and_repairer(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    path = f"/home/reports/{number}"
    browser = pages.browser(shop.owner)
    sent = browser.post(f"{path}/add", {"added": "水更大了", "photos[]": photo(), "_key": "1-a"}, page=path)
    assert sent.status_code == 302
    page = browser.get(path).text
    assert "<blockquote>水更大了</blockquote>" in page
    assert page.count("/small") == 1
    case = pages.browser(shop.clerk).get(f"/cases/{number}").text
    assert "补充说明：水更大了" in case
    task = pages.browser(shop.plumber).get(f"/tasks/{shop.task(number, 'take').id}").text
    assert re.search(
        r'<blockquote class="crew-said"><span[^>]*>补充说明 .*?</span><br>水更大了</blockquote>', task
    )
    assert "/small" in task


def test_what_is_too_long_is_given_back_with_its_photo(pages: Pages) -> None:
    number = pages.shop.report()
    path = f"/home/reports/{number}"
    browser = pages.browser(pages.shop.owner)
    long = "长" * 501
    page = browser.post(f"{path}/add", {"added": long, "photos[]": photo()}, page=path)
    assert page.status_code == 422
    assert long in page.text
    assert 'name="photos[]" value="' in page.text


def test_after_the_end_the_words_wait_in_the_form_that_reports_again(pages: Pages) -> None:
    shop = pages.shop
    number = closed(shop)
    path = f"/home/reports/{number}"
    page = pages.browser(shop.owner).post(f"{path}/add", {"added": "又滴水了"}, page=path)
    assert page.status_code == 422
    assert "已经结束" in page.text
    assert "又滴水了</textarea>" in page.text
    assert 'id="more-add"' not in page.text
