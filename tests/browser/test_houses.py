"""Numbers in clear in a real browser: they go by themselves, and no way back brings them again."""

import re

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate.authorisation import Answer, Purpose, note_answer
from handlers.estate.house_record import house_record
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitors
from tests.browser.seeing import expect_accessible

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(town: Town) -> tuple[str, str, str]:
    """The pages of the owner's house, of the owner's phone, and of the unit's contacts."""
    with town.engine.work(SYSTEM) as work:
        record = house_record(work, town.world.house)
        assert record.basic is not None
        person = record.basic[0].person.id
        note_answer(work, person, town.world.house, Purpose.NOTICE, Answer.YES)
    house = f"/houses/{town.world.house}"
    return house, f"{house}/people/{person}/reveal/phone", f"/houses/units/{record.unit_id}/contacts"


def test_a_revealed_number_hides_after_a_minute_and_no_way_back_shows_it_again(
    town: Town, visit: Visitors, place: tuple[str, str, str]
) -> None:
    house, phone, _ = place
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    page = clerk.page
    page.clock.install()
    clerk.open(house)
    page.get_by_role("link", name=re.compile("查看号码")).first.click()
    page.get_by_label("发送通知").check()
    clerk.press()
    expect(page.locator(".secret")).to_contain_text(OWNER)
    expect_accessible(clerk, phone)
    assert OWNER not in page.url
    page.get_by_role("link", name="用完了，返回").click()
    page.wait_for_url(f"**{house}")
    page.go_back()
    expect(page.locator("body")).not_to_contain_text(OWNER)
    clerk.open(phone)
    page.get_by_label("发送通知").check()
    clerk.press()
    expect(page.locator(".secret")).to_contain_text(OWNER)
    page.clock.fast_forward("01:01")
    expect(page.locator("body")).not_to_contain_text(OWNER)


def test_a_units_contacts_are_on_screen_marked_and_never_on_paper(
    town: Town, visit: Visitors, place: tuple[str, str, str]
) -> None:
    _, _, contacts = place
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open(contacts)
    expect_accessible(clerk, contacts)
    page.get_by_label("Notices").check()
    clerk.press()
    secret = page.locator(".secret")
    expect(secret).to_contain_text(OWNER)
    expect(page.locator(".watermark text").first).to_have_text(re.compile(r"职员\d+ \d{4}-\d\d-\d\d"))
    expect_accessible(clerk, contacts)
    page.emulate_media(media="print")
    expect(secret).to_be_hidden()
    page.emulate_media(media="screen")
    page.reload()
    expect(secret).to_contain_text(OWNER)


@pytest.mark.long
def test_a_clerk_notes_what_the_owner_says_at_the_counter(
    town: Town, visit: Visitors, place: tuple[str, str, str]
) -> None:
    house, _, _ = place
    clerk = visit(DESKTOP, language="en").sign_in(town.logins[Post.CSL])
    page = clerk.open(house)
    for path in (house, "/houses/", "/houses/unasked", "/houses/statistics"):
        clerk.open(path)
        expect_accessible(clerk, path)
    clerk.open(house)
    page.get_by_text("Agreements", exact=False).first.click()
    page.get_by_label("For a yes: how they agreed").first.select_option("counter")
    page.get_by_role("button", name=re.compile("^Agrees Fees")).first.click()
    expect(page.get_by_role("status").first).to_contain_text("Noted, in force at once")
